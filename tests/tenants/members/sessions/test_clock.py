from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.sessions import clock
from tenants.members.sessions.clock import Limits

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EIGHT_OF_TWELVE = Limits(idle=timedelta(hours=8), absolute=timedelta(hours=12))
A_MOMENT = timedelta(microseconds=1)

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(minutes=5), timedelta(hours=24))


@pytest.mark.req("ASVS-7.3.2")
def test_a_session_ends_when_it_was_said_to_end():
    ends = OPENED + timedelta(hours=12)
    assert clock.ends_at(OPENED, ends, EIGHT_OF_TWELVE) == ends
    assert not clock.is_over(OPENED, ends, EIGHT_OF_TWELVE, ends - A_MOMENT)
    assert clock.is_over(OPENED, ends, EIGHT_OF_TWELVE, ends)


@pytest.mark.req("ASVS-7.3.2")
def test_tightened_rules_end_a_session_earlier_and_loosened_ones_never_later():
    said = OPENED + timedelta(hours=12)
    tight, loose = (Limits(timedelta(hours=1), timedelta(hours=hours)) for hours in (2, 24))
    assert clock.ends_at(OPENED, said, tight) == OPENED + timedelta(hours=2)
    assert clock.ends_at(OPENED, said, loose) == said


@pytest.mark.req("ASVS-7.3.1")
def test_a_session_rests_up_to_the_limit_and_not_beyond():
    until = OPENED + timedelta(hours=8)
    assert clock.rests_until(OPENED, EIGHT_OF_TWELVE) == until
    assert not clock.is_idle(OPENED, EIGHT_OF_TWELVE, until - A_MOMENT)
    assert clock.is_idle(OPENED, EIGHT_OF_TWELVE, until)


def test_use_is_written_down_once_a_minute():
    assert not clock.counts_anew(OPENED, OPENED + timedelta(seconds=59))
    assert clock.counts_anew(OPENED, OPENED + timedelta(seconds=60))
    # A clock that was set back writes nothing, rather than taking use back.
    assert not clock.counts_anew(OPENED, OPENED - timedelta(hours=1))


@given(opened=moments, said=spans, idle=spans, absolute=spans, uses=st.lists(spans, max_size=12))
@pytest.mark.req("ASVS-7.3.2")
def test_no_use_moves_the_end(opened, said, idle, absolute, uses):
    limits, expires = Limits(idle, absolute), opened + said
    end = clock.ends_at(opened, expires, limits)
    assert end == opened + min(said, absolute)
    now = opened
    for step in uses:
        now += step
        assert clock.is_over(opened, expires, limits, now) == (now >= end)


@given(opened=moments, idle=spans, steps=st.lists(st.timedeltas(timedelta(0), timedelta(hours=3)), max_size=20))
@pytest.mark.req("ASVS-7.3.1")
def test_writing_use_down_once_a_minute_shortens_a_rest_by_at_most_a_minute(opened, idle, steps):
    """What is kept against what really happened, over any pattern of use."""
    limits = Limits(idle, timedelta(hours=24))
    kept = used = now = opened
    for step in steps:
        now += step
        if clock.is_idle(used, limits, now):
            assert clock.is_idle(kept, limits, now)
            return
        if clock.is_idle(kept, limits, now):
            assert now >= used + idle - clock.SEEN_EVERY
            return
        used = now
        kept = now if clock.counts_anew(kept, now) else kept
    assert used - kept < clock.SEEN_EVERY
