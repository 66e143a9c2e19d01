"""The log as static files (C2SP tlog-tiles): where each tile lies, what it holds, and a tree read from tiles."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from audit.merkle import tree
from audit.merkle.tree import HASH_BYTES, HEIGHT, WIDTH, Reader

MOST_ENTRY_BYTES = 0xFFFF


class Tile(NamedTuple):
    """Hashes n * 256 up to n * 256 + width of a level."""

    level: int
    n: int
    width: int

    @property
    def path(self) -> str:
        """Below the prefix of the log: tile/0/x001/x234/067 or tile/0/x001/x234/067.p/112."""
        return path(str(self.level), self.n, self.width)

    @property
    def start(self) -> int:
        return self.n * WIDTH

    @property
    def stop(self) -> int:
        return self.n * WIDTH + self.width


def path(kind: str, n: int, width: int = WIDTH) -> str:
    """`kind` is a level or "entries"."""
    parts = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        parts.insert(0, f"x{n % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{kind}/{'/'.join(parts)}{partial}"


def layout(size: int) -> Iterator[Tile]:
    """Every tile of a tree, lowest level first; the last of a level may be partial."""
    level, count = 0, size
    while count:
        for n in range(-(-count // WIDTH)):
            yield Tile(level, n, min(WIDTH, count - n * WIDTH))
        level, count = level + 1, count >> HEIGHT


def files(size: int, read: Reader) -> Iterator[tuple[str, bytes]]:
    """Path and content of every tile of a tree. Raises TreeRefused."""
    for tile in layout(size):
        yield tile.path, b"".join(tree.exactly(read, tile.level, tile.start, tile.stop))


def hashes(content: bytes) -> list[bytes]:
    """What a tile holds. Raises TreeRefused."""
    if not content or len(content) % HASH_BYTES or len(content) > WIDTH * HASH_BYTES:
        raise tree.TreeRefused("a tile holds 1 to 256 whole hashes")
    return [content[i : i + HASH_BYTES] for i in range(0, len(content), HASH_BYTES)]


def reader(size: int, fetch: Callable[[str], bytes]) -> Reader:
    """The tree of `size` as `fetch(path)` gives its tiles. Reading raises TreeRefused."""

    @lru_cache(maxsize=64)
    def tile(level: int, n: int) -> Sequence[bytes]:
        wanted = Tile(level, n, min(WIDTH, (size >> (HEIGHT * level)) - n * WIDTH))
        if wanted.width <= 0:
            raise tree.TreeRefused(f"a tree of {size} has no tile {n} at level {level}")
        found = hashes(fetch(wanted.path))
        if len(found) != wanted.width:
            raise tree.TreeRefused(f"{wanted.path} holds {len(found)} hashes")
        return found

    def read(level: int, start: int, stop: int) -> Sequence[bytes]:
        between = range(start // WIDTH, -(-stop // WIDTH))
        row = [each for n in between for each in tile(level, n)]
        skipped = start - start % WIDTH
        return row[start - skipped : stop - skipped]

    return read


def bundle(entries: Sequence[bytes]) -> bytes:
    """Up to 256 entries, each behind its length (big-endian, 16 bits). Raises TreeRefused."""
    if len(entries) > WIDTH or any(len(entry) > MOST_ENTRY_BYTES for entry in entries):
        raise tree.TreeRefused("a bundle holds at most 256 entries of at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries(content: bytes) -> list[bytes]:
    """The entries of a bundle. Raises TreeRefused."""
    found = []
    while content:
        length = int.from_bytes(content[:2], "big")
        entry, rest = content[2 : 2 + length], content[2 + length :]
        if len(content) < 2 + length:
            raise tree.TreeRefused("a bundle ends inside an entry")
        found.append(entry)
        content = rest
    return found
