import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import notes, proofs, tree
from tests.audit.merkle.test_tree import LEAVES, MANY, ROOTS, SHARED

read = SHARED.read
SMALL = range(1, 71)
ROOT_AT = {size: tree.root(MANY[:size]) for size in SMALL}
EDGES = [255, 256, 257, 511, 512, 513, 767, 65_535, 65_536, 65_537, 65_791, 65_792, 65_793, 66_000]


def published(level: int, start: int, stop: int) -> list[bytes]:
    return [tree.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES][start:stop]


def hexes(proof: list[bytes]) -> list[str]:
    return [each.hex() for each in proof]


def includes(index: int, size: int, proof, root: bytes) -> bool:
    return proofs.verify_inclusion(MANY[index], index, size, proof, root)


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "big") ^ 1 << bit % (8 * len(data))).to_bytes(len(data), "big")


def test_published_inclusion_proofs_are_reproduced():
    assert proofs.inclusion(0, 1, published) == []
    assert hexes(proofs.inclusion(5, 8, published)) == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert hexes(proofs.inclusion(2, 3, published)) == [ROOTS[1]]


def test_published_consistency_proofs_are_reproduced():
    assert proofs.consistency(1, 1, published) == []
    assert hexes(proofs.consistency(6, 8, published)) == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert hexes(proofs.consistency(2, 5, published)) == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


@pytest.mark.parametrize("size", SMALL)
def test_every_leaf_of_every_small_tree_is_proven_and_in_no_other_place(size):
    for index in range(size):
        proof = proofs.inclusion(index, size, read)
        assert includes(index, size, proof, ROOT_AT[size])
        assert not any(
            proofs.verify_inclusion(MANY[index], other, size, proof, ROOT_AT[size])
            for other in range(size)
            if other != index
        )


@pytest.mark.parametrize("new", SMALL)
def test_every_smaller_tree_is_proven_to_be_the_start_and_no_other_is(new):
    for old in range(1, new + 1):
        proof = proofs.consistency(old, new, read)
        assert proofs.verify_consistency(old, ROOT_AT[old], new, ROOT_AT[new], proof)
        other = ROOT_AT[old % 70 + 1]
        assert not proofs.verify_consistency(old, other, new, ROOT_AT[new], proof)
        assert not proofs.verify_consistency(old, ROOT_AT[old], new, other, proof) or new == old % 70 + 1


@given(data=st.data(), size=st.one_of(st.sampled_from(EDGES), st.integers(1, 66_000)))
def test_leaves_and_starts_of_large_trees_are_proven(data, size):
    index = data.draw(st.one_of(st.integers(0, size - 1), st.sampled_from([0, size - 1])))
    root = tree.root(MANY[:size])
    assert includes(index, size, proofs.inclusion(index, size, read), root)
    start = tree.root(MANY[: index + 1])
    assert proofs.verify_consistency(index + 1, start, size, root, proofs.consistency(index + 1, size, read))


@given(data=st.data(), size=st.integers(2, 70), bit=st.integers(0, 255))
def test_one_bit_of_a_proof_is_enough_to_spoil_it(data, size, bit):
    index = data.draw(st.integers(0, size - 1))
    proof = proofs.inclusion(index, size, read)
    at = data.draw(st.integers(0, len(proof) - 1))
    spoilt = [flipped(each, bit) if n == at else each for n, each in enumerate(proof)]
    assert not includes(index, size, spoilt, ROOT_AT[size])
    assert not proofs.verify_inclusion(flipped(MANY[index], bit), index, size, proof, ROOT_AT[size])
    assert not includes(index, size, proof, flipped(ROOT_AT[size], bit))
    assert not includes(index, size, proof[:-1], ROOT_AT[size])
    assert not includes(index, size, [*proof, proof[0]], ROOT_AT[size])


@given(data=st.data(), new=st.integers(2, 70), bit=st.integers(0, 255))
def test_one_bit_of_a_consistency_proof_is_enough_to_spoil_it(data, new, bit):
    old = data.draw(st.integers(1, new - 1))
    proof = proofs.consistency(old, new, read)
    at = data.draw(st.integers(0, len(proof) - 1))
    spoilt = [flipped(each, bit) if n == at else each for n, each in enumerate(proof)]
    heads = (old, ROOT_AT[old], new, ROOT_AT[new])
    assert not proofs.verify_consistency(*heads, spoilt)
    assert not proofs.verify_consistency(*heads, proof[:-1])
    assert not proofs.verify_consistency(*heads, [*proof, proof[0]])


