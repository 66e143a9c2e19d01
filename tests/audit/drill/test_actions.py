"""The drill: each attack is prevented or detected, by those who must, and only the stated limit is not."""

import io
import json
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command

from audit.drill.catalogue import Account, attacks
from complere import env
from tests import cast, database

pytestmark = [pytest.mark.req("AT-13"), pytest.mark.req("AT-12"), pytest.mark.req("P11-10a")]


def standing(name: str) -> list[tuple]:
    """What a drill must leave as it was: rows, triggers and functions of the books."""
    address = urlsplit(env.secret("DATABASE_ADMIN_URL"))._replace(path=f"/{name}").geturl()
    with psycopg.connect(address, autocommit=True) as server:
        books = [book for (book,) in server.execute("SELECT schema_name FROM ledger.book ORDER BY 1").fetchall()]
        rows = [
            server.execute(f"SELECT count(*), max(seq) FROM audit_{book}.ledger_event").fetchone() for book in books
        ]
        triggers = server.execute("SELECT tgrelid, tgname, tgenabled FROM pg_trigger ORDER BY 1, 2").fetchall()
        functions = server.execute("SELECT oid, md5(prosrc) FROM pg_proc ORDER BY 1").fetchall()
    return [*rows, *triggers, *functions]


@pytest.fixture(scope="module")
def drilled(django_db_setup, django_db_blocker):
    out = io.StringIO()
    with django_db_blocker.unblock(), database.clone("test_drill", database.template()) as name:
        before = standing(name)
        with database.pointed_at(name):
            call_command("audit_drill", "--tenant", cast.tenant("acme").host, "--json", stdout=out)
        return {"told": out.getvalue(), "before": before, "after": standing(name)}


@pytest.fixture
def outcomes(drilled):
    told = map(json.loads, drilled["told"].splitlines())
    return {(said["account"], said["aim"]): said for said in told}


GRANT, TRIGGER, EVENT_TRIGGER = "grant", "append-only trigger", "event trigger"
WITHOUT_CONTEXT = "capture (AU001)"
BOOK, INVENTORY, PIN, RECONCILER, VERIFIER = (
    "event in the ledger", "inventory", "pinned head", "reconciler", "verifier",
)  # fmt: skip
PREVENTED = {
    "runtime": {
        "alter an event": GRANT,
        "delete an event": GRANT,
        "insert an event": GRANT,
        "back-date an event": GRANT,
        "truncate the ledger": GRANT,
        "delete a signed head": GRANT,
        "alter the readable history": GRANT,
        "delete the readable history": GRANT,
        "change a record without actor and reason": WITHOUT_CONTEXT,
        "switch capture off, then change a record": GRANT,
        "drop the trigger of capture": GRANT,
        "become the ledger": GRANT,
        "write as a replica": GRANT,
        "drop the book": GRANT,
        "publish a head that goes back": "capture (AU303)",
    },
    "owner": {
        "alter an event": GRANT,
        "delete an event": GRANT,
        "insert an event": GRANT,
        "back-date an event": GRANT,
        "truncate the ledger": GRANT,
        "delete a signed head": GRANT,
        "alter the readable history": TRIGGER,
        "delete the readable history": TRIGGER,
        "change a record without actor and reason": WITHOUT_CONTEXT,
        "switch capture off, then change a record": EVENT_TRIGGER,
        "drop the trigger of capture": EVENT_TRIGGER,
        "become the ledger": GRANT,
        "write as a replica": GRANT,
        "drop the book": GRANT,
        "rename the trigger of capture": EVENT_TRIGGER,
        "open a book with more than a name": TRIGGER,
    },
    "superuser": {
        "alter an event": TRIGGER,
        "delete an event": TRIGGER,
        "truncate the ledger": TRIGGER,
        "delete a signed head": TRIGGER,
        "switch capture off, then change a record": EVENT_TRIGGER,
        "drop the trigger of capture": EVENT_TRIGGER,
        "write as a replica": WITHOUT_CONTEXT,
    },
}
# Who must notice; others may as well.
DETECTED = {
    "runtime": {
        "invent a version in the readable history": {RECONCILER},
        "change a record past the readable history": {RECONCILER},
        "publish a head that nobody signed": {VERIFIER},
    },
    "owner": {
        "invent a version in the readable history": {RECONCILER},
        "rewrite a column": {BOOK, RECONCILER},
        "hide a column from capture": {BOOK, INVENTORY},
        "keep rows in a child that nobody captures": {BOOK, INVENTORY, RECONCILER},
        "meddle before capture": {BOOK, INVENTORY},
        "have no move signed": {BOOK},
    },
    "superuser": {
        "alter an event, guards off": {VERIFIER, RECONCILER},
        "alter an event and its hash, guards off": {VERIFIER, RECONCILER},
        "alter an event and every hash of it, guards off": {VERIFIER, RECONCILER},
        "delete an event, guards off": {VERIFIER, RECONCILER},
        "delete an event and its place, guards off": {VERIFIER, RECONCILER},
        "close the gap after it as well, guards off": {VERIFIER, RECONCILER},
        "insert an event, guards off": {RECONCILER},
        "swap two events, guards off": {VERIFIER},
        "cut off the end, guards off": {VERIFIER, PIN, RECONCILER},
        "back-date an event, guards off": {VERIFIER, RECONCILER},
        "change a record with capture off, guards off": {RECONCILER},
        "delete a record with capture off, guards off": {RECONCILER},
        "alter the readable history, guards off": {RECONCILER},
        "delete the readable history, guards off": {RECONCILER},
        "invent a version in the readable history, guards off": {RECONCILER},
        "replace the code of capture, guards off": {INVENTORY},
        "give itself the right to write, guards off": {INVENTORY},
        "alter everywhere and sign all heads again with the stolen key": {PIN},
    },
}
THE_LIMIT = "alter what is younger than the last anchor, everywhere, and sign again with the stolen key"


