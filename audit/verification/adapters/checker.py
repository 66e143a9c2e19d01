"""Checking the whole trail of the schema that the connection is in, from its first event.

The server sends while this process hashes: at least 100,000 events a second.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from audit.history import Regulated, regulated
from audit.ledger.models import Checkpoint
from audit.log_keys import queries as log_keys
from audit.merkle import notes, tree
from audit.merkle.tree import WIDTH
from audit.sequencer import queries as sequencing
from audit.sequencer.queries import Head
from audit.verification import queries
from audit.verification.catalogue import Finding, Kind
from audit.verification.hashing import Span, Walk
from audit.verification.queries import Place

# Events read by one statement.
CHUNK = 20_000
# More of one kind says nothing more, and a page must stay a page.
MOST = 100
# Placing takes a second; what waits longer is told.
LATE = timedelta(minutes=5)

Progress = Callable[[int, int], None]


@dataclass
class Report:
    """What a check found; nothing in `findings` means that the trail is whole."""

    schema: str
    size: int = 0
    root: str = ""
    heads: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.findings

    @property
    def events_a_second(self) -> float:
        return self.size / self.seconds if self.seconds else 0.0


def check(*, schema: str, now: datetime, known: Sequence[Head] = (), progress: Progress | None = None) -> Report:
    """Hash everything anew and compare. `known` are heads of this log as somebody else keeps them."""
    began = time.monotonic()
    heads = _Heads(sequencing.checkpoints().iterator(), log_keys.vkeys())
    walk = _walk(heads, progress)
    report = Report(schema, walk.size, walk.root().hex(), len(heads.stored))
    report.findings += _doubtful(walk)
    report.findings += _places(walk, heads)
    report.findings += heads.findings[:MOST]
    report.findings += _against(known, heads.stored)
    named = {finding.record for finding in report.findings}
    report.findings += _records(now, named)
    report.findings += _reconcile()
    report.seconds = time.monotonic() - began
    return report


class _Heads:
    """The stored heads, of which those that are not what was signed take no further part. A log has many."""

    def __init__(self, stored: Iterable[Checkpoint], vkeys: list[str]) -> None:
        self.findings: list[Finding] = []
        self.stored: dict[tuple[int, int], bytes] = {}
        self.roots: dict[int, list[bytes]] = {}
        for checkpoint in stored:
            head = Head(checkpoint.epoch, checkpoint.size, bytes(checkpoint.root), checkpoint.at, checkpoint.note)
            self.stored[head.epoch, head.size] = head.root
            try:
                sequencing.check_head(head, vkeys)
            except (notes.NoteRefused, tree.TreeRefused) as refused:
                self.findings.append(Finding(Kind.HEAD, "", f"the head of {head.size} events: {refused}"))
            else:
                self.roots.setdefault(head.size, []).append(head.root)

    @property
    def signed_size(self) -> int:
        return max(self.roots, default=0)


def _walk(heads: _Heads, progress: Progress | None) -> Walk:
    total, walk = queries.count(), Walk(queries.tiles())
    for start in range(0, total, CHUNK):
        walk.feed(queries.rows(start, start + CHUNK), _between(heads.roots, walk.size, start + CHUNK))
        if progress is not None:
            progress(min(start + CHUNK, total), total)
    return walk


def _between(roots: dict[int, list[bytes]], start: int, stop: int) -> dict[int, list[bytes]]:
    return {size: found for size, found in roots.items() if start < size <= stop}


def _doubtful(walk: Walk) -> list[Finding]:
    """Events whose bytes or columns are not those of their leaf, and places that are gone."""
    found: list[Finding] = []
    for start in range(0, len(walk.doubtful), MOST):
        for place in queries.places([idx for idx, _ in walk.doubtful[start : start + MOST]]):
            found += _why_doubtful(place)
        if len(found) >= MOST:
            break
    return found + [Finding(Kind.MISSING, "", f"entry {idx} of the log is gone") for idx in walk.lost[:MOST]]


def _why_doubtful(place: Place) -> list[Finding]:
    if place.event is None:
        return [Finding(Kind.MISSING, place.name, f"entry {place.idx} of the log has lost its event")]
    if tree.leaf_hash(place.event.payload.encode()) != place.hash:
        return [Finding(Kind.ALTERED, place.name, f"the bytes of entry {place.idx} are not those that entered the log")]
    if place.event.leaf != place.hash:
        return [Finding(Kind.ALTERED, place.name, f"the digest beside entry {place.idx} is not that of its bytes")]
    wrong = ", ".join(word for word, is_right in _columns(place, place.event) if not is_right)
    return [Finding(Kind.ALTERED, place.name, f"columns of entry {place.idx} say otherwise: {wrong}")] if wrong else []


def _columns(place: Place, event: queries.Told) -> Iterable[tuple[str, bool]]:
    said = place.document
    actor: dict[str, Any] = said.get("actor") or {}
    who = actor.get("id") or f"{actor.get('kind')}:{actor.get('name')}"
    yield "record", (said["obj"], said["pk"]) == (event.obj, event.pk) == (place.obj, place.pk)
    yield "version", said["ver"] == event.ver == place.ver
    yield "kind of change", said["op"] == event.op == place.op
    yield "time", datetime.fromisoformat(said["at"]) == event.at == place.at
    yield "actor", who == place.actor
    yield "reason", (said.get("reason") or "") == place.reason


def _places(walk: Walk, heads: _Heads) -> list[Finding]:
    """Leaves that are not those that were signed, and a log that is longer or shorter than its last head."""
    found = [finding for span in walk.spans() for finding in _why_wrong(span, walk)]
    found += _blocks(walk, heads.signed_size)
    found += [
        Finding(Kind.HEAD, "", f"the head of {size} events differs, though later ones hold")
        for size in walk.heads_alone()
    ]
    if walk.size < heads.signed_size:
        text = f"entries {walk.size} to {heads.signed_size - 1} were signed and are gone"
        found.append(Finding(Kind.TRUNCATED, "", text))
    beyond = queries.places(list(range(heads.signed_size, min(walk.size, heads.signed_size + MOST))))
    found += [
        Finding(Kind.INSERTED, place.name, f"entry {place.idx} lies behind the last signed head") for place in beyond
    ]
    return found


def _why_wrong(span: Span, walk: Walk) -> list[Finding]:
    doubtful = {idx for idx, whole in walk.doubtful if not whole} | set(walk.lost)
    if any(span.start <= idx < span.stop for idx in doubtful):
        # Told already, by name.
        return []
    places = queries.places(list(range(span.start, span.stop)))
    swapped = _out_of_order(places)
    if swapped:
        names = " and ".join(place.name for place in swapped)
        return [Finding(Kind.SWAPPED, "", f"{names} stand in another order than when the log was signed")]
    torn = _most_torn(places)
    if torn:
        text = "was rewritten with all its hashes: the versions beside it tell another story"
        return [Finding(Kind.ALTERED, place.name, text) for place in torn[:MOST]]
    names = ", ".join(place.name for place in places[:MOST])
    only = "was" if len(places) == 1 else "or one of its neighbours was"
    text = f"{only} rewritten or inserted with all its hashes, after it had been signed"
    return [Finding(Kind.ALTERED, names, text)]


def _out_of_order(places: Sequence[Place]) -> list[Place]:
    """Within one batch places follow the order of writing."""
    wanted = sorted(places, key=lambda place: place.seq)
    return [place for place, right in zip(places, wanted, strict=True) if place.seq != right.seq]


def _most_torn(places: Sequence[Place]) -> list[Place]:
    """Those that contradict both neighbours in their record's story; else those that contradict one."""
    torn = [(place, _contradictions(place)) for place in places]
    most = max((count for _, count in torn), default=0)
    return [place for place, count in torn if count == most > 0]


