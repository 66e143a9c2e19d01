"""What watches the process learns the truth, above all when something is down."""

import pytest
from django.test import Client

ALL_WELL = {"status": "ok", "database": "ok", "broker": "ok", "migrations": "ok"}
NO_DATABASE = {"status": "not ready", "database": "unreachable", "broker": "ok", "migrations": "unknown"}


@pytest.fixture
def probe(platform) -> Client:
    return Client(headers={"host": "localhost"}, raise_request_exception=False)


@pytest.fixture
def no_database(probe, django_db_blocker):
    """From here on nothing reaches the database, as when it is down."""
    with django_db_blocker.block():
        yield


def test_a_process_that_can_work_says_so(probe):
    assert probe.get("/healthz").json() == {"status": "ok"}
    ready = probe.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, ALL_WELL)


def test_a_database_that_is_down_restarts_no_process_and_is_named(probe, no_database):
    alive = probe.get("/healthz")
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    ready = probe.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, NO_DATABASE)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_other_hosts_know_no_such_page(acme, path):
    assert Client(headers={"host": "acme.localhost"}).get(path).status_code == 404
