"""Deadline arithmetic: months, days, hours, business days, notices, alarms. Pure: it never asks the time.

Instants are aware datetimes, returned in UTC. A period of days or months works on civil dates of a zone (CLK-02) and
ends at the half-open bound `end_exclusive`: what is done before it is on time (CLK-03). The arithmetic is that of
Regulation (EEC, Euratom) 1182/71. Every result carries its inputs and steps, so that it can be derived again (CLK-07).
"""

from calendar import SATURDAY, SUNDAY, monthrange
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

ALGORITHM = "1182-71/1"
ONE_DAY = timedelta(days=1)
ONE_HOUR = timedelta(hours=1)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
REMINDERS = (timedelta(days=7), timedelta(days=1), timedelta(0))
WORKING_DAYS_IN_ANY_PERIOD = 2


class DeadlineRefused(ValueError):
    """The deadline cannot be computed from these inputs."""


class NaiveInstant(DeadlineRefused):
    """An instant has no offset, so it names no moment (CLK-01)."""


class OutsideCoverage(DeadlineRefused):
    """The period leaves the years that the holiday calendar covers (CLK-06)."""


class Calendar(Protocol):
    """What the arithmetic asks of a holiday calendar; `privacy.deadlines.catalogue` has them."""

    @property
    def code(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def first_year(self) -> int: ...
    @property
    def last_year(self) -> int: ...
    def holiday(self, day: date, /) -> str | None: ...
    def is_weekend(self, day: date, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a period runs: the holidays that count there and the zone its days are told in."""

    calendar: Calendar
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a computation: the rule, what it did in plain words, and the day or instant it reached."""

    rule: str
    says: str
    reached: date | datetime | None


@dataclass(frozen=True, slots=True)
class DayDeadline:
    """The end of a period of days or months. `nominal` is before exclusions and roll; `end_exclusive` is in UTC."""

    event_on: date
    length: int
    unit: str
    excluded_days: int
    nominal: date
    last_day: date
    end_exclusive: datetime
    zone: str
    calendar: str
    calendar_version: str
    steps: tuple[Step, ...]

    @property
    def next_day(self) -> date:
        """The day after the last day; after a notice period, the earliest day of engagement (SUB-04)."""
        return self.last_day + ONE_DAY

    def met_by(self, done_at: datetime) -> bool:
        """Whether an act at this instant is on time (CLK-03). Raises NaiveInstant."""
        return in_utc(done_at) < self.end_exclusive


@dataclass(frozen=True, slots=True)
class HourDeadline:
    """The end of a period of hours: `safe_at` is enforced, `limit_1182_at` is the outer limit of Reg. 1182/71 (UTC)."""

    event_at: datetime
    hours: int
    safe_at: datetime
    limit_1182_at: datetime
    zone: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class BusinessDeadline:
    """The end of a promise in business days: cut-off time on `due_on` in the zone of the serving region."""

    received_at: datetime
    days: int
    cutoff: time
    day_zero: date
    due_on: date
    due_at: datetime
    zone: str
    calendar: str
    calendar_version: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class BackwardDeadline:
    """The latest day on which to act so that `clear_days` whole days lie before `effective_on` (SUB-05)."""

    effective_on: date
    clear_days: int
    latest_on: date
    steps: tuple[Step, ...]


def in_utc(instant: datetime) -> datetime:
    """The instant in UTC. Raises NaiveInstant when it carries no offset (CLK-01)."""
    if instant.utcoffset() is None:
        raise NaiveInstant(f"{instant.isoformat()} has no offset")
    return instant.astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The civil date of the instant in the zone (CLK-02). Raises NaiveInstant."""
    return in_utc(instant).astimezone(zone).date()


def earliest_receipt(*received_at: datetime) -> datetime:
    """The receipt that starts the statutory clock when a request arrived twice (DSR-01). Raises NaiveInstant."""
    return min(in_utc(instant) for instant in received_at)


def first_instant(day: date, zone: ZoneInfo, at: time = time.min) -> datetime:
    """The first instant, in UTC, at which the clocks of the zone show `at` on `day`, or pass over it."""
    wall = datetime.combine(day, at)
    shown = wall.replace(tzinfo=zone).astimezone(UTC)
    if shown.astimezone(zone).replace(tzinfo=None) == wall:
        return shown
    # The zone skips this time: find the change, which lies between the two readings of it.
    early, late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), shown
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        early, late = (early, middle) if middle.astimezone(zone).replace(tzinfo=None) >= wall else (middle, late)
    return late


def add_months(day: date, months: int) -> date:
    """The same date number `months` later, or the last day of that month: Reg. 1182/71 Art. 3(2)(c) (CLK-11, 12)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise OutsideCoverage(f"{months} months from {day} is beyond the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_period(event_on: date, months: int, place: Place, *, excluded_days: int = 0) -> DayDeadline:
    """`months` months after the day of the event, in one step and rolled: Reg. 1182/71 Art. 3 (CLK-10 to CLK-16).

    `excluded_days` are added to the date before it rolls. Raises DeadlineRefused for an empty or uncovered period.
    """
    _at_least_one(months)
    nominal = add_months(event_on, months)
    steps = [
        Step("CLK-10", f"The day of the event, {say_day(event_on)}, is not counted", event_on),
        Step("CLK-11", f"{say_count(months, 'month')} later, in one step, is {say_day(nominal)}", nominal),
    ]
    if nominal.day != event_on.day:
        steps.append(Step("CLK-12", f"That month has no day {event_on.day}, so its last day counts", nominal))
    return _closed(event_on, (months, "months"), (nominal, excluded_days), place, steps)


def notice_window(delivered_on: date, days: int, place: Place) -> DayDeadline:
    """`days` days to object after a notice, rolled in favour of who may object (GDPR Art. 28(2), SUB-04)."""
    _at_least_one(days)
    nominal = later(delivered_on, days)
    steps = [
        Step("CLK-10", f"The day of delivery, {say_day(delivered_on)}, is not counted", delivered_on),
        Step("SUB-04", f"{say_count(days, 'day')} later is {say_day(nominal)}", nominal),
    ]
    return _closed(delivered_on, (days, "days"), (nominal, 0), place, steps)


def promise_period(validated_on: date, days: int, place: Place) -> DayDeadline:
    """`days` days after validation, never rolled: a promise is read against who makes it (DSR-13)."""
    _at_least_one(days)
    last = later(validated_on, days)
    _covered(validated_on, place.calendar)
    _covered(last, place.calendar)
    steps = [Step("DSR-13", f"{say_count(days, 'day')} after validation on {say_day(validated_on)}, not rolled", last)]
    return _ending(validated_on, (days, "days"), (last, 0), last, place, steps)


def backward_period(effective_on: date, clear_days: int) -> BackwardDeadline:
    """The latest day that leaves `clear_days` whole days before `effective_on`; Art. 3(4) does not roll it (SUB-05)."""
    _at_least_one(clear_days)
    latest = later(effective_on, -clear_days - 1)
    says = f"{say_count(clear_days, 'clear day')} before {say_day(effective_on)}, not rolled: {say_day(latest)}"
    return BackwardDeadline(effective_on, clear_days, latest, (Step("SUB-05", says, latest),))


def hour_period(event_at: datetime, hours: int, zone: ZoneInfo) -> HourDeadline:
    """`hours` elapsed hours, never rolled: GDPR Art. 33(1), Reg. 1182/71 Art. 3(1) (CLK-17, CLK-18, BRE-05)."""
    _at_least_one(hours)
    start = in_utc(event_at)
    local = start.astimezone(zone)
    # Counted from the local clock: half-hour zones begin their hours at other instants than UTC does.
    into_hour = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    next_hour = start - into_hour + ONE_HOUR
    safe, limit = _elapsed(start, hours), _elapsed(next_hour, hours)
    steps = (
        Step("CLK-18", f"{say_count(hours, 'elapsed hour')} after {_say_at(start, zone)}: {_say_at(safe, zone)}", safe),
        Step("CLK-17", f"Without the hour of the event, counted from {_say_at(next_hour, zone)}", limit),
    )
    return HourDeadline(start, hours, safe, limit, zone.key, steps)


def business_days(received_at: datetime, days: int, cutoff: time, place: Place) -> BusinessDeadline:
    """Cut-off time of the `days`-th business day after day zero, in the serving region's zone (DOC-01 to DOC-03)."""
    _at_least_one(days)
    received = in_utc(received_at)
    arrived = local_day(received, place.zone)
    in_time = received < first_instant(arrived, place.zone, cutoff)
    zero = _next_business_day(arrived if in_time else later(arrived, 1), place.calendar)
    due = zero
    for _ in range(days):
        due = _next_business_day(later(due, 1), place.calendar)
    due_at = first_instant(due, place.zone, cutoff)
    steps = (
        Step("DOC-02", f"Received {_say_at(received, place.zone)}, the serving region's time", received),
        Step("DOC-01", f"Day 0, the business day of receipt before {cutoff:%H:%M}, is {say_day(zero)}", zero),
        Step(
            "DOC-01",
            f"{say_count(days, 'business day')} later, at {cutoff:%H:%M}: {_say_at(due_at, place.zone)}",
            due_at,
        ),
    )
    names = (place.zone.key, place.calendar.code, place.calendar.version)
    return BusinessDeadline(received, days, cutoff, zero, due, due_at, *names, steps)


def next_alarm(due_at: datetime, after: datetime, before: Sequence[timedelta] = REMINDERS) -> datetime | None:
    """The first alarm later than `after`, each `before` the due instant, or None when all have rung. UTC."""
    due, since = in_utc(due_at), in_utc(after)
    return min((due - early for early in before if due - early > since), default=None)


def record(result: object) -> dict[str, object]:
    """A result as plain JSON values for the audit trail, with the algorithm that made it (CLK-07)."""
    return {"algorithm": ALGORITHM} | {
        field.name: _plain(getattr(result, field.name)) for field in fields(cast("Any", result))
    }


def say_day(day: date) -> str:
    """A day as every explanation writes it: "Mon 07 Sep 2026"."""
    return f"{WEEKDAYS[day.weekday()]} {day:%d} {MONTHS[day.month - 1]} {day.year}"


def say_count(number: int, noun: str) -> str:
    """A number with its noun, in the plural when it takes one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def later(day: date, days: int) -> date:
    """The date `days` days later. Raises OutsideCoverage where the calendar of years ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise OutsideCoverage(f"{days} days from {day} is beyond the calendar") from None


def _say_at(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{say_day(local.date())} {local:%H:%M} {local.tzname()} ({zone.key})"


def _elapsed(instant: datetime, hours: int) -> datetime:
    try:
        return instant + hours * ONE_HOUR
    except OverflowError:
        raise OutsideCoverage(f"{hours} hours from {instant.isoformat()} is beyond the calendar") from None


def _at_least_one(number: int) -> None:
    if number < 1:
        raise DeadlineRefused(f"a period needs a length of at least one, not {number}")


def _covered(day: date, calendar: Calendar) -> None:
    if not calendar.first_year <= day.year <= calendar.last_year:
        covered = f"{calendar.code} covers {calendar.first_year} to {calendar.last_year}"
        raise OutsideCoverage(f"{covered}, and the period reaches {day}")


def _day_of_rest(day: date, calendar: Calendar) -> str | None:
    # Saturday and Sunday by name, whatever the country's weekend: Reg. 1182/71 Art. 2(2).
    _covered(day, calendar)
    return calendar.holiday(day) or {SATURDAY: "a Saturday", SUNDAY: "a Sunday"}.get(day.weekday())


def _roll_forward(day: date, calendar: Calendar) -> tuple[date, list[str]]:
    skipped = []
    while rest := _day_of_rest(day, calendar):
        skipped.append(f"{say_day(day)} is {rest}")
        day = later(day, 1)
    return day, skipped


def _has_two_working_days(event_on: date, last: date, calendar: Calendar) -> bool:
    found, day = 0, later(event_on, 1)
    while day <= last and found < WORKING_DAYS_IN_ANY_PERIOD:
        found += _day_of_rest(day, calendar) is None
        day = later(day, 1)
    return found == WORKING_DAYS_IN_ANY_PERIOD


def _closed(
    event_on: date, length: tuple[int, str], nominal: tuple[date, int], place: Place, steps: list[Step]
) -> DayDeadline:
    _covered(event_on, place.calendar)
    ends = later(*nominal)
    if nominal[1]:
        steps.append(Step("DSR-06, DSR-07", f"{say_count(nominal[1], 'day')} not counted: {say_day(ends)}", ends))
    last, skipped = _roll_forward(ends, place.calendar)
    if skipped:
        steps.append(Step("CLK-15", f"{'; '.join(skipped)}: the next working day is {say_day(last)}", last))
    while length != (1, "days") and not _has_two_working_days(event_on, last, place.calendar):
        last, _ = _roll_forward(later(last, 1), place.calendar)
        steps.append(Step("CLK-16", f"A period of two days or more holds two working days: {say_day(last)}", last))
    return _ending(event_on, length, nominal, last, place, steps)


def _ending(
    event_on: date, length: tuple[int, str], nominal: tuple[date, int], last: date, place: Place, steps: list[Step]
) -> DayDeadline:
    end = first_instant(later(last, 1), place.zone)
    says = f"The last day is {say_day(last)}; an act is late from {_say_at(end, place.zone)}"
    names = (place.zone.key, place.calendar.code, place.calendar.version)
    return DayDeadline(
        event_on, *length, nominal[1], nominal[0], last, end, *names, (*steps, Step("CLK-03", says, end))
    )


def _next_business_day(day: date, calendar: Calendar) -> date:
    _covered(day, calendar)
    while calendar.is_weekend(day) or calendar.holiday(day):
        day = later(day, 1)
        _covered(day, calendar)
    return day


def _plain(value: object) -> object:
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
