from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Min, QuerySet

from privacy.deadlines import catalogue, clock
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import OPEN, Basis, State


def key(record: models.Model) -> str:
    """How deadlines, mails and the trail name a record: `privacy.subjectrequest:<id>`."""
    return f"{record._meta.label_lower}:{record.pk}"


def needing_alarm(now: datetime) -> QuerySet[Deadline]:
    """Deadlines whose alarm is due, longest waiting first. Ordered by the index, never by id."""
    return Deadline.objects.filter(next_alarm_at__lte=now).order_by("next_alarm_at")


def next_alarm_at() -> datetime | None:
    found: datetime | None = Deadline.objects.filter(next_alarm_at__isnull=False).aggregate(at=Min("next_alarm_at"))["at"]
    return found


def of(record: models.Model) -> QuerySet[Deadline]:
    """Every deadline of a record, the earliest first."""
    return Deadline.objects.filter(subject=key(record)).order_by("due_at", "kind")


def of_many(records: Iterable[models.Model]) -> dict[str, list[Deadline]]:
    """Deadlines of a page of records in one query, by `key(record)`."""
    keys = [key(record) for record in records]
    found: dict[str, list[Deadline]] = {name: [] for name in keys}
    for deadline in Deadline.objects.filter(subject__in=keys).order_by("due_at", "kind"):
        found[deadline.subject].append(deadline)
    return found


def open_of(record: models.Model, *kinds: str) -> QuerySet[Deadline]:
    waiting = of(record).filter(state__in=OPEN)
    return waiting.filter(kind__in=kinds) if kinds else waiting


def binding(deadlines: Iterable[Deadline]) -> Deadline | None:
    """The earliest open deadline of law or promise: the one that counts (CLK-08, DSR-14)."""
    counting = [d for d in deadlines if d.basis != Basis.TARGET and d.state in OPEN]
    return min(counting, key=lambda d: d.due_at, default=None)


def place(tenant: Any) -> clock.Place:
    """The statutory calendar and zone of a tenant (CLK-05)."""
    return clock.Place(catalogue.statutory_calendar(tenant.calendar), ZoneInfo(tenant.time_zone))


def overdue() -> QuerySet[Deadline]:
    return Deadline.objects.filter(state=State.MISSED).order_by("due_at")
