from datetime import UTC, datetime, timedelta

import pytest

from privacy import personal_data
from tenants import schemas
from tests.trust_center.document_requests.mailbox import NOW, asked, granted, received, refused, shelf
from trust_center.document_requests import actions, queries
from trust_center.document_requests.queries import Figures
from trust_center.documents.states import Kind

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_platform(platform):
    """Requests live in Complere's own schema."""


def person(number: int, now=NOW, **changes):
    return received(now, nonce=f"n{number}", email=f"p{number}@buyer.example", **changes)


@pytest.mark.req("DOC-06")
def test_the_figures_of_a_known_quarter():
    """Monday 10:15 in Berlin: eight business hours to 10:15 on Tuesday."""
    shelf()
    for number, hours in enumerate((1, 2, 3, 4), start=1):
        granted(person(number), Kind.DPA, now=NOW + timedelta(hours=hours))
    refused(person(5), DUE + timedelta(hours=1), late_because="Nobody on duty")
    actions.withdraw(person(6), now=NOW)
    actions.withdraw(person(7), now=DUE)
    person(8)
    asked(person(9))
    actions.submit(queries_filing(10), nonce="n10", now=NOW)
    assert queries.on_time(DUE + timedelta(hours=2)) == Figures(
        closed=6, on_time=4, open_now=2, overdue=1, p50=180, p95=885
    )
    assert queries.on_time(DUE + timedelta(hours=2)).rate == "66.6 %"
    assert [row.late_because for row in queries.misses(DUE + timedelta(hours=2))] == ["Nobody on duty", ""]


def queries_filing(number):
    from tests.trust_center.document_requests.mailbox import filing

    return filing(email=f"p{number}@buyer.example")


@pytest.mark.req("DOC-06")
def test_figures_forget_after_ninety_days_and_say_nothing_of_nothing():
    refused(person(1))
    assert queries.on_time(NOW + timedelta(days=90, seconds=-1)).closed == 1
    empty = queries.on_time(NOW + timedelta(days=90))
    assert (empty, empty.rate) == (Figures(closed=0, on_time=0, open_now=0, overdue=0, p50=None, p95=None), "")


def test_a_rate_is_never_rounded_up_to_a_hundred():
    assert Figures(closed=10_000, on_time=9_999, open_now=0, overdue=0, p50=1, p95=1).rate == "99.9 %"


def test_the_time_an_answer_waited_for_the_requester_does_not_count():
    record = asked(person(1), NOW + timedelta(hours=2))
    assert refused(record, NOW + timedelta(days=10)).answer_minutes == 120


def test_the_queue_shows_the_soonest_due_first_and_the_stopped_last():
    shelf()
    stopped = asked(person(1))
    late, soon = person(2, NOW + timedelta(days=1)), person(3)
    granted(person(4), Kind.DPA)
    assert [row.pk for row in queries.queue()] == [soon.pk, late.pk, stopped.pk]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("p1@buyer.example", 1),
        (" P1@Buyer.EXAMPLE ", 1),
        ("ada", 2),
        ("buyer ada", 2),
        ("Bu", 0),
        ("nobody", 0),
        ("' OR 1=1 --", 0),
        ("\u202e🦄", 0),
    ],
)
def test_the_queue_is_searched_by_address_or_whole_words(text, found):
    person(1)
    person(2)
    assert queries.queue(text=text).count() == found


def test_the_queue_is_searched_by_reference_state_and_document():
    first, second = person(1, kinds=("dpa",)), refused(person(2, kinds=("sla",)))
    assert [row.pk for row in queries.queue(text=first.reference.lower())] == [first.pk]
    assert [row.pk for row in queries.queue(state="closed")] == [second.pk]
    assert [row.pk for row in queries.queue(state="", kind="sla")] == [second.pk]
    assert [row.pk for row in queries.queue(state="refused")] == [second.pk]
    assert [row.pk for row in queries.queue(overdue_at=DUE)] == [first.pk]


def test_what_is_held_about_a_person_is_found_on_the_platform_and_nowhere_else(acme):
    record = person(1)
    line = f"{record.reference}, 23 November 2026: asked for dpa, sla"
    assert queries.held_about("P1@buyer.example") == [line]
    held = {holding.name: holding.found for holding in personal_data.held("p1@buyer.example")}
    assert held["Requests for documents"] == (line,)
    with schemas.inside(acme):
        assert queries.held_about("p1@buyer.example") == []
