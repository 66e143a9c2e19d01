"""A small log and its export, made with the library that makes the real ones."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audit.merkle import notes, tiles, tree

ORIGIN = "trust.example/log/5e0c"
SCHEMA = "t_specimen0001"
KEY = notes.SignerKey.from_seed(ORIGIN, bytes(range(32)))
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def payload(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def event(number: int, pk: str, ver: int, op: str, old: Any, new: Any, **changed: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "at": (START + timedelta(seconds=number, microseconds=number)).isoformat(),
        "op": op,
        "pk": pk,
        "new": new,
        "obj": "privacy_incident",
        "old": old,
        "req": "",
        "sig": None,
        "ver": ver,
        "actor": {"id": "6b0f", "kind": "human", "name": "enc1:AAAA", "role": "Privacy officer"},
        "reason": "The facts became clearer",
        "schema": "c0ffee",
        "tenant": SCHEMA,
        **changed,
    }


def story(count: int) -> list[dict[str, Any]]:
    """`count` events of five records, each created, changed, deleted and created again."""
    events, rows, versions = [], {}, {}
    for number in range(count):
        pk = str(number % 5)
        versions[pk] = versions.get(pk, 0) + 1
        before = rows.get(pk)
        step = versions[pk] % 7
        after = (
            None
            if step == 6
            else {"id": pk, "title": "Zürich", "tags": [pk], "n": number if step % 2 else 1, "x": None}
        )
        op = "D" if after is None else "I" if before is None else "U"
        old = {key: value for key, value in before.items() if after[key] != value} if op == "U" else before
        events.append(event(number, pk, versions[pk], op, old, after))
        rows[pk] = after
    return events


@dataclass
class Specimen:
    """What is in an export, piece by piece, so that each piece can be bent before the pieces are put together."""

    lines: list[bytes]
    leaves: list[bytes]
    checkpoints: list[tuple[int, str]]
    checkpoint: str
    tiles: dict[str, bytes]
    first: int = 0
    size: int = 0
    keys: list[str] = field(default_factory=lambda: [KEY.vkey])
    extra: dict[str, bytes] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        earlier = [
            json.dumps({"size": size, "note": note}, ensure_ascii=False) + "\n" for size, note in self.checkpoints
        ]
        files = {
            "events.jsonl": b"".join(line + b"\n" for line in self.lines),
            "checkpoint": self.checkpoint.encode(),
            "checkpoints.jsonl": "".join(earlier).encode(),
            "keys.json": json.dumps([{"vkey": vkey} for vkey in self.keys]).encode(),
            **self.tiles,
            **self.extra,
        }
        return sealed(files, {**self.described(), **self.manifest})

    def described(self) -> dict[str, Any]:
        return {
            "format": "complere-trail/1",
            "origin": ORIGIN,
            "schema": SCHEMA,
            "from_index": self.first,
            "count": len(self.lines),
            "size": self.size,
            "made_at": "2026-03-09T09:00:00+00:00",
            "keys": self.keys,
        }

    def with_lines(self, lines: Sequence[bytes], **changed: Any) -> "Specimen":
        """The events bent, and everything else left as it was signed."""
        return replace(self, lines=list(lines), manifest={"count": len(self.lines), **self.manifest}, **changed)

    def write(self, path: Path) -> str:
        return archive(path, self.files())


def sealed(files: dict[str, bytes], manifest: dict[str, Any]) -> dict[str, bytes]:
    """With the manifest over these files, and its checksum."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    content = json.dumps({**manifest, "files": sums}).encode()
    checksum = f"{hashlib.sha256(content).hexdigest()}  manifest.json\n".encode()
    return {**files, "manifest.json": content, "manifest.sha256": checksum}


def archive(path: Path, files: dict[str, bytes]) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return str(path)


def note(size: int, root: bytes, key: notes.SignerKey = KEY, origin: str = ORIGIN) -> str:
    return notes.sign(notes.Checkpoint(origin, size, root).text, key)


def specimen(lines: Sequence[bytes], heads: Sequence[int] = (), key: notes.SignerKey = KEY) -> Specimen:
    """An honest export of these events, with checkpoints at these sizes and at the end."""
    leaves = [tree.leaf_hash(line) for line in lines]
    frontier = tree.Frontier()
    blocks = {(block.level, block.n): block.hash for block in frontier.extend(leaves)}

    def read(level: int, start: int, stop: int) -> list[bytes]:
        return [leaves[n] if level == 0 else blocks[level, n] for n in range(start, stop)]

    signed = [(size, note(size, tree.root(leaves[:size]), key)) for size in (*heads, len(lines))]
    files = dict(tiles.files(len(lines), read))
    return Specimen(list(lines), leaves, signed, signed[-1][1], files, size=len(lines), keys=[key.vkey])


def period(whole: Specimen, first: int, last: int) -> Specimen:
    """Some of its events, proven by the tiles of all."""
    return replace(whole, lines=whole.lines[first:last], first=first)
