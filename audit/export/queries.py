"""Exports, and what goes into one: read in windows, so that no trail is ever held in memory."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, Min, QuerySet

from audit.context import current_schema
from audit.export.models import Export, ExportPart
from audit.export.states import State
from audit.ledger.models import Anchor, Leaf
from audit.log_keys import queries as log_keys
from audit.log_keys.models import LogKey
from audit.sequencer import queries as sequencer
from audit.subject_keys import hashing
from audit.subject_keys.models import SubjectKey
from audit.subject_keys.queries import open_subject_key

WINDOW = 2_000
HEADS_AT_ONCE = 2_000
UNDER_WAY = (State.WAITING, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Extent:
    """What an export covers: `count` events from `first` on, of a log that `head` signed at its size."""

    first: int
    count: int
    head: sequencer.Head

    @property
    def stop(self) -> int:
        return self.first + self.count

    @property
    def origin(self) -> str:
        return self.head.note.split("\n", 1)[0]


def listed() -> "QuerySet[Export]":
    """Newest first, with the keys that open who asked."""
    return Export.objects.select_related("subject_key", "content_key").order_by("-asked_at")


def by_id(number: UUID) -> Export | None:
    return listed().filter(pk=number).first()


def next_due() -> datetime | None:
    found: datetime | None = Export.objects.filter(due_at__isnull=False).aggregate(at=Min("due_at"))["at"]
    return found


def due(now: datetime) -> "QuerySet[Export]":
    return Export.objects.filter(due_at__lte=now).order_by("due_at")


def somebody_was_erased_since(export: Export) -> bool:
    """Whether a person's key was destroyed after the file was begun: the file may still hold their name."""
    own = Export.objects.values("content_key")
    gone = SubjectKey.objects.filter(destroyed_at__gte=export.state_changed_at)
    return gone.exclude(pk__in=own).exists()


def extent(since: datetime | None, until: datetime | None) -> Extent | None:
    """The events of a period that the newest signed head covers; None while there is no head."""
    head = sequencer.last_head()
    if head is None:
        return None
    found = Leaf.objects.filter(idx__lt=head.size)
    found = found.filter(at__gte=since) if since else found
    found = found.filter(at__lt=until) if until else found
    ends = found.aggregate(first=Min("idx"), last=Max("idx"))
    if ends["first"] is None:
        return Extent(0, 0, head)
    return Extent(ends["first"], ends["last"] + 1 - ends["first"], head)


PAYLOADS = """
    SELECT l.idx, e.payload FROM ledger_leaf l JOIN ledger_event e USING (seq)
    WHERE l.idx >= %s AND l.idx < %s ORDER BY l.idx
"""


def payloads(first: int, stop: int) -> Iterator[list[tuple[int, str]]]:
    """Place and text of each event, a window at a time."""
    for start in range(first, stop, WINDOW):
        with connection.cursor() as cursor:
            cursor.execute(PAYLOADS, [start, min(start + WINDOW, stop)])
            yield cursor.fetchall()


def heads(up_to: sequencer.Head) -> Iterator[list[dict[str, Any]]]:
    """Every signed head of the log up to this one, oldest first, a window at a time."""
    asked = sequencer.checkpoints().filter(epoch__lte=up_to.epoch)
    at = (0, -1)
    while True:
        epoch, size = at
        later = asked.filter(epoch__gt=epoch) | asked.filter(epoch=epoch, size__gt=size)
        rows = list(later[:HEADS_AT_ONCE])
        if not rows:
            return
        yield [{"epoch": row.epoch, "size": row.size, "at": row.at.isoformat(), "note": row.note} for row in rows]
        at = (rows[-1].epoch, rows[-1].size)


def keys() -> list[dict[str, Any]]:
    """Every key that ever signed this log, with its time and the announcement of the key before."""
    return [_told(key) for key in log_keys.keys_of()]


def _told(key: LogKey) -> dict[str, Any]:
    return {
        "vkey": key.vkey,
        "origin": key.name,
        "epoch": key.epoch,
        "valid_from": key.created_at.isoformat(),
        "valid_to": key.retired_at.isoformat() if key.retired_at else None,
        "announcement": key.announcement,
    }


def anchors(size: int) -> Iterator[tuple[str, bytes]]:
    """Evidence from outside for heads up to this size: a name for each file, and its bytes."""
    for anchor in Anchor.objects.filter(size__lte=size).order_by("id"):
        about = json.dumps(
            {"size": anchor.size, "kind": anchor.kind, "at": anchor.at.isoformat(), "about": anchor.about}
        )
        stem = f"anchors/{anchor.size:012d}-{anchor.kind}-{anchor.id}"
        yield f"{stem}.json", about.encode()
        yield f"{stem}.{'tsr' if 'rfc3161' in anchor.kind else 'bin'}", bytes(anchor.evidence)


def contents(export: Export) -> Iterator[bytes]:
    """The file, part by part. Raises `ErasedError` once its key was destroyed."""
    key = open_subject_key(export.content_key)
    for number in ExportPart.objects.filter(export=export).order_by("number").values_list("number", flat=True):
        part = ExportPart.objects.get(export=export, number=number)
        yield hashing.unseal(bytes(part.content), key, place_of(export, number))


def place_of(export: Export, number: int) -> str:
    return f"{current_schema()}|{export.content_key_id}|audit.exportpart|{export.pk}|{number}"
