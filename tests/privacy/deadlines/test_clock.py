"""The laws of deadline arithmetic, and the days on which naive arithmetic goes wrong."""

import ast
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.deadlines import catalogue, clock
from privacy.deadlines.clock import Place

CODES = ["DE", "FR", "IE", "GB-ENG", "US", "IN", "JP", "BR", "PL", "SA", "AE"]
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
HALF_HOUR = "Asia/Kolkata"


def place(code: str, zone: str | None = None) -> Place:
    return Place(catalogue.holiday_calendar(code), ZoneInfo(zone) if zone else catalogue.default_zone(code))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


BERLIN = place("DE")
days = st.dates(date(2016, 1, 1), date(2033, 12, 31))
instants = st.datetimes(datetime(2016, 1, 1), datetime(2033, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
months = st.integers(1, 12)
places = st.builds(place, st.sampled_from(CODES))
places_anywhere = st.builds(place, st.sampled_from(CODES), st.sampled_from(ZONES))
zones = st.builds(ZoneInfo, st.sampled_from(ZONES))


# Months


@pytest.mark.req("CLK-11")
@given(days, months)
def test_a_month_later_is_what_an_independent_library_says(day: date, number: int) -> None:
    assert clock.add_months(day, number) == day + relativedelta(months=number)


@pytest.mark.req("CLK-11")
@given(days, months, places)
def test_a_period_never_ends_before_its_nominal_day(day: date, number: int, where: Place) -> None:
    period = clock.month_period(day, number, where)
    assert period.nominal == clock.add_months(day, number)
    assert period.last_day >= period.nominal > day


@pytest.mark.req("CLK-12")
@given(days, months)
def test_the_date_number_is_kept_or_the_month_is_too_short_for_it(day: date, number: int) -> None:
    after = clock.add_months(day, number)
    assert after.day == day.day or (after.day < day.day and (after + timedelta(days=1)).day == 1)


@pytest.mark.req("CLK-12")
@pytest.mark.parametrize(
    ("event_on", "nominal"),
    [("2026-02-28", "2026-03-28"), ("2026-06-30", "2026-07-30"), ("2028-02-29", "2028-03-29")],
)
def test_the_end_of_a_month_is_not_sticky(event_on: str, nominal: str) -> None:
    assert clock.add_months(date.fromisoformat(event_on), 1) == date.fromisoformat(nominal)


@pytest.mark.req("CLK-13")
def test_three_months_in_one_step_differ_from_one_month_and_two_more() -> None:
    received_on = date(2025, 1, 31)
    assert clock.month_period(received_on, 3, BERLIN).last_day == date(2025, 4, 30)
    assert clock.add_months(clock.add_months(received_on, 1), 2) == date(2025, 4, 28)


@pytest.mark.req("CLK-13")
def test_further_months_do_not_start_from_a_rolled_day() -> None:
    # 5 April 2025 is a Saturday: the first month ends on 7 April, the third on 5 June all the same.
    assert clock.month_period(date(2025, 3, 5), 1, BERLIN).last_day == date(2025, 4, 7)
    assert clock.month_period(date(2025, 3, 5), 3, BERLIN).last_day == date(2025, 6, 5)


@pytest.mark.req("CLK-15")
@given(days, months, places)
def test_a_period_never_ends_on_a_saturday_a_sunday_or_a_holiday(day: date, number: int, where: Place) -> None:
    last = clock.month_period(day, number, where).last_day
    assert last.weekday() not in {5, 6}
    assert where.calendar.holiday(last) is None


@pytest.mark.req("CLK-15")
@given(days, months, places)
def test_only_days_of_rest_are_rolled_over(day: date, number: int, where: Place) -> None:
    period = clock.month_period(day, number, where)
    skipped = [period.nominal + timedelta(days=n) for n in range((period.last_day - period.nominal).days)]
    assert all(each.weekday() in {5, 6} or where.calendar.holiday(each) for each in skipped)


@pytest.mark.req("CLK-15")
def test_saturday_and_sunday_are_days_of_rest_whatever_the_weekend_of_the_country() -> None:
    # 8 May 2026 is a Friday, weekend in Saudi Arabia; 10 May a Sunday, working day there (Reg. 1182/71 Art. 2(2)).
    assert clock.month_period(date(2026, 4, 8), 1, place("SA")).last_day == date(2026, 5, 8)
    assert clock.month_period(date(2026, 4, 10), 1, place("SA")).last_day == date(2026, 5, 11)


@pytest.mark.req("CLK-05")
@pytest.mark.parametrize(("event_on", "last"), [("2025-07-15", "2025-08-15"), ("2027-10-01", "2027-11-01")])
def test_regional_holidays_do_not_extend(event_on: str, last: str) -> None:
    assert clock.month_period(date.fromisoformat(event_on), 1, BERLIN).last_day == date.fromisoformat(last)


@pytest.mark.req("CLK-14")
def test_days_of_rest_inside_the_period_count() -> None:
    assert clock.month_period(date(2026, 12, 7), 1, BERLIN).last_day == date(2027, 1, 7)


@pytest.mark.req("CLK-16")
@pytest.mark.parametrize(
    ("length", "last"),
    # From Friday 20 November 2026: one day ends on Monday; two days hold Monday and Tuesday.
    [(1, date(2026, 11, 23)), (2, date(2026, 11, 24)), (4, date(2026, 11, 24)), (5, date(2026, 11, 25))],
)
def test_two_days_or_more_hold_two_working_days(length: int, last: date) -> None:
    assert clock.notice_window(date(2026, 11, 20), length, BERLIN).last_day == last


@pytest.mark.req("CLK-16")
@given(days, st.integers(2, 40), places)
def test_every_period_of_days_holds_two_working_days(day: date, length: int, where: Place) -> None:
    period = clock.notice_window(day, length, where)
    inside = [day + timedelta(days=n) for n in range(1, (period.last_day - day).days + 1)]
    working = [each for each in inside if each.weekday() < 5 and where.calendar.holiday(each) is None]
    assert len(working) >= 2


@given(days, days, months, places)
def test_a_later_event_never_gives_an_earlier_end(one: date, other: date, number: int, where: Place) -> None:
    first, second = sorted([one, other])
    ends = [clock.month_period(day, number, where).end_exclusive for day in (first, second)]
    assert ends == sorted(ends)


@pytest.mark.req("CLK-06")
@pytest.mark.parametrize(
    ("event_on", "number"),
    [(date(2060, 5, 4), 1), (date(2045, 12, 4), 1), (date(2014, 12, 31), 3), (date(2026, 1, 1), 12 * 9000)],
)
def test_a_period_that_leaves_the_covered_years_is_refused(event_on: date, number: int) -> None:
    with pytest.raises(clock.OutsideCoverage):
        clock.month_period(event_on, number, BERLIN)


@pytest.mark.req("CLK-06")
@pytest.mark.parametrize(
    "compute",
    [
        lambda: clock.notice_window(date(2045, 12, 20), 30, BERLIN),
        lambda: clock.promise_period(date(2045, 12, 20), 30, BERLIN),
        lambda: clock.promise_period(date(2014, 12, 20), 30, BERLIN),
        lambda: clock.business_days(datetime(2045, 12, 29, 18, tzinfo=UTC), 1, time(17), BERLIN),
        lambda: clock.hour_period(datetime(9999, 12, 31, tzinfo=UTC), 72, BERLIN.zone),
        lambda: clock.backward_period(date(1, 1, 2), 30),
        lambda: clock.later(date(2026, 1, 1), 10**20),
    ],
)
def test_no_kind_of_period_guesses_beyond_its_calendar(compute: Callable[[], object]) -> None:
    with pytest.raises(clock.OutsideCoverage):
        compute()


@pytest.mark.parametrize("length", [0, -1])
@pytest.mark.parametrize(
    "compute",
    [
        lambda n: clock.month_period(date(2026, 1, 1), n, BERLIN),
        lambda n: clock.notice_window(date(2026, 1, 1), n, BERLIN),
        lambda n: clock.promise_period(date(2026, 1, 1), n, BERLIN),
        lambda n: clock.backward_period(date(2026, 1, 1), n),
        lambda n: clock.hour_period(datetime(2026, 1, 1, tzinfo=UTC), n, BERLIN.zone),
        lambda n: clock.business_days(datetime(2026, 1, 1, tzinfo=UTC), n, time(17), BERLIN),
    ],
)
def test_an_empty_period_is_refused(compute: Callable[[int], object], length: int) -> None:
    with pytest.raises(clock.DeadlineRefused):
        compute(length)


# The end of a day


@pytest.mark.req("CLK-03")
def test_the_last_millisecond_is_on_time_and_midnight_is_late() -> None:
    period = clock.month_period(date(2026, 8, 7), 1, BERLIN)
    assert period.met_by(at("2026-09-07T23:59:59.999+02:00"))
    assert not period.met_by(at("2026-09-08T00:00:00+02:00"))


@pytest.mark.req("CLK-02")
@settings(max_examples=300)
@given(days, places_anywhere)
def test_the_end_is_the_first_instant_after_the_last_day(day: date, where: Place) -> None:
    period = clock.month_period(day, 1, where)
    assert clock.local_day(period.end_exclusive, where.zone) > period.last_day
    assert clock.local_day(period.end_exclusive - timedelta(microseconds=1), where.zone) <= period.last_day
    assert period.end_exclusive.tzinfo is UTC


@pytest.mark.req("CLK-03")
@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        # Zones that change at midnight: the day begins at one.
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-29T01:00:00+03:00"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-24T01:00:00+03:00"),
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T01:00:00-03:00"),
        # Back at midnight: the hour before is told twice, and the last day keeps both.
        ("America/Santiago", date(2026, 4, 5), "2026-04-05T00:00:00-04:00"),
        ("America/Havana", date(2026, 11, 1), "2026-11-01T00:00:00-04:00"),
        # Samoa went from Thursday to Saturday.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-31T00:00:00+14:00"),
        ("Asia/Kathmandu", date(2026, 1, 1), "2026-01-01T00:00:00+05:45"),
    ],
)
def test_a_day_begins_at_its_first_existing_instant(zone: str, day: date, first: str) -> None:
    assert clock.first_instant(day, ZoneInfo(zone)) == at(first)


