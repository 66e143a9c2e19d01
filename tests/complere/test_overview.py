"""The first page after signing in: what is open, what comes next, and what it costs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complere import overview
from tenants import schemas
from tests import cast
from tests.privacy.incidents import stage as incidents
from tests.privacy.subject_requests import filings
from tests.trust_center.document_requests import mailbox

MOST_QUERIES = 12
DAY = timedelta(days=1)


@pytest.fixture
def now():
    """A Monday morning in Berlin; pages, which look at the real clock, find more overdue."""
    return datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _busy(now, acme, globex, platform):
    """Work of every kind waits, in a tenant and on the platform."""
    for where, logs in ((acme, "sid"), (platform, "sam")):
        with schemas.inside(where):
            for age in (40, 25, 1):
                filings.filed(
                    now, subject_email=f"s{age}@x.example", received_at=now - age * DAY, late_entry_reason="By post"
                )
                incidents.log(by=logs, now=now, detected_at=now - timedelta(hours=age), own_data=True)
    incidents.breach("acme", "globex", at=now - timedelta(hours=2))
    with schemas.on_platform():
        mailbox.received(now)


def cost(client, path):
    assert client.get(path).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


@pytest.mark.parametrize("who", cast.ACME)
def test_the_overview_of_a_tenant_takes_at_most_twelve_queries(sign_in, who):
    assert cost(sign_in(who), "/") <= MOST_QUERIES


@pytest.mark.parametrize("who", cast.PLATFORM)
def test_the_overview_of_the_console_takes_at_most_twelve_queries(sign_in, who):
    assert cost(sign_in(who), "/console/") <= MOST_QUERIES


def test_requests_are_counted_and_the_soonest_stand_first(now, acme):
    with schemas.inside(acme):
        told = overview.subject_requests(now)
    assert [(figure.label, figure.value, figure.note) for figure in told.figures] == [
        ("Open requests", 3, "1 due within 7 days"),
        ("Requests overdue", 1, "answer them first"),
    ]
    assert [duty.due_at for duty in told.duties] == sorted(duty.due_at for duty in told.duties)
    assert len(told.duties) == 3


def test_open_incidents_are_counted_with_their_duties(now, acme, platform):
    for where, count in ((acme, 3), (platform, 4)):
        with schemas.inside(where):
            [figure] = overview.open_incidents(now).figures
        assert (figure.value, figure.tone) == (count, "attention")


def test_more_incidents_than_are_looked_through_are_counted_all(now, acme, monkeypatch):
    monkeypatch.setattr(overview, "MOST", 2)
    with schemas.inside(acme):
        assert [figure.value for figure in overview.open_incidents(now).figures] == [3]
