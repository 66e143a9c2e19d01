"""Signed notes against the reference vectors of their first implementation (Go, sumdb/note)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import notes

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
NOTE = f"{TEXT}\n{PETER_LINE}"
KEY = notes.SignerKey.from_seed("PeterNeumann", notes.from_base64(PETER_SEED)[1:])


def test_the_reference_key_is_read_and_written():
    assert notes.VerifierKey.parse(PETER).vkey == PETER == KEY.vkey
    assert notes.SignerKey.from_seed("PeterNeumann", KEY.seed).vkey == PETER


@pytest.mark.parametrize("at", range(len(PETER)))
def test_a_key_with_one_wrong_letter_is_refused(at):
    with pytest.raises(notes.KeyRefused):
        notes.VerifierKey.parse(PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :])


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        *(PETER[:end] for end in range(1, len(PETER))),
        *(PETER[start:] for start in range(1, len(PETER))),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_mangled_key_is_refused(vkey):
    with pytest.raises(notes.KeyRefused):
        notes.VerifierKey.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\x01b", "a\ud800"])
def test_the_name_of_a_key_is_one_word(name):
    with pytest.raises(notes.KeyRefused):
        notes.SignerKey.new(name)


def test_the_reference_note_is_reproduced():
    assert notes.sign(TEXT, KEY) == NOTE


@pytest.mark.parametrize("text", ["abc", "", "a\tb\n", "a\x00\n", "a\ud800\n"])
def test_only_whole_lines_without_control_characters_are_signed(text):
    with pytest.raises(notes.NoteRefused):
        notes.sign(text, KEY)


def test_a_note_is_opened_with_one_key_or_with_several():
    both = NOTE + ENOCH_LINE
    peter, enoch = map(notes.VerifierKey.parse, [PETER, ENOCH])
    assert notes.open(both, [PETER]) == notes.Note(TEXT, (peter,))
    assert notes.open(both, [ENOCH, PETER]) == notes.Note(TEXT, (peter, enoch))
    assert notes.open(NOTE + PETER_LINE, [PETER]) == notes.Note(TEXT, (peter,))


def test_several_keys_sign_one_note():
    other = notes.SignerKey.new("witness.example")
    assert notes.open(notes.sign(TEXT, KEY, other), [other.vkey, PETER]).signers == (KEY.verifier, other.verifier)


def test_a_signature_of_an_unknown_kind_is_passed_over():
    witness = "— witness.example/w " + "A" * 120 + "\n"
    assert notes.open(NOTE + witness, [PETER]).signers == (KEY.verifier,)


def test_a_note_that_nobody_trusted_signed_is_refused():
    with pytest.raises(notes.NoteRefused, match="nobody who is trusted"):
        notes.open(NOTE, [])
    with pytest.raises(notes.NoteRefused, match="nobody who is trusted"):
        notes.open(NOTE, [ENOCH])


def test_a_wrong_signature_of_a_known_key_is_refused_beside_a_right_one():
    wrong = ENOCH_LINE.replace("BzmZa0", "BzmZa1")
    with pytest.raises(notes.NoteRefused, match="the signature of EnochRoot is wrong"):
        notes.open(NOTE + wrong, [PETER, ENOCH])
    longer = PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]
    with pytest.raises(notes.NoteRefused, match="the signature of PeterNeumann is wrong"):
        notes.open(f"{TEXT}\n{longer}", [PETER])


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        "\n\n" + PETER_LINE,
        NOTE[:-1],
        "\x01" + NOTE,
        "\ud800" + NOTE,
        TEXT + "\r\n" + PETER_LINE,
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Bad Name"),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Peter+Neumann"),
        TEXT + "\n" + PETER_LINE.replace("—", "-"),
        TEXT + "\n" + PETER_LINE.replace("AM=", "AN="),
        TEXT + "\n" + PETER_LINE.replace("AM=", "AM"),
        TEXT + "\n" + "— PeterNeumann x08gow==\n",
        NOTE + "Unexpected line.\n",
        NOTE + "\n",
        TEXT + "\n" + PETER_LINE * 101,
    ],
)
def test_a_malformed_note_is_refused(note):
    with pytest.raises(notes.NoteRefused):
        notes.open(note, [PETER])


def test_a_note_may_have_many_signatures():
    assert notes.open(TEXT + "\n" + ENOCH_LINE * 99 + PETER_LINE, [PETER]).text == TEXT


def test_a_text_may_hold_empty_lines():
    text = "first\n\nlast\n"
    assert notes.open(notes.sign(text, KEY), [PETER]).text == text


@given(at=st.integers(0, len(NOTE.encode()) - 1), bit=st.integers(0, 7))
def test_one_bit_of_a_note_is_enough_to_spoil_it(at, bit):
    data = bytearray(NOTE.encode())
    data[at] ^= 1 << bit
    with pytest.raises((notes.NoteRefused, UnicodeDecodeError)):
        notes.open(data.decode(), [PETER])


ORIGIN = "trust.example/log/8a1"
HEAD = notes.Checkpoint(ORIGIN, 20_852_163, bytes(range(32)))


def test_a_checkpoint_has_the_form_of_the_standard():
    assert HEAD.text == f"{ORIGIN}\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert notes.Checkpoint.parse(HEAD.text) == HEAD


@given(
    size=st.integers(0, 1 << 63),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(st.from_regex(r"[a-zé —+]+", fullmatch=True), max_size=3).map(tuple),
)
def test_every_checkpoint_is_read_back_as_it_was_written(size, root, extensions):
    checkpoint = notes.Checkpoint(ORIGIN, size, root, extensions)
    assert notes.Checkpoint.parse(checkpoint.text) == checkpoint
    key = notes.SignerKey.new(ORIGIN)
    assert notes.open_checkpoint(notes.sign(checkpoint.text, key), ORIGIN, [key.vkey]) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD.text[:-1],
        HEAD.text.replace("20852163", "020852163"),
        HEAD.text.replace("20852163", "-1"),
        HEAD.text.replace("20852163", "+1"),
        HEAD.text.replace("20852163", "１"),
        HEAD.text.replace("Hh8=", "Hh9="),
        HEAD.text.replace("Hh8=", "Hh8"),
        HEAD.text.replace("AAEC", ""),
        HEAD.text.replace(ORIGIN, ""),
        HEAD.text + "\n",
        HEAD.text + "extension\n\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(notes.NoteRefused):
        notes.Checkpoint.parse(text)


@pytest.mark.parametrize("parts", [("", 1, bytes(32)), ("a\nb", 1, bytes(32)), ("a", -1, bytes(32)), ("a", 1, b"")])
def test_a_checkpoint_is_not_made_of_broken_parts(parts):
    with pytest.raises(notes.NoteRefused):
        notes.Checkpoint(*parts)


def test_a_checkpoint_of_another_log_is_refused():
    with pytest.raises(notes.NoteRefused, match="is a checkpoint of"):
        notes.open_checkpoint(notes.sign(HEAD.text, KEY), "trust.example/log/other", [PETER])
