"""What an export holds and in which order: the layout that content/verify.py reads."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audit.context import current_schema
from audit.export import queries
from audit.export.adapters import spelling, typesetting
from audit.export.adapters.archive import Archive, Parts
from audit.export.models import Export
from audit.export.queries import Extent
from audit.ledger.models import Leaf
from audit.merkle import tiles
from audit.printing import PrintingFailed
from audit.sequencer import queries as sequencer
from audit.subject_keys.queries import open_names
from audit.trail import presenters as trail
from audit.trail import queries as trail_queries
from audit.trail.adapters import ledger

FORMAT = "complere-trail/1"
CONTENT = Path(__file__).resolve().parent.parent / "content"
# Stated limits: what fits into the time that a job has, and onto paper that somebody reads.
MOST_EVENTS = 1_200_000
MOST_ON_PAPER = 200
NO_PAPER = "trail-pdf-missing.txt"
Progress = Callable[[int, int], None]


def write(export: Export, extent: Extent, out: Parts, *, at: datetime, progress: Progress) -> None:
    """The whole zip, into `out`. `progress(done, total)` is told after every window of events."""
    steps = _steps(extent.count, progress)
    with Archive(out, at) as archive:
        archive.add("events.jsonl", _events(extent, steps))
        archive.add("trail.csv", spelling.table(_told(extent, steps), trail_queries.by_table()))
        archive.add(*_paper_or_why_not(export, extent))
        archive.add("checkpoint", extent.head.note.encode())
        archive.add("checkpoints.jsonl", _heads(extent))
        for path, content in tiles.files(extent.head.size, sequencer.read):
            archive.add(path, content)
        keys = queries.keys()
        archive.add("keys.json", _json(keys))
        for name, content in queries.anchors(extent.head.size):
            archive.add(name, content)
        for name in ("verify.py", "README.txt"):
            archive.add(name, (CONTENT / name).read_bytes())
        manifest = _json(_manifest(export, extent, keys, archive.digests, at))
        archive.add("manifest.json", manifest)
        archive.add("manifest.sha256", f"{archive.digests['manifest.json']}  manifest.json\n".encode())


def _steps(count: int, progress: Progress) -> Callable[[int], None]:
    """Both passes over the events count as steps."""
    done = 0

    def tell(number: int) -> None:
        nonlocal done
        done += number
        progress(done, 2 * count)

    return tell


def _events(extent: Extent, steps: Callable[[int], None]) -> Iterator[bytes]:
    for window in queries.payloads(extent.first, extent.stop):
        yield "".join(f"{payload}\n" for _, payload in window).encode()
        steps(len(window))


def _told(extent: Extent, steps: Callable[[int], None]) -> Iterator[list[tuple[int, str]]]:
    for window in queries.payloads(extent.first, extent.stop):
        yield window
        steps(len(window))


def _heads(extent: Extent) -> Iterator[bytes]:
    for window in queries.heads(extent.head):
        yield "".join(f"{json.dumps(head, ensure_ascii=False)}\n" for head in window).encode()


def _paper_or_why_not(export: Export, extent: Extent) -> tuple[str, bytes]:
    """Evidence without paper is better than none: the table has every entry all the same."""
    try:
        return "trail.pdf", _paper(export, extent)
    except PrintingFailed as failure:
        return NO_PAPER, f"The PDF could not be printed: {failure}\ntrail.csv has every entry.\n".encode()


def _paper(export: Export, extent: Extent) -> bytes:
    """The newest entries, told; personal data stay sealed, as in the table."""
    zone = ZoneInfo(export.time_zone)
    found = Leaf.objects.filter(idx__gte=extent.first, idx__lt=extent.stop).order_by("-idx")
    leaves = list(found[:MOST_ON_PAPER])
    told = ledger.retold(trail_queries.events_at(leaves))
    actors = open_names(trail.sealed(told))
    reader = trail.Reader(may=lambda permission: True, zone=zone, actors=actors, masked=True)
    shown = len(leaves)
    rest = "" if shown == extent.count else f" The newest {shown:,} are on paper; trail.csv has all of them."
    return typesetting.pdf_of(
        title="Audit trail",
        lede=f"{extent.count:,} entries.{rest} Times are those of {zone.key}.",
        facts=[
            ("Log", extent.origin),
            ("Entries", f"{extent.first} to {extent.stop - 1}" if extent.count else "none"),
            ("Signed head", f"{extent.head.size} entries, {trail.moment(extent.head.at, zone).local}"),
            ("Root", extent.head.root.hex()),
            ("Ordered because", export.reason),
        ],
        heading="Entries, newest first",
        entries=trail.lines(leaves, told, reader),
    )


def _manifest(
    export: Export, extent: Extent, keys: list[dict[str, Any]], files: dict[str, str], at: datetime
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "origin": extent.origin,
        "schema": current_schema(),
        "from_index": extent.first,
        "count": extent.count,
        "size": extent.head.size,
        "since": export.since_at.isoformat() if export.since_at else None,
        "until": export.until_at.isoformat() if export.until_at else None,
        "made_at": at.isoformat(),
        "reason": export.reason,
        "keys": [key["vkey"] for key in keys],
        "earlier_origins": sorted({key["origin"] for key in keys} - {extent.origin}),
        "files": dict(sorted(files.items())),
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