@pytest.mark.req("CLK-03")
def test_a_time_that_the_clocks_skip_is_the_instant_of_the_change() -> None:
    assert clock.first_instant(date(2026, 3, 29), BERLIN.zone, time(2, 30)) == at("2026-03-29T01:00:00+00:00")


def test_a_time_that_comes_twice_is_the_first_one() -> None:
    assert clock.first_instant(date(2026, 10, 25), BERLIN.zone, time(2, 30)) == at("2026-10-25T00:30:00+00:00")


# Instants


@pytest.mark.req("CLK-01")
@pytest.mark.parametrize(
    "compute",
    [
        clock.in_utc,
        lambda naive: clock.local_day(naive, BERLIN.zone),
        clock.earliest_receipt,
        lambda naive: clock.hour_period(naive, 72, BERLIN.zone),
        lambda naive: clock.business_days(naive, 1, time(17), BERLIN),
        lambda naive: clock.next_alarm(naive, at("2026-01-01T00:00Z")),
        lambda naive: clock.next_alarm(at("2026-01-01T00:00Z"), naive),
        lambda naive: clock.month_period(date(2026, 1, 1), 1, BERLIN).met_by(naive),
    ],
)
def test_a_naive_instant_is_refused(compute: Callable[[datetime], object]) -> None:
    with pytest.raises(clock.NaiveInstant):
        compute(datetime(2026, 1, 1, 12))  # noqa: DTZ001


