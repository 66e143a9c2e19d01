from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Min, QuerySet
from django.urls import reverse

from privacy.deadlines import catalogue, clock
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import OPEN, Basis, Kind, State
from tenants import schemas


def key(record: models.Model) -> str:
    """How deadlines, mails and the trail name a record: `privacy.subjectrequest:<id>`."""
    return f"{record._meta.label_lower}:{record.pk}"


def needing_alarm(now: datetime) -> QuerySet[Deadline]:
    """Deadlines whose alarm is due, longest waiting first. Ordered by the index, never by id."""
    return Deadline.objects.filter(next_alarm_at__lte=now).order_by("next_alarm_at")


def next_alarm_at() -> datetime | None:
    """When the earliest alarm of this schema rings."""
    waiting = Deadline.objects.filter(next_alarm_at__isnull=False)
    found: datetime | None = waiting.aggregate(at=Min("next_alarm_at"))["at"]
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
    # Where both end together, the law is the one to name.
    return min(counting, key=lambda d: (d.due_at, d.basis != Basis.LAW), default=None)


def place(tenant: Any) -> clock.Place:
    """The statutory calendar and zone of a tenant (CLK-05)."""
    return clock.Place(catalogue.statutory_calendar(tenant.calendar), ZoneInfo(tenant.time_zone))


def overdue() -> QuerySet[Deadline]:
    return Deadline.objects.filter(state=State.MISSED).order_by("due_at")


class Ask(StrEnum):
    """What the public page explains; the values stand in links and stay."""

    MONTH = "month"
    EXTENSION = "extension"
    PROMISE = "promise"
    HOURS = "hours"
    TARGET = "target"
    BUSINESS_DAY = "business-day"
    OBJECTION = "objection"
    NOTICE = "notice"


COUNTED_IN_HOURS = frozenset({Ask.HOURS, Ask.TARGET, Ask.BUSINESS_DAY})
PAUSABLE = frozenset({Ask.MONTH, Ask.EXTENSION})
Result = clock.DayDeadline | clock.HourDeadline | clock.BusinessDeadline | clock.BackwardDeadline


@dataclass(frozen=True, slots=True)
class Question:
    """A deadline asked for: what begins it, where it runs, and the days that do not count (DSR-06, DSR-07)."""

    ask: Ask
    started_at: datetime
    calendar: str
    zone: ZoneInfo
    excluded_days: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The deadline, and the dated legal parameters that it was computed with."""

    question: Question
    result: Result
    parameters: tuple[catalogue.LegalParameter, ...]


_PARAMETERS: Mapping[Ask, tuple[str, ...]] = MappingProxyType(
    {
        Ask.MONTH: ("dsr.base_months",),
        Ask.EXTENSION: ("dsr.base_months", "dsr.extension_months"),
        Ask.PROMISE: ("dsr.promise_days",),
        Ask.HOURS: ("breach.controller_hours",),
        Ask.TARGET: ("breach.processor_target_hours",),
        Ask.BUSINESS_DAY: ("doc.business_days",),
        Ask.OBJECTION: ("subprocessor.notice_days",),
        Ask.NOTICE: ("subprocessor.notice_days",),
    }
)


def answer(question: Question) -> Answer:
    """Compute the deadline asked for. Raises DeadlineRefused, UnknownCalendar, UnknownParameter."""
    on = clock.local_day(question.started_at, question.zone)
    law = catalogue.jurisdiction(question.calendar)
    parameters = tuple(catalogue.parameter(key, law, on) for key in _PARAMETERS[question.ask])
    return Answer(question, _COMPUTED[question.ask](question, sum(row.value for row in parameters)), parameters)


def _months(question: Question, months: int) -> Result:
    on = clock.local_day(question.started_at, question.zone)
    return clock.month_period(on, months, _statutory(question), excluded_days=question.excluded_days)


def _promise(question: Question, days: int) -> Result:
    return clock.promise_period(clock.local_day(question.started_at, question.zone), days, _statutory(question))


def _hours(question: Question, hours: int) -> Result:
    return clock.hour_period(question.started_at, hours, question.zone)


def _business(question: Question, days: int) -> Result:
    served = catalogue.service_hours(question.calendar, question.zone.key)
    return clock.business_days(question.started_at, days, served.cutoff, clock.Place(served.calendar, served.zone))


def _objection(question: Question, days: int) -> Result:
    return clock.notice_window(clock.local_day(question.started_at, question.zone), days, _statutory(question))


def _notice(question: Question, days: int) -> Result:
    return clock.backward_period(clock.local_day(question.started_at, question.zone), days)


def _statutory(question: Question) -> clock.Place:
    return clock.Place(catalogue.statutory_calendar(question.calendar), question.zone)


_COMPUTED: Mapping[Ask, Callable[[Question, int], Result]] = MappingProxyType(
    {
        Ask.MONTH: _months,
        Ask.EXTENSION: _months,
        Ask.PROMISE: _promise,
        Ask.HOURS: _hours,
        Ask.TARGET: _hours,
        Ask.BUSINESS_DAY: _business,
        Ask.OBJECTION: _objection,
        Ask.NOTICE: _notice,
    }
)


def explain_url(deadline: Deadline) -> str:
    """The public page's address that derives this deadline again; empty where it has other lengths than the law's."""
    stored = deadline.computation
    ask = _ask_of(deadline)
    # Hours need no holidays, but whose law sets their number is told by the tenant's calendar.
    calendar = stored.get("calendar") or getattr(schemas.current(), "calendar", "")
    if ask is None or not calendar:
        return ""
    told = {"kind": ask, "calendar": calendar, "zone": stored["zone"]}
    if ask in COUNTED_IN_HOURS:
        at = datetime.fromisoformat(stored.get("event_at") or stored["received_at"]).astimezone(UTC)
        told |= {"day": at.date().isoformat(), "time": at.time().isoformat(), "told_in": "UTC"}
    else:
        told |= {"day": stored["event_on"]}
    if stored.get("excluded_days"):
        told |= {"excluded": stored["excluded_days"]}
    return f"{reverse('explain-deadline')}?{urlencode({name: value for name, value in told.items() if value})}"


def _ask_of(deadline: Deadline) -> Ask | None:
    length = deadline.computation.get("length")
    if deadline.kind == Kind.DSR_STATUTORY:
        return {1: Ask.MONTH, 3: Ask.EXTENSION}.get(length or 0)
    asks = {
        Kind.DSR_PROMISE: Ask.PROMISE,
        Kind.BREACH_CONTROLLER: Ask.HOURS,
        Kind.BREACH_PROMISE: Ask.HOURS,
        Kind.BREACH_TARGET: Ask.TARGET,
        Kind.DOCUMENT_ANSWER: Ask.BUSINESS_DAY,
    }
    return asks.get(Kind(deadline.kind))
