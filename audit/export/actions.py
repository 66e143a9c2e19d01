"""Ordering, making and dropping copies of the trail."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.db import connection

from audit import context
from audit.export import queries
from audit.export.adapters import writing
from audit.export.adapters.archive import Parts
from audit.export.models import Export, ExportPart
from audit.export.states import KEPT_FOR, LEASE, TRIES, State
from audit.subject_keys import actions as subject_keys
from audit.subject_keys import hashing
from audit.subject_keys.queries import open_subject_key
from audit.transitions import move

log = structlog.get_logger(__name__)
CLERK = context.service("export")


class ExportRefused(ValueError):
    """No copy can be ordered like this; the message says why."""


class _Lost(Exception):
    """Somebody else has taken the export over."""


def order(
    *,
    since: datetime | None,
    until: datetime | None,
    time_zone: str,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> Export:
    """Have a copy of a period (aware, `until` exclusive), or of everything, made. Raises `ExportRefused`."""
    if actor.key_id is None or actor.id is None or actor.home != context.current_schema():
        raise ExportRefused("Only a person with an account here orders a copy of the trail.")
    with context.regulated_write(actor=actor, reason=reason) as write:
        if Export.objects.filter(state__in=queries.UNDER_WAY, asked_by=actor.id).exists():
            raise ExportRefused("An export that you ordered is still being made. Wait until it is ready.")
        export = Export.objects.create(
            state_changed_at=now,
            since_at=since,
            until_at=until,
            reason=write.reason,
            asked_at=now,
            asked_by=actor.id,
            subject_key_id=actor.key_id,
            asked_by_name=actor.name,
            time_zone=time_zone,
            content_key=subject_keys.create(now=now),
            due_at=now,
        )
        _wake(now)
    return export


def do_due(now: datetime) -> int:
    """Make one file that was ordered, drop those that are over. Returns how many were seen to."""
    done = 0
    while (export := _claim(now)) is not None:
        done += 1
        if export.state == State.RUNNING:
            _make(export, now)
            # One long job a run: a worker has only so much time for it.
            break
    return done


def _claim(now: datetime) -> Export | None:
    """Take one export that is due: one to be made is leased, one that is over is dropped."""
    with context.regulated_write(actor=CLERK, reason="Make copies of the trail as ordered"):
        export = queries.due(now).select_for_update(skip_locked=True).first()
        if export is None:
            return None
        if export.state == State.READY:
            return _drop(export, State.EXPIRED, now, "The copy was kept as long as it is kept")
        if export.tries >= TRIES:
            return _fail(export, now, f"Making the file was interrupted {TRIES} times.")
        begun: dict[str, Any] = {"due_at": now + LEASE, "tries": export.tries + 1, "done": 0, "total": 0}
        return move(export, State.RUNNING, actor=CLERK, now=now, reason="Making the copy", **begun)


def _make(export: Export, now: datetime) -> None:
    try:
        _write(export, now)
    except _Lost:
        log.warning("export was taken over", export=str(export.pk))
    except Exception as failure:
        log.exception("export failed", export=str(export.pk))
        _fail(export, now, f"The file could not be made: {failure}"[:500])


def _write(export: Export, now: datetime) -> None:
    """Part by part, each its own transaction: a long job holds nobody up and shows how far it is."""
    extent = queries.extent(export.since_at, export.until_at)
    if extent is None:
        _fail(export, now, "The log has no signed head yet. Order the copy again in a minute.")
        return
    if extent.count > writing.MOST_EVENTS:
        _fail(export, now, f"These are {extent.count:,} events; a file holds {writing.MOST_EVENTS:,}. Order parts.")
        return
    ExportPart.objects.filter(export=export).delete()
    out = Parts(_keeper(export))
    writing.write(export, extent, out, at=now, progress=_progress(export))
    digest = out.end()
    facts: dict[str, Any] = {"from_index": extent.first, "event_count": extent.count, "log_size": extent.head.size}
    kept: dict[str, Any] = {
        "file_size": out.size,
        "file_digest": digest,
        "expires_at": now + KEPT_FOR,
        "due_at": now + KEPT_FOR,
    }
    with context.regulated_write(actor=CLERK, reason="The copy is made"):
        move(export, State.READY, actor=CLERK, now=now, reason="The copy is made", **facts, **kept)
        _wake(now + KEPT_FOR)


def _keeper(export: Export) -> Callable[[int, bytes], None]:
    key = open_subject_key(export.content_key)

    def keep(number: int, part: bytes) -> None:
        sealed = hashing.seal(part, key, queries.place_of(export, number))
        ExportPart.objects.create(export=export, number=number, content=sealed)

    return keep


def _progress(export: Export) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        # Hidden from the trail: how far a job is, is nobody's act.
        mine = Export.objects.filter(pk=export.pk, state=State.RUNNING, tries=export.tries)
        if not mine.update(done=done, total=total):
            raise _Lost

    return tell


def withdraw(export: Export, *, now: datetime) -> Export:
    """Nobody gets the file any more: a person whose name it may hold was erased since (GDPR Art. 17)."""
    reason = "A person was erased after this copy was made"
    with context.regulated_write(actor=CLERK, reason=reason):
        return _drop(export, State.WITHDRAWN, now, reason)


def _drop(export: Export, to: State, now: datetime, reason: str) -> Export:
    ExportPart.objects.filter(export=export).delete()
    subject_keys.destroy(export.content_key, actor=CLERK, now=now, reason=reason)
    return move(export, to, actor=CLERK, now=now, reason=reason, due_at=None)


def _fail(export: Export, now: datetime, why: str) -> Export:
    ExportPart.objects.filter(export=export).delete()
    return move(export, State.FAILED, actor=CLERK, now=now, reason=why, failure=why, due_at=None)


def _wake(at: datetime) -> None:
    with connection.cursor() as cursor:
        # The door that tenants.wakeups knocks at; that module stands above this app.
        cursor.execute("SELECT doors.wake(%s)", [at])