@pytest.mark.req("CLK-01")
def test_the_two_readings_of_a_repeated_hour_give_two_deadlines() -> None:
    ends = [clock.hour_period(at(f"2026-10-25T02:30:00{offset}"), 72, BERLIN.zone) for offset in ("+02:00", "+01:00")]
    assert ends[1].safe_at - ends[0].safe_at == timedelta(hours=1)


@pytest.mark.req("CLK-02")
def test_one_instant_is_two_days_in_two_zones() -> None:
    instant = at("2026-03-31T22:30Z")
    assert clock.local_day(instant, ZoneInfo("Europe/Berlin")) == date(2026, 4, 1)
    assert clock.local_day(instant, ZoneInfo("Europe/Dublin")) == date(2026, 3, 31)


@pytest.mark.req("DSR-01")
def test_the_earlier_of_two_receipts_starts_the_clock() -> None:
    tenant, vendor = at("2026-03-05T10:00+01:00"), at("2026-03-05T09:30Z")
    assert clock.earliest_receipt(vendor, tenant) == at("2026-03-05T09:00Z")


# Hours


@pytest.mark.req("BRE-05")
@given(instants, st.integers(1, 200), zones)
def test_hours_are_elapsed_hours_and_never_roll(start: datetime, hours: int, zone: ZoneInfo) -> None:
    ends = clock.hour_period(start, hours, zone)
    assert (ends.safe_at - start).total_seconds() == hours * 3600


@pytest.mark.req("CLK-17")
@given(instants, st.integers(1, 200), zones)
def test_the_outer_limit_lies_at_most_one_hour_after_the_safe_bound(
    start: datetime, hours: int, zone: ZoneInfo
) -> None:
    ends = clock.hour_period(start, hours, zone)
    assert timedelta(0) < ends.limit_1182_at - ends.safe_at <= timedelta(hours=1)


