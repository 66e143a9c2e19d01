"""The Merkle tree of RFC 6962, section 2.1: hashes, roots and the growing edge of a log.

A tree is kept in rows of 256: level 0 are the hashes of the leaves, level 1 the roots of full blocks of 256 leaves,
level 2 the roots of 256 of those, and so on (the geometry of C2SP tlog-tiles). Only full blocks are kept above level 0;
everything between is hashed anew when it is needed, at most 255 hashes a level.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

WIDTH = 256
HEIGHT = 8
HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()

# `read(level, start, stop)`: the hashes start..stop-1 of a level, in order. Level 0 are the leaves.
Reader = Callable[[int, int, int], Sequence[bytes]]


class TreeRefused(ValueError):
    """The stored hashes do not form the tree that was asked for."""


class Block(NamedTuple):
    """A full block: `hash` is the root over the leaves n * 256**level up to (n + 1) * 256**level."""

    level: int
    n: int
    hash: bytes


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def parents(row: Sequence[bytes]) -> list[bytes]:
    """The next row up; a last hash without a neighbour moves up as it is."""
    above = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
    return [*above, row[-1]] if len(row) % 2 else above


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes, or over whole blocks of equal size of which the last may be smaller."""
    if not hashes:
        return EMPTY_ROOT
    row = hashes
    while len(row) > 1:
        row = parents(row)
    return row[0]


class Frontier:
    """The right edge of a growing tree: at each level the hashes that fill no block yet, at most 255."""

    def __init__(self) -> None:
        self._rows: list[list[bytes]] = [[]]
        self._size = 0

    @classmethod
    def rebuilt(cls, size: int, read: Reader) -> "Frontier":
        """The frontier at `size` from what is stored. Raises TreeRefused when hashes are missing."""
        frontier = cls()
        frontier._rows = [exactly(read, level, *edge) for level, edge in enumerate(edges(size))]
        frontier._size = size
        return frontier

    @property
    def size(self) -> int:
        return self._size

    def append(self, hash: bytes) -> list[Block]:  # noqa: A002 - the word of the standard
        """Add one leaf hash; returns the blocks that it filled, lowest level first."""
        self._size += 1
        self._rows[0].append(hash)
        return self._fold()

    def extend(self, hashes: Iterable[bytes]) -> list[Block]:
        return [block for each in hashes for block in self.append(each)]

    def root(self) -> bytes:
        below: list[bytes] = []
        for row in self._rows:
            if below or row:
                below = [root([*row, *below])]
        return below[0] if below else EMPTY_ROOT

    def _fold(self) -> list[Block]:
        filled = []
        level = 0
        while len(self._rows[level]) == WIDTH:
            full, self._rows[level] = root(self._rows[level]), []
            level += 1
            filled.append(Block(level, (self._size >> (HEIGHT * level)) - 1, full))
            if level == len(self._rows):
                self._rows.append([])
            self._rows[level].append(full)
        return filled


def edges(size: int) -> list[tuple[int, int]]:
    """For each level of a tree, the half-open range of the hashes that fill no block: what a frontier consists of."""
    found = [(size - size % WIDTH, size)]
    while (count := size >> (HEIGHT * len(found))) > 0:
        found.append((count - count % WIDTH, count))
    return found


def exactly(read: Reader, level: int, start: int, stop: int) -> list[bytes]:
    """These hashes and no fewer. Raises TreeRefused."""
    hashes = [bytes(each) for each in read(level, start, stop)] if start < stop else []
    if len(hashes) != stop - start or any(len(each) != HASH_BYTES for each in hashes):
        raise TreeRefused(f"level {level} lacks hashes between {start} and {stop}")
    return hashes
