"""Starting, meeting and ending deadlines, and ringing their alarms.

A deadline row is the timer: its alarm moment is written with it, in the same transaction that
wakes the schema, so that nothing has to be remembered anywhere else.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any

import structlog
from django.db import OperationalError, models, transaction

from audit import context
from audit.transitions import move
from privacy import bells
from privacy.deadlines import clock, queries
from privacy.deadlines.models import Alarm, Deadline
from privacy.deadlines.states import Basis, Kind, State
from tenants.wakeups import actions as wakeups

log = structlog.get_logger(__name__)

Result = clock.DayDeadline | clock.HourDeadline | clock.BusinessDeadline
CLOCK = context.service("clock")
AT_DUE = timedelta(0)
# A bell that fails is tried again, sooner when only the database had no time for it.
AFTER_FAILURE = timedelta(hours=1)
AFTER_CONFLICT = timedelta(minutes=1)


def start(
    record: models.Model,
    *,
    kind: Kind,
    basis: Basis,
    title: str,
    result: Result,
    started_at: datetime,
    actor: context.Actor,
    now: datetime,
    reason: str,
    alarms: Sequence[timedelta] = clock.REMINDERS,
) -> Deadline:
    """Write the deadline that `result` computed for `record`, and set its first alarm: the next of `alarms` before the
    due moment, or the due moment itself. Its record names calendar, time zone database and algorithm (CLK-07, A.6 iv).
    """
    due_at, last_day, zone, calendar = _bounds(result)
    # One that starts too late rings at once: being overdue must not pass in silence.
    first = clock.next_alarm(due_at, now, [*alarms, AT_DUE]) or now
    with context.regulated_write(actor=actor, reason=reason):
        deadline = Deadline.objects.create(
            subject=queries.key(record),
            kind=kind,
            basis=basis,
            title=title,
            state_changed_at=now,
            started_at=started_at,
            due_at=due_at,
            last_day=last_day,
            time_zone=zone,
            calendar_version=calendar,
            computation={**clock.record(result), "tzdata": version("tzdata")},
            alarms=[early.total_seconds() for early in alarms],
            next_alarm_at=first,
        )
        wakeups.wake(first)
    return deadline


def meet(record: models.Model, *kinds: Kind, actor: context.Actor, now: datetime, reason: str) -> list[Deadline]:
    """The duty was done: close the open deadlines of these kinds (all kinds when none is named)."""
    return [
        move(deadline, State.MET, actor=actor, now=now, reason=reason, met_at=now, next_alarm_at=None)
        for deadline in queries.open_of(record, *kinds)
    ]


def end(record: models.Model, *kinds: Kind, actor: context.Actor, now: datetime, reason: str) -> list[Deadline]:
    """The duty fell away or another deadline took its place."""
    return [
        move(deadline, State.ENDED, actor=actor, now=now, reason=reason, next_alarm_at=None)
        for deadline in queries.open_of(record, *kinds)
    ]


def suspend(deadline: Deadline, *, actor: context.Actor, now: datetime, reason: str) -> Deadline:
    """Stop the clock: no alarm rings while it waits for somebody else."""
    return move(deadline, State.SUSPENDED, actor=actor, now=now, reason=reason, next_alarm_at=None)


def ring_due(now: datetime) -> int:
    """Ring every alarm that is due in this schema. Returns how many rang."""
    rung = 0
    while ring_next(now=now):
        rung += 1
    return rung


@transaction.atomic
def ring_next(*, now: datetime) -> bool:
    """Claim one due alarm, tell whom it concerns, and set the one after; False when none is due.

    Ringing, telling and setting are one transaction: after a crash either all of it happened or none. That a deadline
    passed is written even when the telling fails; the telling is then tried again.
    """
    # skip_locked: a second sweeper takes the next row instead of waiting for this one.
    deadline = queries.needing_alarm(now).select_for_update(skip_locked=True).first()
    if deadline is None:
        return False
    try:
        with transaction.atomic():
            deadline = _marked(deadline, now)
        with transaction.atomic():
            _ring(deadline, now)
    except Exception as failure:
        # One bell that breaks must not stop the others.
        log.exception("alarm failed", deadline=str(deadline.pk), kind=deadline.kind)
        _set_next(deadline, _after(failure, deadline, now))
    return True


def _marked(deadline: Deadline, now: datetime) -> Deadline:
    if now < deadline.due_at or deadline.state != State.RUNNING:
        return deadline
    reason = f"The deadline passed at {deadline.due_at:%Y-%m-%d %H:%M} UTC"
    return move(deadline, State.MISSED, actor=CLOCK, now=now, reason=reason)


def _ring(deadline: Deadline, now: datetime) -> None:
    Alarm.objects.create(deadline=deadline, due_at=deadline.next_alarm_at or now, rung_at=now)
    early = [timedelta(seconds=seconds) for seconds in deadline.alarms]
    _set_next(deadline, clock.next_alarm(deadline.due_at, now, [*early, AT_DUE]))
    if (bell := bells.of(deadline.kind)) is not None:
        bell(deadline, now)


def _after(failure: Exception, deadline: Deadline, now: datetime) -> datetime:
    again = now + (AFTER_CONFLICT if isinstance(failure, OperationalError) else AFTER_FAILURE)
    # However its bell fails, a deadline becomes overdue at its moment.
    return min(again, deadline.due_at) if now < deadline.due_at else again


def _set_next(deadline: Deadline, at: datetime | None) -> None:
    # update(), not save(): when somebody is told next is no version of the record.
    Deadline.objects.filter(pk=deadline.pk).update(next_alarm_at=at)


def _bounds(result: Result) -> tuple[datetime, date | None, str, str]:
    """Due instant, last day where there is one, zone, calendar version."""
    values: Any = result
    if isinstance(result, clock.HourDeadline):
        return result.safe_at, None, result.zone, ""
    due = values.end_exclusive if isinstance(result, clock.DayDeadline) else values.due_at
    last = values.last_day if isinstance(result, clock.DayDeadline) else values.due_on
    return due, last, values.zone, values.calendar_version