@pytest.mark.req("CLK-17")
@pytest.mark.parametrize(
    ("zone", "aware", "limit"),
    [
        (HALF_HOUR, "2026-05-01T10:10:00+05:30", "2026-05-04T11:00:00+05:30"),
        ("Asia/Kathmandu", "2026-05-01T10:50:00+05:45", "2026-05-04T11:00:00+05:45"),
        ("UTC", "2026-05-01T04:40:00+00:00", "2026-05-04T05:00:00+00:00"),
        # A full hour begins a new clock hour, which is the one that is not counted.
        ("Europe/Berlin", "2026-05-01T10:00:00+02:00", "2026-05-04T11:00:00+02:00"),
    ],
)
def test_the_hour_of_the_event_is_told_by_the_local_clock(zone: str, aware: str, limit: str) -> None:
    assert clock.hour_period(at(aware), 72, ZoneInfo(zone)).limit_1182_at == at(limit)


@pytest.mark.req("CLK-15")
def test_seventy_two_hours_end_on_christmas_day() -> None:
    ends = clock.hour_period(at("2020-12-22T12:17:00+01:00"), 72, BERLIN.zone)
    assert ends.safe_at == at("2020-12-25T12:17:00+01:00")


# Business days


@pytest.mark.req("DOC-01")
@given(instants, st.integers(1, 10), places)
def test_a_promise_in_business_days_ends_at_the_cut_off_of_a_business_day(
    start: datetime, number: int, where: Place
) -> None:
    due = clock.business_days(start, number, time(17), where)
    for day in (due.day_zero, due.due_on):
        assert not where.calendar.is_weekend(day)
        assert where.calendar.holiday(day) is None
    assert local(due.due_at, where.zone) == datetime.combine(due.due_on, time(17))
    assert due.due_on > due.day_zero >= clock.local_day(start, where.zone)


@pytest.mark.req("DOC-01")
@given(instants, instants, places)
def test_a_later_receipt_is_never_due_earlier(one: datetime, other: datetime, where: Place) -> None:
    due = [clock.business_days(start, 1, time(17), where).due_at for start in sorted([one, other])]
    assert due == sorted(due)


@pytest.mark.req("DOC-01")
@pytest.mark.parametrize(
    ("received", "day_zero"),
    [("2026-11-20T16:59:59.999+01:00", date(2026, 11, 20)), ("2026-11-20T17:00:00+01:00", date(2026, 11, 23))],
)
def test_the_cut_off_is_exclusive(received: str, day_zero: date) -> None:
    assert clock.business_days(at(received), 1, time(17), BERLIN).day_zero == day_zero


@pytest.mark.req("DOC-02")
def test_the_offset_of_the_requester_does_not_matter() -> None:
    tokyo = clock.business_days(at("2026-11-20T16:30+09:00"), 1, time(17), BERLIN)
    assert tokyo == clock.business_days(at("2026-11-20T08:30+01:00"), 1, time(17), BERLIN)
    assert tokyo.due_at == at("2026-11-23T17:00+01:00")


@pytest.mark.req("DOC-03")
@pytest.mark.parametrize(
    ("code", "received", "due_on"),
    [
        ("SA", "2026-11-19T12:00+03:00", date(2026, 11, 22)),
        ("AE", "2026-11-19T12:00+04:00", date(2026, 11, 20)),
        ("AE", "2021-11-18T12:00+04:00", date(2021, 11, 21)),
        ("DE", "2026-11-19T12:00+01:00", date(2026, 11, 20)),
    ],
)
def test_the_weekend_is_that_of_the_country_at_the_time(code: str, received: str, due_on: date) -> None:
    assert clock.business_days(at(received), 1, time(17), place(code)).due_on == due_on


# Notices, promises and backward periods


@pytest.mark.req("SUB-04")
def test_a_notice_window_rolls_and_the_next_day_is_the_earliest_engagement() -> None:
    window = clock.notice_window(date(2026, 3, 4), 30, BERLIN)
    assert (window.nominal, window.last_day, window.next_day) == (
        date(2026, 4, 3),
        date(2026, 4, 7),
        date(2026, 4, 8),
    )
    assert window.end_exclusive == at("2026-04-08T00:00+02:00")


@pytest.mark.req("DSR-13")
@given(days, st.integers(1, 60), places)
def test_a_promise_is_never_rolled(day: date, length: int, where: Place) -> None:
    assert clock.promise_period(day, length, where).last_day == day + timedelta(days=length)


