"""Walking a log from its first event: every hash made anew and held against tiles and signed heads. Pure: no framework.

Two questions are kept apart. Is an event still the bytes that its leaf was made from? And do the leaves still form
every tree whose root was signed? A block that fails is replaced by its stored tile, so that one damaged event does not
hide another one behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from audit.merkle.tree import EMPTY_ROOT, WIDTH

LOST = bytes(32)


class Row(NamedTuple):
    """A leaf with its event. `plain`: the columns beside the payload say at a glance what the payload says."""

    idx: int
    hash: bytes
    payload: bytes | None
    plain: bool


class Span(NamedTuple):
    """Places start up to stop - 1: in one of them the log is not what was signed."""

    start: int
    stop: int


@dataclass
class Walk:
    """Feed it rows in order, with the heads that fall among them; then read what is wrong.

    `tiles` are the stored roots of full blocks by number. `doubtful` places have an event whose bytes or columns
    differ (and whether its bytes do not), `lost` places have no leaf, `heads_wrong` are sizes with another root.
    """

    tiles: Mapping[int, bytes]
    size: int = 0
    doubtful: list[tuple[int, bool]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    tiles_wrong: list[int] = field(default_factory=list)
    heads_right: list[int] = field(default_factory=list)
    heads_wrong: list[int] = field(default_factory=list)
    blocks: list[bytes] = field(default_factory=list)
    _block: list[bytes] = field(default_factory=list)
    _above: list[bytes] = field(default_factory=list)

    def feed(
        self, rows: Iterable[Row | tuple[int, bytes, bytes | None, bool]], heads: Mapping[int, Sequence[bytes]]
    ) -> None:
        """`heads`: roots by size, at least those between the first and the last of these rows."""
        stops = sorted(size for size in heads if size > self.size)
        stops.append(-1)
        position, stop = 0, stops[0]
        for idx, stored, payload, plain in rows:
            while self.size < idx:
                self.lost.append(self.size)
                self._push(LOST)
                while self.size == stop:
                    self._hold(heads[stop])
                    position, stop = position + 1, stops[position + 1]
            whole = payload is not None and sha256(b"\x00" + payload).digest() == stored
            if not (whole and plain):
                self.doubtful.append((idx, whole))
            self._push(stored)
            if self.size == stop:
                self._hold(heads[stop])
                position, stop = position + 1, stops[position + 1]

    def root(self) -> bytes:
        peaks = [*self._above, *self._block]
        if not peaks:
            return EMPTY_ROOT
        found = peaks.pop()
        while peaks:
            found = sha256(b"\x01" + peaks.pop() + found).digest()
        return found

    def spans(self) -> list[Span]:
        """Where leaves are not what was signed, as narrow as tiles and heads allow."""
        found = [self._narrowed(n * WIDTH, (n + 1) * WIDTH) for n in self.tiles_wrong]
        last_right = max(self.heads_right, default=0)
        beyond = [size for size in self.heads_wrong if size > last_right and not self._explained(size)]
        if beyond:
            found.append(Span(last_right, min(beyond)))
        return found

    def heads_alone(self) -> list[int]:
        """Heads that differ though later ones hold: they were altered themselves."""
        last_right = max(self.heads_right, default=0)
        return [size for size in self.heads_wrong if size < last_right and not self._explained(size)]

    def _push(self, leaf: bytes) -> None:
        place = self.size % WIDTH
        while place & 1:
            leaf = sha256(b"\x01" + self._block.pop() + leaf).digest()
            place >>= 1
        self._block.append(leaf)
        self.size += 1
        if self.size % WIDTH == 0:
            self._close()

    def _close(self) -> None:
        n = len(self.blocks)
        root = self._block[0] if len(self._block) == 1 else _fold(self._block)
        known = self.tiles.get(n)
        if known is not None and known != root:
            self.tiles_wrong.append(n)
            root = known
        self._block = []
        self.blocks.append(root)
        while n & 1:
            root = sha256(b"\x01" + self._above.pop() + root).digest()
            n >>= 1
        self._above.append(root)

    def _hold(self, roots: Sequence[bytes]) -> None:
        found = self.root()
        (self.heads_right if all(root == found for root in roots) else self.heads_wrong).append(self.size)

    def _explained(self, size: int) -> bool:
        """Within a damaged block no head can hold; behind it the stored tile stands in."""
        return size % WIDTH != 0 and size // WIDTH in self.tiles_wrong

    def _narrowed(self, start: int, stop: int) -> Span:
        right = [size for size in self.heads_right if start < size < stop]
        first = max(right, default=start)
        wrong = [size for size in self.heads_wrong if first < size < stop]
        return Span(first, min(wrong, default=stop))


def _fold(peaks: list[bytes]) -> bytes:
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = sha256(b"\x01" + peak + found).digest()
    return found
