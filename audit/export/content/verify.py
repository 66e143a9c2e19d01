#!/usr/bin/env python3
"""Check an export of an audit trail, offline and without trusting whoever made it.

    python3 verify.py EXPORT [--vkey VKEY] [--pin SIZE:ROOT] [--tolerance SECONDS] [--json]

EXPORT is the zip file or the folder it was unpacked to. Needs Python 3.9 or newer and nothing else: read this file
before you run it. Exit status: 0 everything holds, 1 something is wrong and named, 2 there is nothing to check.

What is proven. Each line of events.jsonl is one event, byte for byte as the database wrote it. The SHA-256 hashes of
all events form a Merkle tree (RFC 6962), its root stands in `checkpoint`, and the checkpoint is signed with Ed25519
(C2SP signed-note and tlog-checkpoint). One changed, removed, added or exchanged event gives another root.
Take the key (--vkey) from your contract or the published key page, not from the export; and give a head of the log
that you noted earlier (--pin): nothing before it can have been rewritten since, even by the holder of the key.
"""

from __future__ import annotations

import argparse
import base64
import gc
import hashlib
import json
import marshal
import re
import sys
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from datetime import date
from functools import lru_cache
from itertools import groupby, repeat
from pathlib import Path
from typing import IO, Any, NamedTuple

FORMAT = "complere-trail/1"
WIDTH = 256
# How much of a kind is named one by one; all of it is counted.
MOST_NAMED = 100
MANY_HEADS = 2000
# What an event says, as against what was done to it; told last.
OF_STORIES = {"malformed", "foreign", "gap", "values", "time"}
CHUNK = 1 << 21
LARGE = 1 << 25
OPERATIONS = {"I", "U", "D", "S"}
TIME = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]+)?\+00:00")

# --- Ed25519 (RFC 8032, section 5.1), verification only ---------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
BASE = (4 * pow(5, -1, P) % P).to_bytes(32, "little")
# Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
Point = tuple[int, int, int, int]
NEUTRAL = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * D * p[3] * q[3] % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def decompress(encoded: bytes) -> Point | None:
    """The point, or None where the bytes are no point or not the one encoding of it."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def compress(p: Point) -> bytes:
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_small(p: Point) -> bool:
    """Whether the point has an order of 1, 2, 4 or 8: such a key or commitment binds nothing."""
    for _ in range(3):
        p = add(p, p)
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


@lru_cache(maxsize=64)
def multiples(encoded: bytes) -> list[list[Point]] | None:
    """[i][d] is d * 256**i times the point, so that multiplying takes 32 additions; None where it is no good point."""
    p, table = decompress(encoded), []
    if p is None or is_small(p):
        return None
    for _ in range(32):
        row = [NEUTRAL]
        for _ in range(255):
            row.append(add(row[-1], p))
        table.append(row)
        p = add(row[-1], p)
    return table


def times(scalar: int, table: list[list[Point]]) -> Point:
    found = NEUTRAL
    for digit, row in zip(scalar.to_bytes(32, "little"), table):
        found = add(found, row[digit])
    return found


def has_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    base, s = multiples(BASE), int.from_bytes(signature[32:], "little")
    table = multiples(public) if len(public) == 32 else None
    if base is None or table is None or len(signature) != 64 or s >= ORDER:
        return False
    challenge = hashlib.sha512(signature[:32] + public + message).digest()
    x, y, z, t = times(int.from_bytes(challenge, "little") % ORDER, table)
    commitment = add(times(s, base), (-x, y, z, -t))
    return compress(commitment) == signature[:32] and not is_small(commitment)


# --- Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) -------------------------------------------------


class Refused(Exception):
    """What was read is not what it has to be."""


# What reading something can end in that does not hold what it has to.
DAMAGE = (Refused, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class Head(NamedTuple):
    origin: str
    size: int
    root: bytes
    signers: tuple[str, ...]


def from_base64(text: str, length: int) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except ValueError as damaged:
        raise Refused("a value is not base64") from damaged
    if base64.b64encode(decoded).decode() != text or len(decoded) < length:
        raise Refused("a value is not the base64 text it has to be")
    return decoded


def read_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, id and public key of `<name>+<id>+<base64 of 0x01 and the key>`."""
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    key = from_base64(encoded, 33)
    expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if len(key) != 33 or key[0] != 1 or expected.hex() != key_id or re.search(r"\s|^$", name):
        raise Refused(f"{vkey!r} is no Ed25519 key of a signed note")
    return name, expected, key[1:]


