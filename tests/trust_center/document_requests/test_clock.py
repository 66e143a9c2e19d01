from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.deadlines.catalogue import holiday_calendar
from trust_center.document_requests.clock import business_minutes

BERLIN = ZoneInfo("Europe/Berlin")
GERMANY = holiday_calendar("DE")
MOMENTS = st.integers(0, 700 * 24 * 60).map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))


def minutes(start, end, calendar=GERMANY, zone=BERLIN) -> int:
    return business_minutes(start, end, calendar=calendar, zone=zone, opens=time(9), cutoff=time(17))


def at(text: str, zone=BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.req("DOC-06")
@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [
        ("2026-11-23T10:00", "2026-11-23T11:30", 90),
        ("2026-11-23T08:00", "2026-11-23T09:30", 30),
        ("2026-11-23T16:30", "2026-11-24T09:30", 60),
        ("2026-11-20T16:00", "2026-11-23T10:00", 120),
        ("2026-11-21T10:00", "2026-11-22T16:00", 0),
        ("2026-12-24T16:00", "2026-12-28T10:00", 120),
        ("2026-03-27T16:00", "2026-03-30T10:00", 120),
        ("2026-11-23T18:00", "2026-11-23T20:00", 0),
        ("2026-11-23T11:00", "2026-11-23T10:00", 0),
    ],
)
def test_only_opening_hours_of_business_days_count(start, end, taken):
    assert minutes(at(start), at(end)) == taken


def test_a_weekend_of_friday_and_saturday_does_not_count_there():
    riyadh = ZoneInfo("Asia/Riyadh")
    start, end = at("2026-11-19T16:00", riyadh), at("2026-11-22T10:00", riyadh)
    assert minutes(start, end, holiday_calendar("SA"), riyadh) == 120


@given(MOMENTS, st.integers(0, 20_000), st.integers(0, 20_000))
def test_time_adds_up_and_never_runs_backwards(start, first, second):
    middle, end = start + timedelta(minutes=first), start + timedelta(minutes=first + second)
    whole, parts = minutes(start, end), minutes(start, middle) + minutes(middle, end)
    assert 0 <= parts <= whole <= parts + 1
    assert whole <= first + second
