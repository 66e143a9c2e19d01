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


@pytest.mark.req("ASVS-6.3.1")
def test_at_most_ten_guesses_in_a_quarter_of_an_hour():
    assert (10, timedelta(minutes=15)) == (catalogue.GUESSES, catalogue.GUESS_PAUSE)


@given(FAILURES)
def test_more_failures_never_mean_a_shorter_wait(failures):
    wait = catalogue.lock_after
    assert (wait(failures) or timedelta()) <= (wait(failures + 1) or timedelta())