@pytest.mark.parametrize("account", [account.value for account in Account])
def test_what_is_prevented_is_prevented_by_the_guard_that_is_there_for_it(outcomes, account):
    found = {aim: said["prevented_by"] for (who, aim), said in outcomes.items() if who == account}
    assert {aim: by for aim, by in found.items() if by} == PREVENTED[account]


@pytest.mark.parametrize("account", [account.value for account in Account])
def test_what_is_not_prevented_is_detected_by_those_who_must(outcomes, account):
    found = {aim: set(said["detected_by"]) for (who, aim), said in outcomes.items() if who == account}
    detected = {aim: by for aim, by in found.items() if by}
    assert detected.keys() == DETECTED[account].keys()
    assert {aim: by for aim, by in DETECTED[account].items() if not by <= detected[aim]} == {}


def test_nothing_goes_unnoticed_but_the_stated_limit(outcomes):
    unnoticed = {key for key, said in outcomes.items() if not said["prevented_by"] and not said["detected_by"]}
    assert unnoticed == {("superuser", THE_LIMIT)}
    assert [key for key, said in outcomes.items() if said["stated_limit"]] == [("superuser", THE_LIMIT)]
    assert len(outcomes) == len(attacks())


def test_what_is_detected_is_named_and_quickly(outcomes):
    detected = [said for said in outcomes.values() if said["detected_by"]]
    assert all(said["first_word"] for said in detected)
    assert max(said["seconds"] for said in detected) < 10


def test_the_database_itself_is_untouched_and_the_copy_is_gone(outcomes, drilled):
    assert drilled["before"] == drilled["after"]
    assert database.admin("SELECT datname FROM pg_database WHERE datname LIKE 'drill\\_%'") == []


@pytest.mark.django_db
def test_without_the_administrators_address_nothing_is_attacked(monkeypatch):
    monkeypatch.delenv("DATABASE_ADMIN_URL")
    with pytest.raises(CommandError, match="Set DATABASE_ADMIN_URL") as refused:
        call_command("audit_drill")
    assert refused.value.returncode == 2
