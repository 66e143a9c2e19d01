"""The calendars, weekends, zones and numbers that deadlines are made of."""

import warnings
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import available_timezones

import holidays
import pytest

from privacy.deadlines import catalogue

COUNTRIES = sorted(holidays.list_supported_countries(include_aliases=False))

# The source names Sunday alone as the day of rest that moves a holiday; offices there close on Saturday too.
SUNDAY_ONLY_IN_SOURCE = {"AI", "CD", "HK", "KN", "NE", "PY", "TK", "VE"}


@pytest.mark.req("CLK-06")
def test_every_country_builds_without_a_warning_that_days_are_missing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calendars = [catalogue.holiday_calendar(country) for country in COUNTRIES]
    assert all(2015 <= each.first_year <= each.last_year <= 2045 for each in calendars)


@pytest.mark.req("CLK-06")
@pytest.mark.parametrize(
    ("code", "version"),
    [
        ("GB-ENG", "GB-ENG@holidays-{}/2015-2045"),
        ("IN", "IN@holidays-{}/2015-2035"),
        ("LK", "LK@holidays-{}/2015-2026"),
    ],
)
def test_a_version_names_the_source_and_the_years(code: str, version: str) -> None:
    assert catalogue.holiday_calendar(code).version == version.format(holidays.__version__)


@pytest.mark.req("CLK-05")
@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("DE", date(2026, 4, 3), "Good Friday"),
        ("DE", date(2026, 8, 15), None),
        ("DE", date(2026, 11, 1), None),
        ("FR", date(2026, 4, 3), None),
        ("IE", date(2026, 5, 14), None),
        ("GB-ENG", date(2026, 12, 28), "Boxing Day (observed)"),
        ("GB-SCT", date(2026, 11, 30), "Saint Andrew's Day"),
        ("GB-ENG", date(2026, 11, 30), None),
        ("US", date(2026, 7, 3), "Independence Day (observed)"),
        ("PL", date(2024, 12, 24), None),
        ("PL", date(2025, 12, 24), "Christmas Eve"),
        ("BR", date(2026, 2, 17), None),
        ("JP", date(2026, 5, 6), "Constitution Day (observed)"),
    ],
)
def test_public_holidays_and_substitute_days_and_nothing_else(code: str, day: date, name: str | None) -> None:
    found = catalogue.holiday_calendar(code).holiday(day)
    assert (found is None) == (name is None)
    if name and code != "JP":
        assert found == name


@pytest.mark.req("CLK-06")
def test_asking_beyond_the_covered_years_never_adds_days() -> None:
    calendar = catalogue.holiday_calendar("DE")
    before = len(calendar.holidays)
    assert calendar.holiday(date(2060, 12, 25)) is None
    assert len(calendar.holidays) == before


def test_a_calendar_is_built_once_and_cannot_be_changed() -> None:
    calendar = catalogue.holiday_calendar("FR")
    assert catalogue.holiday_calendar("FR") is calendar
    with pytest.raises(TypeError):
        calendar.holidays[date(2026, 4, 3)] = "Good Friday"  # type: ignore[index]


@pytest.mark.parametrize("code", ["", "XX", "de", "DE-", "DE-XX", "UK", "DE_BY", "Germany", "__class__", "GB-ENG-X"])
def test_an_unknown_calendar_is_refused(code: str) -> None:
    with pytest.raises(catalogue.UnknownCalendar):
        catalogue.holiday_calendar(code)


@pytest.mark.req("CLK-05")
@pytest.mark.parametrize("code", ["DE-BY", "US-CA", "FR-971"])
def test_a_regional_calendar_serves_documents_and_never_a_statutory_period(code: str) -> None:
    assert catalogue.service_hours(code).calendar.code == code
    with pytest.raises(catalogue.UnknownCalendar):
        catalogue.statutory_calendar(code)


@pytest.mark.req("CLK-05")
@pytest.mark.parametrize("code", ["DE", "GB-ENG", "GB-SCT", "GB-NIR", "GB-WLS"])
def test_a_nation_of_the_united_kingdom_counts_as_national(code: str) -> None:
    assert catalogue.statutory_calendar(code) is catalogue.holiday_calendar(code)


@pytest.mark.req("DOC-03")
@pytest.mark.parametrize("country", sorted(set(COUNTRIES) - SUNDAY_ONLY_IN_SOURCE))
def test_weekends_agree_with_the_source(country: str) -> None:
    source, calendar = holidays.country_holidays(country, expand=False), catalogue.holiday_calendar(country)
    for year in range(calendar.first_year, calendar.last_year + 1):
        week = [date(year, 6, 1) + timedelta(days=n) for n in range(7)]
        assert [calendar.is_weekend(day) for day in week] == [source.is_weekend(day) for day in week]


@pytest.mark.req("DOC-03")
@pytest.mark.parametrize("country", sorted(SUNDAY_ONLY_IN_SOURCE))
def test_where_the_source_rests_on_sunday_alone_offices_rest_on_saturday_too(country: str) -> None:
    assert holidays.country_holidays(country).is_weekend(date(2026, 11, 21)) is False
    assert catalogue.holiday_calendar(country).is_weekend(date(2026, 11, 21)) is True


