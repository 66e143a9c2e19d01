"""Which moments of an incident can have been."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.incidents.clock import FactsRefused, check_awareness, check_order

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DETECTED = NOW - timedelta(days=3)


@dataclass
class Known:
    detected_at: datetime = DETECTED
    investigation_started_at: datetime | None = None
    aware_at: datetime | None = None
    subprocessor_told_at: datetime | None = None


def refused(call, *args, **kwargs) -> str:
    with pytest.raises(FactsRefused) as raised:
        call(*args, **kwargs)
    return raised.value.field


def aware(known: Known, at: datetime, why: str = "") -> None:
    check_awareness(known, at, why, limit_hours=24, now=NOW)


@pytest.mark.req("BRE-01")
def test_awareness_before_detection_is_refused():
    assert refused(aware, Known(), DETECTED - timedelta(seconds=1)) == "aware_at"


@pytest.mark.req("BRE-01")
def test_awareness_in_the_future_is_refused():
    assert refused(aware, Known(), NOW + timedelta(seconds=1), "Why") == "aware_at"


@pytest.mark.req("BRE-01")
def test_exactly_24_hours_after_detection_need_no_reason():
    aware(Known(), DETECTED + timedelta(hours=24))


@pytest.mark.req("BRE-01")
@pytest.mark.parametrize("why", ["", "  \n"])
def test_more_than_24_hours_after_detection_need_a_reason(why):
    assert refused(aware, Known(), DETECTED + timedelta(hours=24, seconds=1), why) == "awareness_reason"
    aware(Known(), DETECTED + timedelta(hours=24, seconds=1), "The log provider answered only then")


@pytest.mark.req("BRE-01")
@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=2)))
def test_awareness_is_never_moved_later(later):
    known = Known(aware_at=DETECTED + timedelta(hours=1))
    assert refused(aware, known, min(known.aware_at + later, NOW), "A good reason") == "aware_at"


@pytest.mark.req("BRE-04")
def test_who_was_told_by_a_sub_processor_was_aware_no_later():
    known = Known(subprocessor_told_at=DETECTED + timedelta(hours=2))
    assert refused(aware, known, DETECTED + timedelta(hours=2, minutes=1)) == "aware_at"
    aware(known, DETECTED + timedelta(hours=2))
    aware(known, DETECTED + timedelta(hours=1))


@pytest.mark.req("BRE-04")
def test_a_told_time_learnt_later_cannot_precede_the_recorded_awareness():
    known = Known(aware_at=DETECTED + timedelta(hours=5), subprocessor_told_at=DETECTED + timedelta(hours=4))
    assert refused(check_order, known, NOW) == "subprocessor_told_at"


@pytest.mark.parametrize(
    ("known", "field"),
    [
        (Known(detected_at=NOW + timedelta(seconds=1)), "detected_at"),
        (Known(aware_at=DETECTED - timedelta(seconds=1)), "detected_at"),
        (Known(investigation_started_at=DETECTED - timedelta(seconds=1)), "investigation_started_at"),
        (Known(investigation_started_at=NOW + timedelta(seconds=1)), "investigation_started_at"),
        (Known(subprocessor_told_at=DETECTED - timedelta(seconds=1)), "subprocessor_told_at"),
    ],
)
def test_moments_out_of_order_name_their_field(known, field):
    assert refused(check_order, known, NOW) == field


def test_everything_at_one_instant_is_in_order():
    check_order(Known(NOW, NOW, NOW, NOW), NOW)