def test_a_log_that_was_rewritten_is_not_consistent_with_its_past():
    rewritten = [tree.leaf_hash(b"another"), *MANY[1:70]]

    def read_rewritten(level: int, start: int, stop: int) -> list[bytes]:
        return rewritten[start:stop]

    proof = proofs.consistency(40, 70, read_rewritten)
    assert not proofs.verify_consistency(40, ROOT_AT[40], 70, tree.root(rewritten), proof)


def test_the_empty_tree_is_the_start_of_every_tree():
    assert proofs.verify_consistency(0, tree.EMPTY_ROOT, 5, ROOT_AT[5], [])
    assert proofs.verify_consistency(0, tree.EMPTY_ROOT, 0, tree.EMPTY_ROOT, [])
    assert not proofs.verify_consistency(0, ROOT_AT[1], 5, ROOT_AT[5], [])
    assert not proofs.verify_consistency(0, tree.EMPTY_ROOT, 5, ROOT_AT[5], [ROOT_AT[1]])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index, size):
    with pytest.raises(proofs.ProofRefused):
        proofs.inclusion(index, size, read)
    assert not proofs.verify_inclusion(MANY[0], index, size, [], MANY[0])


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_there_is_no_proof_that_a_larger_tree_is_the_start(old, new):
    with pytest.raises(proofs.ProofRefused):
        proofs.consistency(old, new, read)
    assert not proofs.verify_consistency(old, ROOT_AT[6], new, ROOT_AT[5], [])


def test_a_proof_is_not_made_from_hashes_that_are_missing():
    with pytest.raises(tree.TreeRefused):
        proofs.inclusion(3, 300, lambda level, start, stop: read(level, start, stop)[1:])


KEY = notes.SignerKey.from_seed("trust.example/log", bytes(range(32)))
PAYLOAD = b"41"
HEAD = notes.Checkpoint("trust.example/log", 66_000, SHARED.frontier.root())


def record_proof(extra: bytes = b"") -> proofs.RecordProof:
    hashes = tuple(proofs.inclusion(41, 66_000, read))
    return proofs.RecordProof(41, hashes, notes.sign(HEAD.text, KEY), extra)


@pytest.mark.parametrize("extra", [b"", b"incident 17"])
def test_a_proof_of_a_record_is_read_back_and_checked(extra):
    again = proofs.RecordProof.parse(record_proof(extra).text)
    assert again == record_proof(extra)
    assert again.check(PAYLOAD, HEAD.origin, [KEY.vkey]) == HEAD


def test_a_proof_of_a_record_has_the_form_of_the_standard():
    lines = record_proof(b"x").text.split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra eA==", "index 41"]
    assert len(lines[3:20]) == 17
    assert lines[20:24] == ["", *HEAD.text.split("\n")[:3]]


def test_a_proof_proves_no_other_record():
    with pytest.raises(proofs.ProofRefused, match="entry 41 of the log is not this record"):
        record_proof().check(b"42", HEAD.origin, [KEY.vkey])


def test_a_proof_is_of_one_log_and_by_a_known_key():
    stranger = notes.SignerKey.new(HEAD.origin)
    with pytest.raises(notes.NoteRefused, match="nobody who is trusted"):
        record_proof().check(PAYLOAD, HEAD.origin, [stranger.vkey])
    with pytest.raises(notes.NoteRefused, match=r"a checkpoint of trust\.example/log, not of other"):
        record_proof().check(PAYLOAD, "other", [KEY.vkey])


GOOD = record_proof(b"x").text


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("index 41", "index 041"),
        GOOD.replace("index 41", "index -1"),
        GOOD.replace("index 41\n", ""),
        GOOD.replace("index 41", "index ٤١"),
        GOOD.replace("extra eA==", "extra eB=="),
        GOOD.replace("extra eA==", "more eA=="),
        GOOD.replace("index 41\n", "index 41\nshort\n"),
        GOOD.replace("\n\n", "\n"),
    ],
)
def test_a_damaged_proof_is_refused(text):
    with pytest.raises(proofs.ProofRefused):
        proofs.RecordProof.parse(text)
