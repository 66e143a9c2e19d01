"""The month of GDPR Art. 12(3) under questions, extensions and promises."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.deadlines import catalogue, clock
from privacy.deadlines.clock import Place
from privacy.subject_requests.clock import Asked, EuPause, Profile, eu_pause, extension, promise, uk_month

BERLIN = Place(catalogue.statutory_calendar("DE"), catalogue.default_zone("DE"))
LONDON = Place(catalogue.statutory_calendar("GB-ENG"), catalogue.default_zone("GB-ENG"))
RECEIVED = date(2026, 3, 9)

days = st.dates(date(2016, 1, 1), date(2040, 12, 31))
gaps = st.integers(0, 40)


def paused(asked_on: date | None, answered_on: date | None, profile: Profile) -> EuPause:
    question = Asked(asked_on, answered_on) if asked_on else None
    return eu_pause(RECEIVED, 1, BERLIN, question=question, ask_within_days=5, profile=profile)


# The European Union


@pytest.mark.req("DSR-06")
def test_by_default_a_question_moves_nothing_and_both_dates_are_kept() -> None:
    pause = paused(date(2026, 3, 11), date(2026, 3, 18), Profile.EU_SAFE)
    assert pause.binding is pause.safe
    assert (pause.safe.last_day, pause.moved and pause.moved.last_day) == (date(2026, 4, 9), date(2026, 4, 16))
    assert (pause.admitted, pause.paused) == (True, False)


@pytest.mark.req("DSR-06")
def test_days_after_asking_up_to_the_answer_are_not_counted() -> None:
    pause = paused(date(2026, 3, 11), date(2026, 3, 18), Profile.PAUSE_EU)
    assert pause.excluded_days == 7
    assert pause.binding is pause.moved
    assert (pause.paused, pause.moved and pause.moved.last_day) == (True, date(2026, 4, 16))


@pytest.mark.req("DSR-06")
def test_excluded_days_are_added_before_the_date_rolls() -> None:
    # 5 April 2025 is a Saturday. Two days more is Monday 7 April, not two days after the rolled Monday.
    question = Asked(date(2025, 3, 6), date(2025, 3, 8))
    pause = eu_pause(date(2025, 3, 5), 1, BERLIN, question=question, ask_within_days=5, profile=Profile.PAUSE_EU)
    assert pause.moved
    assert pause.moved.last_day == date(2025, 4, 7)


@pytest.mark.req("DSR-04")
@pytest.mark.parametrize(("asked_on", "admitted"), [(date(2026, 3, 14), True), (date(2026, 3, 15), False)])
def test_a_question_is_admitted_up_to_the_last_day_of_the_limit(asked_on: date, admitted: bool) -> None:
    pause = paused(asked_on, asked_on + timedelta(days=3), Profile.PAUSE_EU)
    assert (pause.admitted, pause.paused, pause.excluded_days) == (admitted, admitted, 3 if admitted else 0)


@pytest.mark.req("DSR-04")
def test_a_question_after_the_last_day_moves_nothing_however_wide_the_limit() -> None:
    question = Asked(date(2026, 4, 10), date(2026, 4, 20))
    pause = eu_pause(RECEIVED, 1, BERLIN, question=question, ask_within_days=90, profile=Profile.PAUSE_EU)
    assert (pause.admitted, pause.binding) == (False, pause.safe)


@pytest.mark.req("DSR-06")
def test_an_open_question_leaves_the_end_open_only_where_the_clock_stands_still() -> None:
    assert paused(date(2026, 3, 11), None, Profile.PAUSE_EU).binding is None
    safe = paused(date(2026, 3, 11), None, Profile.EU_SAFE)
    assert safe.binding is safe.safe


def test_no_question_moves_nothing() -> None:
    pause = paused(None, None, Profile.PAUSE_EU)
    assert (pause.paused, pause.binding) == (False, pause.safe)


@pytest.mark.req("DSR-06")
@given(days, gaps, gaps, gaps)
def test_a_pause_never_ends_earlier_than_the_safe_date(received_on: date, ask: int, answer: int, limit: int) -> None:
    asked_on = received_on + timedelta(days=ask)
    question = Asked(asked_on, asked_on + timedelta(days=answer))
    pause = eu_pause(received_on, 1, BERLIN, question=question, ask_within_days=limit, profile=Profile.PAUSE_EU)
    assert pause.moved
    assert pause.moved.end_exclusive >= pause.safe.end_exclusive


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(clock.DeadlineRefused):
        Asked(date(2026, 3, 11), date(2026, 3, 10))
    with pytest.raises(clock.DeadlineRefused):
        paused(date(2026, 3, 8), None, Profile.EU_SAFE)


# The United Kingdom


@pytest.mark.req("DSR-07")
@pytest.mark.parametrize(
    ("identity", "fee", "started_on"),
    [
        (None, None, date(2026, 3, 9)),
        (Asked(date(2026, 3, 10), date(2026, 3, 20)), None, date(2026, 3, 20)),
        (Asked(date(2026, 3, 10), date(2026, 3, 20)), Asked(date(2026, 3, 10), date(2026, 3, 23)), date(2026, 3, 23)),
        (Asked(date(2026, 3, 1), date(2026, 3, 2)), None, date(2026, 3, 9)),
    ],
)
def test_the_uk_month_runs_from_the_latest_arrival(identity: Asked | None, fee: Asked | None, started_on: date) -> None:
    month = uk_month(RECEIVED, 1, LONDON, identity=identity, fee=fee)
    assert month.started_on == started_on
    assert month.binding == clock.month_period(started_on, 1, LONDON)


@pytest.mark.req("DSR-07")
def test_the_uk_month_has_not_begun_while_identity_or_fee_is_awaited() -> None:
    waiting = Asked(date(2026, 3, 10), None)
    for month in (uk_month(RECEIVED, 1, LONDON, identity=waiting), uk_month(RECEIVED, 1, LONDON, fee=waiting)):
        assert (month.started_on, month.binding, month.paused) == (None, None, True)


@pytest.mark.req("DSR-07")
def test_clarification_days_do_not_count_both_ends_included() -> None:
    month = uk_month(RECEIVED, 1, LONDON, clarification=Asked(date(2026, 3, 11), date(2026, 3, 18)))
    assert month.excluded_days == 8
    assert month.unpaused
    assert month.unpaused.nominal == date(2026, 4, 9)
    assert month.binding
    assert month.binding.last_day == date(2026, 4, 17)


@pytest.mark.req("DSR-07")
def test_clarification_on_one_day_leaves_out_one_day() -> None:
    month = uk_month(RECEIVED, 1, LONDON, clarification=Asked(date(2026, 3, 11), date(2026, 3, 11)))
    assert month.excluded_days == 1


@pytest.mark.req("DSR-07")
@pytest.mark.parametrize(
    ("clarification", "excluded"),
    [
        (Asked(date(2026, 3, 11), date(2026, 3, 20)), 5),
        (Asked(date(2026, 3, 11), date(2026, 3, 15)), 0),
        (Asked(date(2026, 4, 17), date(2026, 4, 20)), 0),
    ],
)
def test_clarification_outside_the_month_leaves_nothing_out(clarification: Asked, excluded: int) -> None:
    # Identity arrives on 16 March: the month runs to 16 April.
    identity = Asked(date(2026, 3, 10), date(2026, 3, 16))
    month = uk_month(RECEIVED, 1, LONDON, identity=identity, clarification=clarification)
    assert (month.excluded_days, month.paused) == (excluded, excluded > 0)


@pytest.mark.req("DSR-07")
def test_open_clarification_stops_the_uk_clock() -> None:
    month = uk_month(RECEIVED, 1, LONDON, clarification=Asked(date(2026, 3, 11), None))
    assert (month.paused, month.binding) == (True, None)
    assert month.unpaused
    assert month.unpaused.last_day == date(2026, 4, 9)


# The extension


def extended(sent: str, *, reasons: bool = True, further: int = 2, received: str = "2026-03-05"):
    base = clock.month_period(date.fromisoformat(received), 1, BERLIN)
    return extension(
        base,
        further_months=further,
        at_most=2,
        notice_sent_on=date.fromisoformat(sent),
        reasons_given=reasons,
        place=BERLIN,
    )


@pytest.mark.req("DSR-08")
def test_a_notice_on_the_rolled_last_day_extends_to_three_months_from_receipt() -> None:
    notice = extended("2026-04-07")
    assert (notice.valid, notice.binding.last_day) == (True, date(2026, 6, 5))


@pytest.mark.req("DSR-08")
def test_the_extension_is_one_period_from_receipt() -> None:
    assert extended("2025-02-20", received="2025-01-31").binding.last_day == date(2025, 4, 30)


@pytest.mark.req("DSR-08")
@pytest.mark.parametrize(
    ("sent", "options", "because"),
    [
        ("2026-04-08", {}, "the notice was sent on Wed 08 Apr 2026, after Tue 07 Apr 2026"),
        ("2026-04-07", {"reasons": False}, "the notice gives no reasons"),
        ("2026-04-07", {"further": 3}, "the law allows 2 further months, not 3"),
        ("2026-04-07", {"further": 0}, "the law allows 2 further months, not 0"),
    ],
)
def test_a_notice_that_is_late_or_without_reasons_or_too_long_is_refused(
    sent: str, options: dict[str, object], because: str
) -> None:
    notice = extended(sent, **options)
    assert (notice.valid, notice.refused_because) == (False, because)
    assert notice.binding == notice.base


def test_a_notice_from_before_the_request_is_refused() -> None:
    with pytest.raises(clock.DeadlineRefused):
        extended("2026-03-04")


@pytest.mark.req("DSR-07")
def test_clarification_days_also_move_the_limit_and_the_end_of_an_extension() -> None:
    month = uk_month(RECEIVED, 1, LONDON, clarification=Asked(date(2026, 3, 11), date(2026, 3, 18)))
    assert month.binding
    notice = extension(
        month.binding,
        further_months=2,
        at_most=2,
        notice_sent_on=date(2026, 4, 17),
        reasons_given=True,
        place=LONDON,
    )
    assert notice.binding.last_day == date(2026, 6, 17)


# The promise


@pytest.mark.req("DSR-14")
@given(days, gaps)
def test_the_earlier_of_law_and_promise_is_effective(received_on: date, later: int) -> None:
    statutory = clock.month_period(received_on, 1, BERLIN)
    both = promise(statutory, validated_on=received_on + timedelta(days=later), promise_days=30, place=BERLIN)
    assert both.promised
    assert both.promised.last_day == received_on + timedelta(days=later + 30)
    assert both.effective.last_day == min(statutory.last_day, both.promised.last_day)
    assert both.weaker_than_law == (both.promised.last_day > statutory.last_day)


@pytest.mark.req("DSR-03")
def test_late_validation_moves_the_promise_and_not_the_law() -> None:
    statutory = clock.month_period(RECEIVED, 1, BERLIN)
    both = promise(statutory, validated_on=date(2026, 3, 30), promise_days=30, place=BERLIN)
    assert (both.statutory.last_day, both.effective) == (date(2026, 4, 9), statutory)
    assert both.weaker_than_law


@pytest.mark.req("DSR-13")
def test_before_validation_only_the_law_runs() -> None:
    statutory = clock.month_period(RECEIVED, 1, BERLIN)
    both = promise(statutory, validated_on=None, promise_days=30, place=BERLIN)
    assert (both.promised, both.effective, both.weaker_than_law) == (None, statutory, False)


@pytest.mark.req("CLK-07")
def test_every_result_becomes_plain_values_for_the_trail() -> None:
    kept = clock.record(paused(date(2026, 3, 11), date(2026, 3, 18), Profile.PAUSE_EU))
    assert kept["question"] == {"asked_on": "2026-03-11", "answered_on": "2026-03-18"}
    assert kept["profile"] == "PAUSE_EU"
    assert kept["steps"] == [
        {
            "rule": "DSR-06",
            "says": "7 days after the day of asking, to the answer, not counted",
            "reached": "2026-04-16",
        }
    ]
