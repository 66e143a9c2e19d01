"""The offline verifier has the same arithmetic as the library, and its command says what it found."""

import ast
import base64
import json
import subprocess
import sys

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.export.content import verify
from audit.merkle import notes, tiles, tree
from tests.audit.export import specimen
from tests.audit.export.bending import LINES, PIN, SCRIPT, WHOLE, altered, resigned
from tests.audit.export.specimen import KEY, ORIGIN


class TestTheSameArithmeticAsTheLibrary:
    @given(st.lists(st.binary(max_size=4), max_size=600), st.data())
    def test_roots(self, entries, data):
        leaves = [tree.leaf_hash(entry) for entry in entries]
        size = data.draw(st.integers(0, len(leaves)))
        assert verify.root_at(verify.levels_of(leaves), size) == tree.root(leaves[:size])

    @given(size=st.integers(1, 1 << 40), data=st.data())
    def test_paths_of_tiles(self, size, data):
        n = data.draw(st.integers(0, (size - 1) // 256))
        assert verify.tile_path(0, n, size) == tiles.Tile(0, n, min(256, size - n * 256)).path

    @given(size=st.integers(0, 1 << 63), root=st.binary(min_size=32, max_size=32))
    @settings(max_examples=20, deadline=None)
    def test_checkpoints(self, size, root):
        assert verify.read_head(specimen.note(size, root), [KEY.vkey]) == (ORIGIN, size, root, (KEY.vkey,))

    @pytest.mark.parametrize("vkey", ["", "a+b", KEY.vkey[:-1], KEY.vkey.replace(ORIGIN, "x"), "x y+" + KEY.vkey[-53:]])
    def test_keys_that_are_none(self, vkey):
        with pytest.raises(verify.Refused):
            verify.read_vkey(vkey)
        with pytest.raises(notes.KeyRefused):
            notes.VerifierKey.parse(vkey)

    @pytest.mark.parametrize(
        "bend",
        [
            lambda note: "",
            lambda note: note[:-1],
            lambda note: note + "\n",
            lambda note: note + "more\n",
            lambda note: note.replace("\n600\n", "\n0600\n"),
            lambda note: note.replace("\n600\n", "\n-600\n"),
            lambda note: note.replace("—", "-"),
            lambda note: note.replace("\n\n", "\n\x00\n\n"),
            lambda note: note.replace("\n\n", "\n\ud800\n\n"),
        ],
    )
    def test_notes_that_are_none(self, bend):
        bent = bend(WHOLE.checkpoint)
        with pytest.raises(verify.Refused):
            verify.read_head(bent, [KEY.vkey])
        with pytest.raises(notes.NoteRefused):
            notes.open(bent, [KEY.vkey])

    @pytest.mark.parametrize("text", ["a\n600\n", "a\n0600\nAAAA\n", "a\n1\nAAAA\n", "a\n\n1\nAAAA\n", "only\n"])
    def test_texts_that_are_signed_and_no_checkpoint(self, text):
        with pytest.raises(verify.Refused):
            verify.read_head(notes.sign(text, KEY), [KEY.vkey])


def openssl_accepts(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


PUBLIC = PRIVATE.public_key().public_bytes_raw()


# Every encoding of a point of order 1, 2, 4 or 8, the canonical and the other ones.
SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


class TestEd25519:
    @pytest.mark.parametrize(
        ("seed", "public", "message", "signature"),
        [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ],
    )
    def test_the_vectors_of_rfc_8032_hold(self, seed, public, message, signature):
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        assert key.public_key().public_bytes_raw().hex() == public
        assert verify.has_signed(*map(bytes.fromhex, (public, message, signature)))

    @settings(max_examples=25, deadline=None)
    @given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=100))
    def test_what_openssl_signs_is_accepted(self, seed, message):
        key = Ed25519PrivateKey.from_private_bytes(seed)
        assert verify.has_signed(key.public_key().public_bytes_raw(), message, key.sign(message))

    @settings(max_examples=200, deadline=None)
    @given(message=st.binary(max_size=20), at=st.integers(0, 511))
    def test_a_flipped_bit_is_judged_as_openssl_does(self, message, at):
        signature = bytearray(PRIVATE.sign(message))
        signature[at // 8] ^= 1 << at % 8
        assert verify.has_signed(PUBLIC, message, bytes(signature)) is False
        assert openssl_accepts(PUBLIC, message, bytes(signature)) is False
        assert verify.has_signed(PUBLIC, message + b"x", PRIVATE.sign(message)) is False

    @settings(max_examples=50, deadline=None)
    @given(public=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
    def test_arbitrary_keys_and_signatures_are_judged_as_openssl_does(self, public, signature):
        assert verify.has_signed(public, b"m", signature) is openssl_accepts(public, b"m", signature)

    def test_a_signature_with_a_scalar_that_is_too_large_is_refused(self):
        signature = PRIVATE.sign(b"m")
        large = int.from_bytes(signature[32:], "little") + verify.ORDER
        malleable = signature[:32] + large.to_bytes(32, "little")
        assert not verify.has_signed(PUBLIC, b"m", malleable)
        assert not openssl_accepts(PUBLIC, b"m", malleable)

    @pytest.mark.parametrize("point", SMALL)
    def test_keys_and_commitments_of_small_order_are_refused(self, point):
        small = bytes.fromhex(point)
        assert verify.multiples(small) is None
        assert not verify.has_signed(small, b"m", small + bytes(32))
        assert not verify.has_signed(PUBLIC, b"m", small + bytes(32))

    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_keys_and_signatures_of_another_length_are_refused(self, length):
        assert not verify.has_signed(bytes(length), b"m", PRIVATE.sign(b"m"))
        assert not verify.has_signed(PUBLIC, b"m", PRIVATE.sign(b"m")[:length])

    def test_bytes_that_are_no_point_are_refused(self):
        assert verify.decompress((2).to_bytes(32, "little")) is None
        assert verify.decompress((verify.P + 3).to_bytes(32, "little")) is None


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As an inspector does: this one file, isolated from everything that is installed."""
    command = [sys.executable, "-I", "-S", str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestTheCommand:
    def test_it_says_that_all_is_well(self, tmp_path):
        pin = f"300:{PIN[300].hex()}"
        done = run(WHOLE.write(tmp_path / "export.zip"), "--vkey", KEY.vkey, "--pin", pin)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "OK: all of this holds."

    def test_it_names_what_is_wrong(self, tmp_path):
        done = run(WHOLE.with_lines(LINES[:599]).write(tmp_path / "export.zip"))
        assert done.returncode == 1
        assert "TRUNCATED: event 599 is missing: the end was cut off.\n" in done.stdout
        assert done.stdout.splitlines()[-1] == "PROBLEMS: 1. This is not what was signed."

    def test_it_reports_to_programs(self, tmp_path):
        pin = f"300:{base64.b64encode(bytes(32)).decode()}"
        done = run(WHOLE.write(tmp_path / "export.zip"), "--json", "--pin", pin)
        report = json.loads(done.stdout)
        assert done.returncode == 1
        assert report["ok"] is False
        assert [(problem["kind"], problem["index"]) for problem in report["problems"]] == [("rewritten", 300)]
        assert report["facts"]["events"] == 600

    def test_it_says_when_there_is_nothing_to_check(self, tmp_path):
        (tmp_path / "text").write_text("no archive")
        path = WHOLE.write(tmp_path / "export.zip")
        for arguments in [
            (str(tmp_path / "nowhere"),),
            (str(tmp_path),),
            (str(tmp_path / "text"),),
            (path, "--pin", "nonsense"),
            (path, "--pin", "300:short"),
            (path, "--vkey", "nonsense"),
            (path, "--tolerance", "nonsense"),
            (),
        ]:
            assert run(*arguments).returncode == 2, arguments

    def test_it_does_not_let_an_event_steer_the_terminal(self, tmp_path):
        first = altered(0, pk="PK", op="X").replace(b'"PK"', rb'"\u001b[2J\ud800"')
        done = run(resigned([first, *LINES[1:]], []).write(tmp_path / "export.zip"))
        assert done.returncode == 1
        assert "FOREIGN: event 0, privacy_incident ?[2J? version 1, is no event of" in done.stdout
        assert "\x1b" not in done.stdout

    def test_it_is_written_for_python_3_9(self):
        ast.parse(SCRIPT.read_text(), feature_version=(3, 9))

    def test_it_needs_nothing_but_python(self):
        banned = {"audit", "django", "cryptography"}
        imported = {
            line.split()[1].split(".")[0]
            for line in SCRIPT.read_text().splitlines()
            if line.startswith(("import ", "from "))
        }
        assert imported - sys.stdlib_module_names == set()
        assert imported & banned == set()
