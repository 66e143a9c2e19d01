"""Proofs of RFC 6962, section 2.1: this leaf is in that tree, and this tree is the start of that one.

Also the text of a proof for one record that stands on its own (C2SP tlog-proof).
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from audit.merkle import notes, tree
from audit.merkle.tree import HEIGHT, WIDTH, Reader

FIRST_LINE = "c2sp.org/tlog-proof@v1"


class ProofRefused(ValueError):
    """No such proof exists, or it does not prove what it is said to."""


def inclusion(index: int, size: int, read: Reader) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root at `size`. Raises ProofRefused, TreeRefused."""
    if not 0 <= index < size:
        raise ProofRefused(f"a tree of {size} has no leaf {index}")
    path: list[bytes] = []
    # `below` holds the root of what fills no whole block at the levels under this one.
    below: list[bytes] = []
    level, more = 0, True
    while more:
        count, place = size >> (HEIGHT * level), index >> (HEIGHT * level)
        first = place - place % WIDTH
        edge = [*tree.exactly(read, level, count - count % WIDTH, count), *below]
        row = edge if first == count - count % WIDTH else tree.exactly(read, level, first, first + WIDTH)
        path += _climb(row, place - first)
        more = count + len(below) > WIDTH
        below = [tree.root(edge)] if edge else []
        level += 1
    return path


def consistency(old: int, new: int, read: Reader) -> list[bytes]:
    """The hashes that show the tree at `old` to be the start of the one at `new`. Raises ProofRefused, TreeRefused."""
    if not 0 < old <= new:
        raise ProofRefused(f"a tree of {old} is not the start of a tree of {new}")
    if old == new:
        return []
    # The last whole subtree of the old tree is a node of both; from there the way up is the one of its last leaf.
    height = _trailing_zeros(old)
    seed = [] if old == 1 << height else [_subtree(height, (old - 1) >> height, read)]
    return seed + inclusion(old - 1, new, read)[height:]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    sides = _sides(index, size - 1) if 0 <= index < size else []
    if not 0 <= index < size or len(sides) != len(proof):
        return False
    found = leaf_hash
    for each, is_left in zip(proof, sides, strict=True):
        found = tree.node_hash(each, found) if is_left else tree.node_hash(found, each)
    return found == root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, section 2.1.4.2. The empty tree is the start of every tree and takes no proof."""
    if old in (0, new):
        return not proof and old_root == (new_root if old == new else tree.EMPTY_ROOT) and new >= 0
    if not 0 < old < new:
        return False
    height = _trailing_zeros(old)
    sides = _sides((old - 1) >> height, (new - 1) >> height)
    hashes = [old_root, *proof] if old == 1 << height else list(proof)
    if len(hashes) != len(sides) + 1:
        return False
    before = after = hashes[0]
    for each, is_left in zip(hashes[1:], sides, strict=True):
        before = tree.node_hash(each, before) if is_left else before
        after = tree.node_hash(each, after) if is_left else tree.node_hash(after, each)
    return before == old_root and after == new_root


@dataclass(frozen=True)
class RecordProof:
    """That one record is in the log, with everything that is needed to check it but the key (C2SP tlog-proof)."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    @property
    def text(self) -> str:
        extra = [f"extra {_base64(self.extra)}"] if self.extra else []
        path = [_base64(each) for each in self.hashes]
        return "\n".join([FIRST_LINE, *extra, f"index {self.index}", *path, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> "RecordProof":
        """Raises ProofRefused."""
        head, found, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not found or lines.pop(0) != FIRST_LINE:
            raise ProofRefused("this is not a proof of the form c2sp.org/tlog-proof@v1")
        extra = _bytes(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else b""
        index = lines.pop(0).removeprefix("index ") if lines and lines[0].startswith("index ") else ""
        if not notes.is_decimal(index):
            raise ProofRefused("the proof does not say which entry it is for")
        return cls(int(index), tuple(_bytes(line, tree.HASH_BYTES) for line in lines), checkpoint, extra)

    def check(self, payload: bytes, origin: str, vkeys: Sequence[str]) -> notes.Checkpoint:
        """The signed head that contains `payload`. Raises ProofRefused, NoteRefused."""
        checkpoint = notes.open_checkpoint(self.checkpoint, origin, vkeys)
        leaf = tree.leaf_hash(payload)
        if not verify_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root):
            raise ProofRefused(f"entry {self.index} of the log is not this record")
        return checkpoint


def _climb(row: Sequence[bytes], place: int) -> list[bytes]:
    """The neighbours on the way from a place in a row to the root over the row."""
    path = []
    while len(row) > 1:
        if (neighbour := place ^ 1) < len(row):
            path.append(row[neighbour])
        row, place = tree.parents(row), place >> 1
    return path


def _sides(at: int, last: int) -> list[bool]:
    """For each neighbour on the way up from place `at` of 0..last: whether it stands to the left."""
    sides = []
    while last:
        if at % 2 or at < last:
            sides.append(bool(at % 2))
        at, last = at >> 1, last >> 1
    return sides


def _subtree(height: int, n: int, read: Reader) -> bytes:
    level, span = height // HEIGHT, 1 << height % HEIGHT
    return tree.root(tree.exactly(read, level, n * span, (n + 1) * span))


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str, length: int | None = None) -> bytes:
    try:
        return notes.from_base64(text, length)
    except ValueError as refused:
        raise ProofRefused("a line of the proof is damaged") from refused
