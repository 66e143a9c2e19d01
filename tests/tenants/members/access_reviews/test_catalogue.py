from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.access_reviews.catalogue import REMIND, Line, next_reminder, read
from tenants.members.access_reviews.queries import stored

DUE = datetime(2026, 8, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reminded", "wanted"),
    [
        (None, DUE - timedelta(days=14)),
        (DUE - timedelta(days=20), DUE - timedelta(days=14)),
        (DUE - timedelta(days=14), DUE),
        (DUE - timedelta(seconds=1), DUE),
        (DUE, DUE + timedelta(days=14)),
        (DUE + timedelta(days=14), DUE + timedelta(days=28)),
    ],
)
@pytest.mark.req("P11-300b")
def test_reviewers_are_reminded_14_days_before_on_the_day_and_every_14_days_after(reminded, wanted):
    assert next_reminder(DUE, reminded) == wanted


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_after_a_reminder_the_next_one_lies_ahead(offset):
    """Otherwise the chore would mail without end."""
    reminded = next_reminder(DUE, None) + max(offset, timedelta(0))
    assert reminded < next_reminder(DUE, reminded) <= reminded + 2 * REMIND


@given(st.lists(st.text(), max_size=3), st.booleans(), st.text())
def test_a_line_comes_back_as_it_was_stored(roles, dormant, reason):
    line = Line(person="x", roles=tuple(roles), dormant=dormant, reason=reason, holds=tuple(roles))
    assert read(stored(line)) == line
