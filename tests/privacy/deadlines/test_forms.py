from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from privacy.deadlines import catalogue, forms, queries

MONTH = {"kind": "month", "day": "2026-03-05", "calendar": "DE"}


def question(**changes):
    form = forms.QuestionForm({**MONTH, **changes})
    assert form.is_valid(), form.errors
    return form.question()


def test_a_day_without_a_time_is_that_day_where_the_deadline_runs():
    asked = question(zone="Pacific/Kiritimati", told_in="Pacific/Pago_Pago")
    assert asked.started_at.astimezone(asked.zone).date().isoformat() == "2026-03-05"


def test_the_zone_left_empty_is_that_of_the_countrys_capital():
    assert question(calendar="US").zone.key == "America/New_York"


def test_a_start_told_in_another_zone_is_one_instant():
    asked = question(day="2026-03-31", time="22:30", told_in="utc")
    assert (asked.started_at, asked.zone.key) == (datetime(2026, 3, 31, 22, 30, tzinfo=UTC), "Europe/Berlin")


def test_a_time_may_carry_seconds_and_their_parts():
    assert question(kind="hours", time="10:00:07.000250").started_at == datetime(2026, 3, 5, 9, 0, 7, 250, tzinfo=UTC)


def test_names_of_zones_are_read_in_any_case():
    assert question(zone=" europe/BERLIN ").zone.key == "Europe/Berlin"


def test_every_calendar_offered_can_be_built_and_has_a_zone():
    offered = [code for code, _ in forms.calendars()]
    assert len(offered) == len(set(offered)) > 200
    for code in offered:
        assert catalogue.default_zone(code).key in forms.available_timezones()
    for code in ("DE", "IE", "US", "IN", "GB", "GB-SCT", "SA", "AE", "XK"):
        assert catalogue.statutory_calendar(code).code == code


def test_every_deadline_that_can_be_asked_for_is_offered_and_answered():
    assert set(forms.ASKS) == set(queries.Ask)
    for ask in queries.Ask:
        asked = question(kind=ask.value, time="10:00")
        assert queries.answer(asked).question is asked


def moment(day, at, zone="Europe/Berlin", **options):
    field = forms.LocalMoment(**options)
    field.zone = ZoneInfo(zone)
    return field.clean([day, at])


def test_a_moment_is_told_on_the_clocks_of_its_zone():
    assert moment("2026-08-07", "09:30") == datetime(2026, 8, 7, 7, 30, tzinfo=UTC)
    assert moment("2026-08-07", "09:30", "UTC") == datetime(2026, 8, 7, 9, 30, tzinfo=UTC)
    assert moment("", "", required=False) is None


def test_a_time_that_the_clocks_show_twice_means_the_first():
    assert moment("2026-10-25", "02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "message"),
    [
        ("", "", "Enter the date and the time."),
        ("2026-08-07", "", "Enter both the date and the time."),
        ("", "09:30", "Enter both the date and the time."),
        ("2026-02-31", "09:30", "Enter a real date."),
        ("2026-08-07", "25:61", "Enter a real time."),
        ("0001-01-01", "00:00", "Enter a real date."),
        ("2026-03-29", "02:30", "The clocks skipped this time. Enter the hour before or after."),
    ],
)
def test_a_moment_that_never_was_is_refused(day, at, message):
    with pytest.raises(ValidationError) as refused:
        moment(day, at, required=False) if day or at else moment(day, at)
    assert refused.value.messages == [message]


def test_a_field_may_say_in_its_own_words_what_is_missing():
    with pytest.raises(ValidationError, match="When was it"):
        moment("", "", error_messages={"required": "When was it?"})


@pytest.mark.parametrize("name", ["zone", "told_in"])
def test_a_zone_that_is_a_path_is_no_zone(name):
    form = forms.QuestionForm({**MONTH, name: "/etc/localtime"})
    assert not form.is_valid()
    assert list(form.errors) == [name]