def _contradictions(place: Place) -> int:
    """With how many of its neighbours what an event says of before and after does not agree."""
    beside, said = queries.beside(place), place.document
    before, after = beside.get(place.ver - 1, {}), beside.get(place.ver + 1, {})
    return 2 - _follows(before.get("new"), said.get("old")) - _follows(said.get("new"), after.get("old"))


def _follows(image: dict[str, Any] | None, old: dict[str, Any] | None) -> bool:
    """What a later event calls the old values are those that the earlier one wrote."""
    return not image or not old or all(image.get(name) == value for name, value in old.items() if name in image)


def _blocks(walk: Walk, signed: int) -> list[Finding]:
    """The stored roots over blocks: all there, and each level over the one below."""
    absent = [n for n in range(signed // WIDTH) if n not in walk.tiles]
    found = [Finding(Kind.TILE, "", f"the hash over block {n} is missing") for n in absent[:MOST]]
    level, row = 2, walk.blocks
    while len(row) >= WIDTH:
        row = [tree.root(row[n : n + WIDTH]) for n in range(0, len(row) - len(row) % WIDTH, WIDTH)]
        if list(sequencing.read(level, 0, len(row))) != row:
            found.append(Finding(Kind.TILE, "", f"hashes of level {level} are not those over the blocks below"))
        level += 1
    return found


def _against(known: Sequence[Head], ours: dict[tuple[int, int], bytes]) -> list[Finding]:
    newest = max((epoch for epoch, _ in ours), default=0)
    found = []
    for head in known:
        root = ours.get((head.epoch, head.size))
        if root is None and head.epoch < newest:
            # Lost by a restore: the first event of the next epoch names it, and every page that tells of epochs.
            continue
        if root is None:
            found.append(Finding(Kind.REWRITTEN, "", f"the head of {head.size} events was published and is gone"))
        elif root != head.root:
            text = f"the head of {head.size} events is not the one that was published: what it covers was rewritten"
            found.append(Finding(Kind.REWRITTEN, "", text))
    return found[:MOST]


def _records(now: datetime, named: set[str]) -> list[Finding]:
    """Versions that are missing in the middle, and events that nobody gave a place."""
    gaps = [Finding(Kind.GAP, name, "is not in the trail") for name in queries.gaps(MOST) if name not in named]
    text = "has no place in the log: inserted past the sequencer, or its place was taken away"
    return gaps + [Finding(Kind.UNPLACED, name, text) for name in queries.unplaced(now - LATE, MOST)]


def _reconcile() -> list[Finding]:
    """Every regulated row is what its last event says; nothing was changed past the trail."""
    here = queries.tables()
    return [finding for table in regulated() if table.table in here for finding in _reconciled(table)]


def _reconciled(table: Regulated) -> list[Finding]:
    found = [Finding(Kind.STATE, f"{table.table}:{pk}", _how(op)) for pk, op in queries.changed(table, MOST)]
    text = "the record is gone, and no event tells of it"
    return found + [Finding(Kind.STATE, f"{table.table}:{pk}", text) for pk in queries.gone(table, MOST)]


def _how(op: str | None) -> str:
    if op is None:
        return "the record is there, and no event tells of it"
    return "the record is there, though it was deleted" if op == "D" else "the record is not what its last event says"