def read_head(note: str, vkeys: Sequence[str]) -> Head:
    """The head in a signed note. Lines of unknown keys are passed over; a wrong one of a known key is not."""
    text, parted, rest = note.rpartition("\n\n")
    if not parted or re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]", note) or not rest.endswith("\n"):
        raise Refused("it is no signed note")
    signers, known = [], {read_vkey(vkey)[:2]: vkey for vkey in vkeys}
    for line in rest[:-1].split("\n"):
        parts = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)", line)
        if not parts:
            raise Refused("a signature line is malformed")
        signature = from_base64(parts[2], 5)
        vkey = known.get((parts[1], signature[:4]))
        if vkey and not has_signed(read_vkey(vkey)[2], text.encode() + b"\n", signature[4:]):
            raise Refused(f"the signature of {parts[1]} is wrong")
        signers += [vkey] if vkey and vkey not in signers else []
    if not signers:
        raise Refused("no known key has signed it")
    lines = text.split("\n")
    if len(lines) < 3 or not all(lines) or not re.fullmatch(r"0|[1-9][0-9]*", lines[1], re.ASCII):
        raise Refused("its text is no checkpoint")
    root = from_base64(lines[2], 32)
    if len(root) != 32:
        raise Refused("its root is no SHA-256 hash")
    return Head(lines[0], int(lines[1]), root, tuple(signers))


# --- The Merkle tree (RFC 6962, section 2.1), and its tiles (C2SP tlog-tiles) -----------------------------------------


def levels_of(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """The hashes of all whole subtrees: of one leaf, of two, of four, and so on."""
    sha256, levels = hashlib.sha256, [leaves]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)])
    return levels


def root_at(levels: Sequence[Sequence[bytes]], size: int) -> bytes:
    """The root over the first `size` leaves: its whole subtrees, from the right."""
    found = b""
    for height in range(size.bit_length()):
        if size >> height & 1:
            whole = levels[height][(size >> height) - 1]
            found = hashlib.sha256(b"\x01" + whole + found).digest() if found else whole
    return found or hashlib.sha256().digest()