@pytest.mark.req("DOC-03")
def test_the_emirates_changed_their_weekend_in_2022() -> None:
    calendar = catalogue.holiday_calendar("AE")
    friday_then, friday_now = date(2021, 12, 31), date(2022, 1, 7)
    assert (calendar.is_weekend(friday_then), calendar.is_weekend(friday_now)) == (True, False)
    assert calendar.is_weekend(date(2022, 1, 2))


def test_every_country_has_a_time_zone_that_exists() -> None:
    assert set(catalogue.ZONES) == set(COUNTRIES)
    assert set(catalogue.ZONES.values()) <= available_timezones()


@pytest.mark.parametrize(
    ("code", "zone"),
    [("DE", "Europe/Berlin"), ("GB-ENG", "Europe/London"), ("US", "America/New_York"), ("BR", "America/Sao_Paulo")],
)
def test_the_default_zone_is_that_of_the_seat_of_government(code: str, zone: str) -> None:
    assert catalogue.default_zone(code).key == zone


def test_an_unknown_country_has_no_default_zone() -> None:
    with pytest.raises(catalogue.UnknownCalendar):
        catalogue.default_zone("XX")


def test_service_hours_take_the_zone_of_the_serving_region() -> None:
    hours = catalogue.service_hours("US", "America/Los_Angeles")
    assert (hours.zone.key, hours.opens.hour, hours.cutoff.hour) == ("America/Los_Angeles", 9, 17)
    assert catalogue.service_hours("SA").zone.key == "Asia/Riyadh"


@pytest.mark.req("BRE-16")
@pytest.mark.parametrize(
    ("key", "eu", "uk"),
    [
        ("dsr.base_months", 1, 1),
        ("dsr.extension_months", 2, 2),
        ("breach.controller_hours", 72, 72),
        ("breach.processor_promise_hours", 72, 72),
        ("breach.processor_target_hours", 24, 24),
        ("dsr.promise_days", 30, 30),
        ("subprocessor.notice_days", 30, 30),
        ("doc.business_days", 1, 1),
    ],
)
def test_the_numbers_in_force(key: str, eu: int, uk: int) -> None:
    on = date(2026, 11, 23)
    assert [catalogue.parameter(key, whose, on).value for whose in ("EU", "UK")] == [eu, uk]


@pytest.mark.req("DSR-04")
def test_the_limit_for_asking_identity_is_european() -> None:
    assert catalogue.parameter("dsr.idcheck_max_days", "EU", date(2026, 1, 1)).value == 5
    with pytest.raises(catalogue.UnknownParameter):
        catalogue.parameter("dsr.idcheck_max_days", "UK", date(2026, 1, 1))


@pytest.mark.req("DSR-07")
def test_the_source_of_the_uk_month_changes_on_5_february_2026() -> None:
    sources = [catalogue.parameter("dsr.base_months", "UK", date(2026, 2, day)).source for day in (4, 5)]
    assert sources == ["UK GDPR Art. 12(3)", "UK GDPR Art. 12A"]


@pytest.mark.req("BRE-16")
def test_a_change_of_law_is_a_row_and_older_clocks_keep_the_old_one() -> None:
    now = catalogue.parameter("breach.controller_hours", "EU", date(2026, 1, 1))
    rows = (
        replace(now, valid_to=date(2027, 12, 31)),
        replace(now, value=96, valid_from=date(2028, 1, 1), source="Omnibus"),
    )
    values = [
        catalogue.parameter("breach.controller_hours", "EU", on, rows).value
        for on in (date(2027, 12, 31), date(2028, 1, 1))
    ]
    assert values == [72, 96]


@pytest.mark.req("BRE-16")
@pytest.mark.parametrize(
    ("key", "whose", "on"),
    [
        ("dsr.base_months", "EU", date(2018, 5, 24)),
        ("dsr.base_months", "US", date(2026, 1, 1)),
        ("no.such_key", "EU", date(2026, 1, 1)),
    ],
)
def test_a_number_that_is_not_in_force_is_refused(key: str, whose: str, on: date) -> None:
    with pytest.raises(catalogue.UnknownParameter):
        catalogue.parameter(key, whose, on)


@pytest.mark.req("BRE-16")
def test_two_rows_in_force_at_once_are_refused() -> None:
    row = catalogue.parameter("dsr.promise_days", "EU", date(2026, 1, 1))
    with pytest.raises(catalogue.UnknownParameter, match="2 rows"):
        catalogue.parameter("dsr.promise_days", "EU", date(2026, 1, 1), (row, row))


@pytest.mark.req("BRE-16")
def test_rows_of_one_key_follow_each_other_without_gap_or_overlap() -> None:
    kept: dict[tuple[str, str], catalogue.LegalParameter] = {}
    for row in catalogue.PARAMETERS:
        before = kept.get((row.key, row.jurisdiction))
        if before:
            assert before.valid_to is not None
            assert row.valid_from == before.valid_to + timedelta(days=1)
        kept[row.key, row.jurisdiction] = row
    assert all(row.valid_to is None for row in kept.values())


@pytest.mark.parametrize(("code", "whose"), [("GB-ENG", "UK"), ("GB", "UK"), ("DE", "EU"), ("GG", "EU"), ("SA", "EU")])
def test_the_united_kingdom_has_its_own_parameters(code: str, whose: str) -> None:
    assert catalogue.jurisdiction(code) == whose