@pytest.mark.req("SUB-05")
@given(days, st.integers(1, 90))
def test_a_backward_period_leaves_exactly_the_clear_days(effective_on: date, clear: int) -> None:
    latest = clock.backward_period(effective_on, clear).latest_on
    assert (effective_on - latest).days - 1 == clear


@pytest.mark.req("CLK-15")
def test_a_backward_period_does_not_roll_off_a_sunday() -> None:
    assert clock.backward_period(date(2027, 3, 1), 28).latest_on == date(2027, 1, 31)


# Alarms


@pytest.mark.parametrize(
    ("after", "alarm"),
    [
        ("2026-09-01T00:00Z", "2026-09-03T12:00Z"),
        ("2026-09-03T12:00Z", "2026-09-09T12:00Z"),
        ("2026-09-09T12:00Z", "2026-09-10T12:00Z"),
        ("2026-09-10T12:00Z", None),
    ],
)
def test_alarms_ring_seven_days_and_one_day_before_and_at_the_due_instant(after: str, alarm: str | None) -> None:
    assert clock.next_alarm(at("2026-09-10T12:00Z"), at(after)) == (alarm and at(alarm))


def test_alarms_ring_in_order_whatever_order_they_are_given_in() -> None:
    due, before = at("2026-09-10T12:00Z"), (timedelta(0), timedelta(hours=48), timedelta(hours=6))
    assert clock.next_alarm(due, at("2026-09-09T00:00Z"), before) == at("2026-09-10T06:00Z")


def test_no_alarms_never_ring() -> None:
    assert clock.next_alarm(at("2026-09-10T12:00Z"), at("2026-09-01T00:00Z"), ()) is None


# What a result says about itself


@pytest.mark.req("CLK-07")
def test_a_month_explains_every_step_in_words() -> None:
    assert [(step.rule, step.says) for step in clock.month_period(date(2026, 1, 31), 1, BERLIN).steps] == [
        ("CLK-10", "The day of the event, Sat 31 Jan 2026, is not counted"),
        ("CLK-11", "1 month later, in one step, is Sat 28 Feb 2026"),
        ("CLK-12", "That month has no day 31, so its last day counts"),
        (
            "CLK-15",
            "Sat 28 Feb 2026 is a Saturday; Sun 01 Mar 2026 is a Sunday: the next working day is Mon 02 Mar 2026",
        ),
        (
            "CLK-03",
            "The last day is Mon 02 Mar 2026; an act is late from Tue 03 Mar 2026 00:00 CET (Europe/Berlin)",
        ),
    ]


@pytest.mark.req("CLK-07")
def test_a_holiday_that_moves_a_deadline_is_named() -> None:
    assert "Fri 03 Apr 2026 is Good Friday" in clock.month_period(date(2026, 3, 3), 1, BERLIN).steps[2].says


@pytest.mark.req("CLK-07")
@given(days, months, places, st.integers(0, 40))
def test_a_month_can_be_derived_again_from_its_record(day: date, number: int, where: Place, excluded: int) -> None:
    period = clock.month_period(day, number, where, excluded_days=excluded)
    kept = json.loads(json.dumps(clock.record(period)))
    again = clock.month_period(
        date.fromisoformat(kept["event_on"]),
        kept["length"],
        Place(catalogue.holiday_calendar(kept["calendar"]), ZoneInfo(kept["zone"])),
        excluded_days=kept["excluded_days"],
    )
    assert again == period
    assert kept["algorithm"] == clock.ALGORITHM
    assert kept["calendar_version"] == where.calendar.version


@pytest.mark.req("CLK-07")
def test_hours_and_business_days_can_be_derived_again_from_their_records() -> None:
    start = datetime(2026, 3, 27, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    hours = clock.record(clock.hour_period(start, 24, BERLIN.zone))
    due = clock.record(clock.business_days(start, 2, time(17), BERLIN))
    assert (hours["event_at"], hours["hours"], hours["zone"]) == ("2026-03-27T08:00:00+00:00", 24, "Europe/Berlin")
    assert (due["received_at"], due["days"], due["cutoff"]) == ("2026-03-27T08:00:00+00:00", 2, "17:00:00")


@pytest.mark.req("BRE-16")
@pytest.mark.parametrize(
    "path",
    ["privacy/deadlines/clock.py", "privacy/subject_requests/clock.py", "privacy/management/commands/clock_vectors.py"],
)
def test_no_number_of_the_law_is_written_into_code(path: str) -> None:
    tree = ast.parse((Path(__file__).parents[3] / path).read_text())
    numbers = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int}
    assert numbers.isdisjoint({10, 24, 30, 72, 96})