def tile_path(level: int, n: int, size: int) -> str:
    width = min(WIDTH, size // WIDTH**level - n * WIDTH)
    digits = str(n).zfill(-(-len(str(n)) // 3) * 3)
    return f"tile/{level}/" + re.sub("(...)(?=...)", r"x\1/", digits) + ("" if width == WIDTH else f".p/{width}")


# --- What an export holds, and what is said of it ---------------------------------------------------------------------


class Export:
    """The files of a zip or a folder; each is hashed while it is read."""

    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else None
        self.folder = Path(path)
        inside = (file.relative_to(path).as_posix() for file in self.folder.rglob("*") if file.is_file())
        found = self.zip.namelist() if self.zip else sorted(inside)
        # Names with a leading dot are what desktops leave in folders they show.
        self.names = Counter(name for name in found if name[-1] != "/" and not name.split("/")[-1].startswith("."))
        self.hashes: dict[str, str] = {}
        if "manifest.json" not in self.names:
            raise FileNotFoundError(f"{path} is no export: there is no manifest.json in it")

    def chunks(self, name: str) -> Iterator[bytes]:
        if self.names[name] != 1:
            raise Refused(f"{name} is there more than once" if self.names[name] else f"{name} is missing")
        digest = hashlib.sha256()

        def read() -> bytes:
            chunk = file.read(CHUNK)
            digest.update(chunk)
            return chunk

        try:
            # Unpacking goes ahead in a thread of its own while the last chunk is looked at.
            with self.open(name) as file, ThreadPoolExecutor(1) as ahead:
                chunk = read()
                while len(chunk) == CHUNK:
                    following = ahead.submit(read)
                    yield chunk
                    chunk = following.result()
                yield chunk
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as damaged:
            raise Refused(f"{name} cannot be read: {damaged}") from damaged
        self.hashes[name] = digest.hexdigest()

    def open(self, name: str) -> IO[bytes]:
        return self.zip.open(name) if self.zip else (self.folder / name).open("rb")

    def length(self, name: str) -> int:
        if name not in self.names:
            return 0
        return self.zip.getinfo(name).file_size if self.zip else (self.folder / name).stat().st_size

    def whole_lines(self, name: str) -> Iterator[bytes]:
        """Parts of the file that end with a line."""
        rest = b""
        for chunk in self.chunks(name):
            lines, end, rest = (rest + chunk).rpartition(b"\n")
            yield lines + end
        yield rest + b"\n" if rest else b""

    def lines(self, name: str) -> Iterator[bytes]:
        for part in self.whole_lines(name):
            yield from part.split(b"\n")[:-1]

    def read(self, name: str) -> bytes:
        return b"".join(self.chunks(name))

    def row(self, level: int, size: int) -> list[bytes]:
        """All hashes of a level of the tree, as the tiles give them."""
        count = size // WIDTH**level
        content = b"".join(self.read(tile_path(level, n, size)) for n in range(-(-count // WIDTH)))
        if len(content) != count * 32:
            raise Refused(f"the tiles of level {level} do not hold as many hashes as their names say")
        return [content[i : i + 32] for i in range(0, len(content), 32)]


class Report:
    """What was found. `problems` say that this is not what was signed, `notices` what it cannot show."""

    def __init__(self) -> None:
        self.problems: list[dict[str, Any]] = []
        self.notices: list[str] = []
        self.facts: dict[str, Any] = {}
        self.kinds: Counter[str] = Counter()

    @property
    def count(self) -> int:
        return sum(self.kinds.values())

    def add(self, kind: str, text: str, **where: Any) -> None:
        """`where`: the index and record of an event."""
        self.kinds[kind] += 1
        if self.kinds[kind] <= MOST_NAMED:
            self.problems.append({"kind": kind, "text": text, **where})

    def text(self) -> str:
        lines = [f"{name.replace('_', ' '):14}{value}" for name, value in self.facts.items()]
        lines += ["", *(f"{problem['kind'].upper()}: {problem['text']}." for problem in self.problems)]
        lines += [f"... and {self.count - len(self.problems)} more."] if self.count > len(self.problems) else []
        lines += [f"Note: {notice}" for notice in self.notices]
        lines += [
            "",
            f"PROBLEMS: {self.count}. This is not what was signed." if self.count else "OK: all of this holds.",
        ]
        # What an event says of itself is not given the power to steer a terminal.
        return "\n".join(re.sub("[^ -~]", "?", line) for line in lines)


# --- Events -----------------------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What the story of a record is followed by. `before` and `after` stand for the row."""

    key: tuple[str, str]
    version: int
    operation: str
    at: str
    columns: Any
    before: bytes
    after: bytes
    is_ours: bool


def digest(blob: bytes, schema: str) -> tuple[list[bytes], list[Any]]:
    """For each line its leaf hash, and what it tells as the parts of a Told or, where it is no event, why."""
    parse, sha256 = json.JSONDecoder(parse_float=number).raw_decode, hashlib.sha256
    leaves, told = [], list[Any]()
    for line in blob.split(b"\n")[:-1]:
        leaves.append(sha256(b"\x00" + line).digest())
        try:
            text = line.decode()
            event, end = parse(text)
            key, version, op, at = (event["obj"], event["pk"]), event["ver"], event["op"], event["at"]
            old, new = event.get("old") or {}, event.get("new") or {}
            if not (type(key[0]) is type(key[1]) is str and isinstance(version, int) and TIME.fullmatch(at)):
                raise ValueError("its record, version or time is none")
            is_ours = event["tenant"] == schema and event["v"] == 1 and op in OPERATIONS and end == len(text)
            # What the version before has to have left: nothing before I and S, the old values before U and D.
            before, after = stand_in({**new, **old} if op == "U" else old), stand_in(new)
            told.append((key, version, op, at, event.get("schema"), before, after, is_ours))
        except DAMAGE as damaged:
            told.append(repr(damaged))
    return leaves, told


def number(text: str) -> float:
    """For the database 1 and 1.0 are the same value, and to change one to the other no change."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1 << 53 else value


def stand_in(row: dict[str, Any]) -> bytes:
    """A digest that stands for a row, so that no row has to be kept. Version 2: equal rows give equal bytes."""
    return hashlib.sha256(marshal.dumps(row, 2)).digest()[:8] if row else b""


def digested(export: Export, schema: str) -> Iterator[tuple[list[bytes], list[Any]]]:
    """The digest of all lines, part by part; of a large export on all processors, a few parts ahead."""
    is_large = export.length("events.jsonl") > LARGE
    ahead: deque[Any] = deque()
    with ProcessPoolExecutor(initializer=gc.disable) if is_large else nullcontext() as pool:
        for blob in export.whole_lines("events.jsonl"):
            if pool is None:
                yield digest(blob, schema)
            else:
                ahead.append(pool.submit(digest, blob, schema))
                if len(ahead) > 16:
                    yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


class Story:
    """Follows every record from version to version."""

    def __init__(self, report: Report, schema: str, first: int, tolerance: int) -> None:
        self.report, self.schema, self.first, self.tolerance = report, schema, first, tolerance
        self.records: dict[tuple[str, str], tuple[int, Any, bytes]] = {}

    def follow(self, export: Export) -> list[bytes]:
        """The leaf hashes of all events."""
        records, leaves, latest, index = self.records, list[bytes](), "", self.first - 1
        for hashes, parts in digested(export, self.schema):
            leaves += hashes
            for told in parts:
                index += 1
                if isinstance(told, str):
                    self.report.add("malformed", f"event {index} is malformed: {told}", index=index)
                    continue
                key, version, _, at, columns, before, after, is_ours = told
                was = records.get(key)
                if was != (version - 1, columns, before) or not is_ours:
                    self.explain(index, Told(*told), was)
                records[key] = (version, columns, after)
                latest = self.later(index, Told(*told), latest) if at < latest else at
        return leaves

    def explain(self, index: int, told: Told, was: tuple[int, Any, bytes] | None) -> None:
        if not told.is_ours:
            self.say("foreign", index, told, f"is no event of {self.schema}")
        elif was is None:
            # A record may be older than the trail, and the trail older than the export of a period.
            if told.version != 1 and self.first == 0:
                self.say("gap", index, told, "is the first of its record: earlier versions are missing")
        elif told.version != was[0] + 1:
            self.say("gap", index, told, f"follows version {was[0]} of its record")
        elif told.columns == was[1]:
            self.say("values", index, told, f"({told.operation}) does not follow from what version {was[0]} left")

    def later(self, index: int, told: Told, latest: str) -> str:
        back = seconds(latest) - seconds(told.at)
        if back <= self.tolerance:
            return latest
        self.say("time", index, told, f"is dated {told.at}, {back} seconds before the event before it")
        return told.at

    def say(self, kind: str, index: int, told: Told, text: str) -> None:
        record = " ".join(map(str, told.key)).strip()
        self.report.add(kind, f"event {index}, {record} version {told.version}, {text}", index=index, record=record)


def seconds(at: str) -> int:
    days = date(int(at[:4]), int(at[5:7]), 1).toordinal() + int(at[8:10])
    return days * 86_400 + int(at[11:13]) * 3600 + int(at[14:16]) * 60 + int(at[17:19])


# --- The check --------------------------------------------------------------------------------------------------------


def read_manifest(export: Export) -> dict[str, Any]:
    content = export.read("manifest.json")
    if export.read("manifest.sha256") != f"{export.hashes['manifest.json']}  manifest.json\n".encode():
        raise Refused("manifest.json was changed: manifest.sha256 gives another checksum")
    kinds = {"origin": str, "schema": str, "from_index": int, "count": int, "size": int, "keys": list, "files": dict}
    manifest: dict[str, Any] = json.loads(content)
    wrong = [key for key, kind in kinds.items() if type(manifest.get(key)) is not kind]
    if wrong or manifest.get("format") != FORMAT:
        raise Refused(f"manifest.json is no manifest of {FORMAT}: {', '.join(wrong)}")
    if not 0 <= manifest["from_index"] <= manifest["from_index"] + manifest["count"] <= manifest["size"]:
        raise Refused("manifest.json names events that the log does not have")
    return manifest


def read_heads(export: Export, report: Report, manifest: dict[str, Any], vkeys: Sequence[str]) -> list[Head]:
    """Every signed head, the newest first. Raises Refused when that one is no good."""
    known = [*dict.fromkeys([*manifest["keys"], *vkeys])]
    newest = read_head(export.read("checkpoint").decode(), known)
    if (newest.origin, newest.size) != (manifest["origin"], manifest["size"]):
        raise Refused(f"checkpoint is of {newest.origin} at {newest.size} events, and the manifest says otherwise")
    report.facts.update(root=base64.b64encode(newest.root).decode(), signed_by=", ".join(newest.signers))
    if vkeys and not set(vkeys) & set(newest.signers):
        report.add("key", f"checkpoint is signed by {newest.signers[0]}, which is not the key you gave")
    heads = {(newest.origin, newest.size): newest}
    lines = [*export.lines("checkpoints.jsonl")]
    with ProcessPoolExecutor() if len(lines) > MANY_HEADS else nullcontext() as pool:
        read = (
            pool.map(read_line, lines, repeat(known), chunksize=200) if pool else map(read_line, lines, repeat(known))
        )
        for number, head in enumerate(read, 1):
            if isinstance(head, str):
                report.add("signature", f"line {number} of checkpoints.jsonl: {head}")
            elif head.origin not in (newest.origin, *manifest.get("earlier_origins", [])):
                report.add("foreign", f"line {number} of checkpoints.jsonl is a checkpoint of {head.origin}")
            elif heads.setdefault((head.origin, head.size), head).root != head.root:
                report.add("two roots", f"two different roots were signed for {head.size} events: the log was forked")
    report.facts["heads"] = len(heads)
    return [*heads.values()]


def read_line(line: bytes, known: Sequence[str]) -> Head | str:
    """The head in a line of checkpoints.jsonl, or what is wrong with it."""
    try:
        entry = json.loads(line)
        head = read_head(entry["note"], known)
    except DAMAGE as damaged:
        return str(damaged) if isinstance(damaged, Refused) else f"damaged, {damaged!r}"
    return head if head.size == entry.get("size") else f"its note is for {head.size} events"


def prove(export: Export, report: Report, leaves: list[bytes], heads: list[Head], pins: dict[int, bytes]) -> None:
    """Hold the events against the signed roots and the heads the reader holds, and name what differs."""
    first, stop, size = (report.facts[name] for name in ("first", "stop", "size"))
    tiles = attempt(report, "tile", export.row, 0, size)
    if tiles is None and (first, stop) != (0, size):
        return
    tiles = leaves if tiles is None else tiles
    given = [*tiles[:first], *leaves, *tiles[stop:]]
    trees = (levels_of(row) for row in ((tiles,) if tiles == given else (tiles, given)) if len(row) == size)
    proven = next((levels for levels in trees if root_at(levels, size) == heads[0].root), None)
    if proven and proven[0] == given:
        for n in sorted({i // WIDTH for i in range(size) if tiles[i] != given[i]}):
            report.add("tile", f"{tile_path(0, n, size)} was altered; the events it is about are as signed")
    else:
        name_differences(export, report, tiles[first:stop], leaves)
    if proven:
        hold(export, report, proven, heads, pins)
    else:
        levels, held = levels_of(given), [(head.size, head.root) for head in heads if head.origin == heads[0].origin]
        good = max((at for at, root in held if at <= len(given) and root_at(levels, at) == root), default=0)
        bad = min(at for at, _ in held if at > good)
        report.add("root", f"these events do not give the signed root: the first {good} do, the first {bad} do not")


def hold(export: Export, report: Report, levels: list[Any], heads: list[Head], pins: dict[int, bytes]) -> None:
    """Earlier heads and the upper tiles against the tree that is proven."""
    size, left_behind = len(levels[0]), Counter[str]()
    held = [("the head you hold", "", at, root) for at, root in sorted(pins.items())]
    for whose, origin, at, root in [*held, *(("a signed head", *head[:3]) for head in sorted(heads))]:
        if at <= size and root_at(levels, at) == root:
            continue
        if origin not in ("", heads[0].origin):
            left_behind[origin] += 1
        elif at > size:
            report.add("cut", f"{whose} has {at} events and the newest here {size}: the log was cut back", index=size)
        else:
            report.add("rewritten", f"{whose} at {at} events has another root: the log was rewritten since", index=at)
    for origin, count in left_behind.items():
        report.notices.append(
            f"The log was opened anew after {origin}: {count} of its signed heads are not in this one."
        )
    for level in range(1, (len(levels) + 7) // 8):
        if attempt(report, "tile", export.row, level, size) not in (None, levels[8 * level]):
            report.add("tile", f"the tiles of level {level} are not those of this log")


def differences(proven: Sequence[bytes], given: Sequence[bytes]) -> Iterator[tuple[str, int, int]]:
    """What happened on the way from the proven leaves to the given ones: (what, place in proven, place in given)."""
    place, line = {h: i for i, h in enumerate(proven)}, {h: j for j, h in enumerate(given)}
    lines, settled, taken = list(given), set(), set()
    i = j = 0
    while i < len(proven) or j < len(lines):
        if i in settled or j in taken:
            i, j = i + (i in settled), j + (j in taken)
            continue
        # Where the line at hand belongs, and where the expected event stands; -1 where there is no such place.
        home = place.get(lines[j], -1) if j < len(lines) else -1
        home = -1 if home in settled else home
        there = line.get(proven[i], -1) if i < len(proven) else -1
        if home > i and there > j and home - i == there - j:
            yield "swapped", i, home
            lines[there], line[proven[home]] = lines[j], there
        elif home > i and there > j:
            # Of the two, the one that is farther from its place was moved.
            pair = (home, j) if home - i > there - j else (i, there)
            yield ("moved", *pair)
            settled.add(pair[0])
            taken.add(pair[1])
            continue
        elif home < i and j < len(lines) and (there > j or i == len(proven)):
            yield "inserted", i, j
            i -= 1
        elif home < i and j < len(lines):
            yield "altered", i, j
        elif home != i:
            yield "missing", i, j
            j -= 1
        i, j = i + 1, j + 1


def name_differences(export: Export, report: Report, proven: list[bytes], leaves: list[bytes]) -> None:
    first, found = report.facts["first"], list(differences(proven, leaves)) if proven != leaves else []
    labels, wanted = {}, {j for what, _, j in found if what not in ("missing", "swapped")}
    for j, line in enumerate(export.lines("events.jsonl") if wanted else ()):
        if j in wanted:
            parts = dict(re.findall(r'"(obj|pk|ver)": ?"?([^",}]*)', line.decode("utf-8", "replace")))
            labels[j] = "{obj} {pk} version {ver}".format(**parts) if len(parts) == 3 else "no event"
    said = {
        "altered": "event {0} was altered; it reads as {2} now",
        "inserted": "line {1} was inserted before event {0}; it reads as {2}",
        "swapped": "events {0} and {3} stand in each other's place",
        "moved": "event {0}, {2}, was moved to line {1}",
    }
    for what, i, j in found:
        if what != "missing":
            text = said[what].format(first + i, j + 1, labels.get(j), first + j)
            report.add(what, text, index=first + i, record=labels.get(j, ""))
    gone = [i for what, i, _ in found if what == "missing"]
    for _, pairs in groupby(enumerate(gone), key=lambda pair: pair[1] - pair[0]):
        run = [first + i for _, i in pairs]
        what = "truncated" if run[-1] == first + len(proven) - 1 else "missing"
        text = f"events {run[0]} to {run[-1]} are missing" if len(run) > 1 else f"event {run[0]} is missing"
        report.add(what, text + (": the end was cut off" if what == "truncated" else ""), index=run[0])


def check_files(export: Export, report: Report, manifest: dict[str, Any]) -> None:
    own = {"manifest.json", "manifest.sha256"}
    for name in sorted({*export.names, *manifest["files"]} - own):
        attempt(report, "file", check_file, export, name, manifest["files"].get(name))
    if sorted(key["vkey"] for key in json.loads(export.read("keys.json"))) != sorted(manifest["keys"]):
        report.add("key", "keys.json and manifest.json name different keys")


def check_file(export: Export, name: str, expected: str | None) -> None:
    if expected is None:
        raise Refused(f"{name} is not in the manifest: it was added")
    if name not in export.hashes:
        export.read(name)
    if export.hashes[name] != expected:
        raise Refused(f"{name} was changed: its checksum in the manifest is another")


def attempt(report: Report, kind: str, step: Callable[..., Any], *given: Any) -> Any:
    """The step's result, or None where it met damage, which is then reported."""
    try:
        return step(*given)
    except DAMAGE as damaged:
        report.add(kind, str(damaged) if isinstance(damaged, Refused) else f"damaged, {damaged!r}")
        return None


def take_notice(report: Report, vkeys: Sequence[str], pins: dict[int, bytes], names: Sequence[str]) -> None:
    """What this check could not show, so that nobody takes it for shown."""
    first, stop, size = (report.facts[name] for name in ("first", "stop", "size"))
    if (first, stop) != (0, size):
        report.notices.append(f"Only {stop - first} of {size} events are in this export, from {first} to {stop - 1}.")
    if not vkeys:
        report.notices.append("The key was taken from the export itself: compare it with the one in your contract.")
    if not pins:
        report.notices.append("You gave no head that you noted earlier: who holds the key could have rewritten all.")
    if anchors := [name for name in names if name.startswith("anchors/")]:
        report.notices.append(f"{len(anchors)} files of outside evidence in anchors/ are not checked here.")


def verify(path: str, vkeys: Sequence[str] = (), pins: dict[int, bytes] | None = None, tolerance: int = 300) -> Report:
    """Everything there is to find. `tolerance`: seconds by which an event may be older than the one before it."""
    export, report = Export(path), Report()
    manifest = attempt(report, "manifest", read_manifest, export)
    if manifest is None:
        return report
    first, size, schema = manifest["from_index"], manifest["size"], manifest["schema"]
    stop = first + manifest["count"]
    report.facts.update(origin=manifest["origin"], schema=schema, size=size, first=first, stop=stop)
    story = Story(report, schema, first, tolerance)
    leaves = attempt(report, "file", story.follow, export)
    heads = attempt(report, "signature", read_heads, export, report, manifest, vkeys)
    report.facts.update(events=len(leaves or []), records=len(story.records))
    if leaves is not None and heads is not None:
        attempt(report, "tile", prove, export, report, leaves, heads, pins or {})
    attempt(report, "file", check_files, export, report, manifest)
    take_notice(report, vkeys, pins or {}, [*export.names])
    report.problems.sort(key=lambda problem: problem["kind"] in OF_STORIES)
    return report


def read_pin(text: str) -> tuple[int, bytes]:
    size, _, root = text.partition(":")
    return int(size), bytes.fromhex(root) if re.fullmatch("[0-9a-f]{64}", root) else from_base64(root, 32)


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description="Check an export of an audit trail, offline.")
    options.add_argument("export", help="the zip file, or the folder it was unpacked to")
    options.add_argument("--vkey", action="append", default=[], help="key of the log, from the contract")
    options.add_argument("--pin", action="append", default=[], metavar="SIZE:ROOT", help="a head you noted earlier")
    options.add_argument("--tolerance", type=int, default=300, metavar="SECONDS", help="how far time may go back")
    options.add_argument("--json", action="store_true", help="the report as JSON")
    given = options.parse_args(arguments)
    # Nothing here is circular, and looking for circles takes its time.
    gc.disable()
    try:
        pins = dict(map(read_pin, given.pin))
        for vkey in given.vkey:
            read_vkey(vkey)
        report = verify(given.export, given.vkey, pins, given.tolerance)
    except (OSError, ValueError, RuntimeError, Refused, zipfile.BadZipFile) as nothing:
        sys.stderr.write(f"{nothing}\n")
        return 2
    found = {"ok": not report.count, "kinds": report.kinds, "problems": report.problems}
    found.update(notices=report.notices, facts=report.facts)
    sys.stdout.write((json.dumps(found, indent=1) if given.json else report.text()) + "\n")
    return 1 if report.count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
