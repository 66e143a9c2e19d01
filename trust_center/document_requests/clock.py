"""How long an answer took, in the business hours of the serving region (DOC-06). Pure: it never asks the time."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from privacy.deadlines.clock import Calendar, first_instant, in_utc, local_day


def business_minutes(
    start: datetime, end: datetime, *, calendar: Calendar, zone: ZoneInfo, opens: time, cutoff: time
) -> int:
    """Whole minutes between two aware instants that lie in opening hours of business days; 0 when `end` is earlier."""
    began, ended = in_utc(start), in_utc(end)
    open_for = timedelta(0)
    for day in _days(local_day(began, zone), local_day(ended, zone)):
        if calendar.is_weekend(day) or calendar.holiday(day):
            continue
        since = max(began, first_instant(day, zone, opens))
        until = min(ended, first_instant(day, zone, cutoff))
        open_for += max(until - since, timedelta(0))
    return int(open_for.total_seconds() // 60)


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
