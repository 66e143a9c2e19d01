"""The host decides the tenant, and nothing else does."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from audit import context
from tenants.tenancy import actions as tenancy

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACTOR = context.service("tests")


def status(host: str, path: str = "/sign-in/", **headers: str) -> int:
    return Client(headers={"host": host, **headers}).get(path).status_code


@pytest.mark.parametrize(
    "host",
    [
        "nobody.localhost",
        "127.0.0.1",
        "www.acme.localhost",
        "acme.localhost.",
        "acme",
        "x@acme.localhost",
        "acme.localhost,globex.localhost",
        "",
    ],
)
def test_a_host_that_is_no_tenants_gets_nothing(acme, host):
    answer = Client(headers={"host": host}).get("/sign-in/")
    assert (answer.status_code, answer.content) == (404, b"There is no trust center at this address.\n")


def test_the_name_of_a_schema_is_no_host(acme):
    assert status(acme.schema_name) == 404


@pytest.mark.parametrize("host", ["acme.localhost", "ACME.localhost", "acme.localhost:8000", "acme.localhost:99999"])
def test_case_and_port_say_nothing_about_the_tenant(acme, host):
    assert status(host) == 200


@pytest.mark.req("ASVS-4.1.3")
def test_a_forwarded_host_is_not_believed(acme, globex):
    assert status("nobody.localhost", **{"x-forwarded-host": "acme.localhost"}) == 404


def test_a_suspended_tenant_says_so_and_a_closed_one_is_gone(platform, acme):
    tenancy.suspend(acme, actor=ACTOR, now=NOW, reason="Invoice unpaid")
    assert status("acme.localhost") == 403
    tenancy.close(acme, actor=ACTOR, now=NOW, reason="Contract ended")
    assert status("acme.localhost") == 404
    assert status("globex.localhost") == 200


def test_the_platforms_pages_are_not_on_a_tenants_host_nor_the_other_way_round(acme):
    assert (status("localhost", "/console/sign-in/"), status("acme.localhost", "/console/sign-in/")) == (200, 404)
    assert (status("acme.localhost", "/sign-in/"), status("localhost", "/sign-in/")) == (200, 404)
