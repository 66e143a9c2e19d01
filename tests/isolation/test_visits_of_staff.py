"""Every address of a tenant as a visitor of Complere's staff: nothing breaks, nothing of others, nothing written.

The visit that only reads changes no row whatever it opens or sends; the one with writing never gets what only people
with an account may do.
"""

import pytest
from django.db import connection, transaction
from django.test import Client

from tenants import schemas
from tenants.members import access
from tenants.members.staff_entries import catalogue
from tests.architecture import routes
from tests.isolation.conftest import Stage, Visitor
from tests.isolation.test_no_tenant_sees_another import (
    TENANT_ROUTES,
    VERBS,
    ask,
    faults,
    forbidden,
    names_a_record,
    paths,
)
from tests.staff_visits import WRITES, inside

pytestmark = pytest.mark.req("ASVS-8.4.2")
SENT = ("post", "put", "patch", "delete")
LEAVES = {"staff-leave", "sign-out"}
# The scene plants bytes there that are no file.
NO_FILE = {"subject-request-file"}
ROUTES = [route for route in TENANT_ROUTES if route.name not in LEAVES | NO_FILE]
# What is written about every request, outside of what it did: the look itself, and when a session was last used.
BOOKKEEPING = {"ledger_access", "members_session"}


def visitor(walk: Stage, **changes: object) -> Visitor:
    client, _ = inside(walk.tenants["acme"], **changes)
    return Visitor("staff", "acme", {name: morsel.value for name, morsel in client.cookies.items()})


def rows(walk: Stage) -> dict[str, int]:
    """How many rows were ever written to each table of the tenant, by this transaction."""
    with schemas.inside(walk.tenants["acme"]), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)"
            " + pg_stat_get_xact_tuples_deleted(oid) FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN (%s, %s))",
            [walk.tenants["acme"].schema_name, f"audit_{walk.tenants['acme'].schema_name}"],
        )
        return {name: count for name, count in cursor.fetchall() if name not in BOOKKEEPING}


def walked(walk: Stage, who: Visitor, route: routes.Route, *, may_write: bool) -> list[str]:
    """What is wrong at one address, with what it changed taken back."""
    before, allowed = rows(walk), {access.PUBLIC, access.SIGNED_IN, *catalogue.permissions(may_write=may_write)}
    with transaction.atomic():
        answers = [ask(who, "acme.localhost", verb, path) for verb in VERBS for path in paths(walk, route, "acme")]
        found = faults(answers, forbidden(walk, "globex"), hidden=False)
        if not may_write and rows(walk) != before:
            found.append(f"{route.id} changed {sorted(set(rows(walk).items()) ^ set(before.items()))}")
        transaction.set_rollback(True)
    if routes.permission_of(route.view) not in allowed:
        found += [f"{a.what}: {a.status}, not allowed" for a in answers if a.status not in (403, 404)]
    if not may_write:
        found += [f"{a.what}: {a.status}, sent" for a in answers if " post " in a.what and a.status != 403]
    return found


@pytest.mark.parametrize("changes", [{}, WRITES], ids=["reads", "writes"])
def test_a_visitor_breaks_nothing_and_finds_what_the_visit_allows(walk, changes):
    who = visitor(walk, **changes)
    found = [fault for route in ROUTES for fault in walked(walk, who, route, may_write=bool(changes))]
    assert found == []
    assert who.at("acme.localhost").get("/people/").status_code == 200


def test_a_visitor_finds_nothing_of_another_tenant(walk):
    who = visitor(walk)
    tried = [path for route in ROUTES if names_a_record(route) for path in paths(walk, route, "globex")]
    answers = [ask(who, "acme.localhost", "get", path) for path in tried]
    assert faults(answers, forbidden(walk, "globex"), hidden=False) == []


def test_a_session_of_a_visit_opens_no_other_schema(walk):
    who = visitor(walk)
    for host in ("globex.localhost", "localhost"):
        for path in ("/people/", "/console/people/"):
            assert who.at(host).get(path).status_code in (302, 404), (host, path)


def test_a_row_that_was_written_would_be_noticed(walk):
    """The measure itself: with writing, and a form that is sent, the counts differ."""
    from tests.privacy.incidents.test_views import logging

    before = rows(walk)
    assert visitor(walk, **WRITES).at("acme.localhost").post("/incidents/log/", logging()).status_code == 302
    assert {name for name, count in rows(walk).items() if count != before[name]} >= {"privacy_incident", "ledger_event"}


def test_other_verbs_are_refused_too(walk):
    who = visitor(walk)
    answers = [getattr(who.at("acme.localhost"), verb)("/people/").status_code for verb in SENT]
    assert answers == [403] * 4
    assert isinstance(who.at("acme.localhost"), Client)
