from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.accounts import catalogue

FAILURES = st.integers(min_value=0, max_value=10_000)


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, None), (4, None), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (500, 60)]
)
def test_a_lock_begins_at_the_fifth_failure_and_doubles_up_to_an_hour(failures, minutes):
    assert catalogue.lock_after(failures) == (None if minutes is None else timedelta(minutes=minutes))


@pytest.mark.parametrize(("failures", "seconds"), [(19, None), (20, 1), (21, 2), (25, 32), (26, 60), (9999, 60)])
def test_an_account_rests_from_the_twentieth_failure_and_never_longer_than_a_minute(failures, seconds):
    assert catalogue.pause_after(failures) == (None if seconds is None else timedelta(seconds=seconds))


@given(FAILURES)
def test_more_failures_never_mean_a_shorter_wait(failures):
    for wait in (catalogue.lock_after, catalogue.pause_after):
        assert (wait(failures) or timedelta()) <= (wait(failures + 1) or timedelta())
