"""The two captures, the rows and the structure agree; whatever is bent is found, named, kept and resolved."""

import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from django.apps import apps

from audit import context
from audit.reconciliation import actions, queries
from audit.reconciliation.adapters import inventory
from audit.reconciliation.catalogue import WORDS, Difference, Kind
from audit.reconciliation.models import Finding
from complere import env
from tenants import schemas
from tenants.books.actions import DOORS
from tenants.members.roles.models import RoleGrant
from tests import cast
from tests.isolation import scene

pytestmark = [pytest.mark.req("P11-10e"), pytest.mark.req("AT-08")]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUSES = {"doors": DOORS.read_text()}
ACTOR = context.service("tests")


@pytest.fixture
def administrator(committed_db):
    address = urlsplit(env.secret("DATABASE_ADMIN_URL"))._replace(path=f"/{committed_db}").geturl()
    with psycopg.connect(address, autocommit=True) as server:
        yield server


def found_by_kind() -> dict[Kind, set[str]]:
    found: dict[Kind, set[str]] = {}
    for difference in actions.check(now=NOW, houses=HOUSES):
        found.setdefault(difference.kind, set()).add(difference.place)
    return found


@pytest.mark.parametrize("name", ["localhost", "acme", "globex"])
def test_in_a_new_database_everything_agrees(db, name):
    with schemas.inside(cast.tenant(name)):
        assert actions.check(now=NOW, houses=HOUSES) == []
        assert not Finding.objects.exists()
        assert inventory.disabled() == []


@pytest.mark.parametrize("name", ["localhost", "acme"])
def test_after_a_row_of_every_model_was_written_everything_agrees(db, name):
    customer = cast.tenant("acme").pk
    with schemas.inside(cast.tenant(name)):
        member = cast.person("pat" if name == "localhost" else "ann").pk
        scene.Scene(schemas.current_schema(), customer=customer, member=member).plant()
        assert actions.check(now=NOW, houses=HOUSES) == []


def test_every_kind_of_finding_has_words():
    assert set(WORDS) == set(Kind)


def test_what_goes_past_the_history_is_found(in_acme):
    cay = cast.person("cay")
    with context.regulated_write(actor=ACTOR, reason="Past the history"):
        RoleGrant.objects.filter(user=cay).update(granted_by="somebody else")
    grant = RoleGrant.objects.get(user=cay)
    assert found_by_kind() == {Kind.UNREAD: {f"members_rolegrant:{grant.pk} version 2"}}


def test_a_history_with_values_that_were_never_written_is_found(in_acme):
    grant = RoleGrant.objects.get(user=cast.person("cay"))
    grant.granted_by, grant.granted_at = "somebody else", NOW
    with context.regulated_write(actor=ACTOR, reason="One column only"):
        grant.save(update_fields=["granted_by"])
    (found,) = actions.check(now=NOW, houses=HOUSES)
    assert (found.kind, found.place) == (Kind.CONTENT, f"members_rolegrant:{grant.pk} version 2")
    assert found.text == "The history shows other values than the ledger: granted_at."


def test_a_back_dated_version_is_found(in_acme):
    grant = RoleGrant.objects.get(user=cast.person("cay"))
    grant._history_date, grant.granted_by = NOW - timedelta(days=400), "somebody else"
    with context.regulated_write(actor=ACTOR, reason="Back-dated"):
        grant.save()
    assert found_by_kind() == {Kind.TIME: {f"members_rolegrant:{grant.pk} version 2"}}


def test_a_save_that_changed_nothing_is_no_finding(in_acme):
    grant = RoleGrant.objects.get(user=cast.person("cay"))
    with context.regulated_write(actor=ACTOR, reason="Nothing new"):
        grant.save()
    assert grant.history.count() == 2
    assert actions.check(now=NOW, houses=HOUSES) == []


def test_a_finding_is_a_row_until_it_is_resolved_and_keeps_both_moments(in_acme):
    fault = Difference(Kind.CAPTURE, "members_user.zz_audit", "The trigger zz_audit on members_user is altered.")
    later = NOW + timedelta(days=1)
    actions.keep([fault], now=NOW)
    actions.keep([fault], now=later)
    assert [(f.kind, f.place, f.first_seen_at) for f in queries.open_findings()] == [
        ("capture", "members_user.zz_audit", NOW)
    ]
    actions.keep([], now=later)
    (finding,) = queries.resolved_findings()
    assert (finding.first_seen_at, finding.resolved_at) == (NOW, later)
    assert [row.history_type for row in finding.history.order_by("history_id")] == ["+", "~"]
    actions.keep([fault], now=later + timedelta(days=1))
    assert (queries.open_findings().count(), queries.resolved_findings().count()) == (1, 1)


# Done by a superuser who switched the guards off first. What is found: kind and place.
COPIED = """
    INSERT INTO {{acme}}.members_historicalrolegrant SELECT (h).* FROM (
        SELECT jsonb_populate_record(h, '{{{{{changes}}}}}') AS h FROM {{acme}}.members_historicalrolegrant h
        WHERE id = {{grant}} AND history_id < 900000) f
"""
HAND_CHANGED = """
    UPDATE {acme}.members_historicalrolegrant SET actor_name = 'Ann Admin', history_change_reason = 'Approved'
    WHERE id = {grant}
"""
CAPTURE_NARROWED = """
    CREATE OR REPLACE TRIGGER zz_audit AFTER INSERT OR DELETE OR UPDATE ON {acme}.privacy_incident FOR EACH ROW
        EXECUTE FUNCTION audit_{acme}.capture('id', 'title', '');
    ALTER TABLE {acme}.privacy_incident ENABLE ALWAYS TRIGGER zz_audit
"""
MEDDLING = """
    CREATE TRIGGER meddle BEFORE UPDATE ON {acme}.members_user FOR EACH ROW
        EXECUTE FUNCTION suppress_redundant_updates_trigger()
"""
BENT = [
    (HAND_CHANGED, Kind.HAND, "members_rolegrant:{grant} version 1"),
    (
        "UPDATE {acme}.members_historicalrolegrant SET granted_by = 'forged' WHERE id = {next}",
        Kind.CONTENT,
        "members_rolegrant:{next} version 1",
    ),
    (
        "DELETE FROM {acme}.members_historicalrolegrant WHERE id = {after}",
        Kind.UNREAD,
        "members_rolegrant:{after} version 1",
    ),
    (COPIED.format(changes='"history_id": 900001'), Kind.TWICE, "members_rolegrant:{grant} version 1"),
    (
        COPIED.format(changes='"history_id": 900002, "ledger_version": null, "granted_by": "forged"'),
        Kind.UNTOLD,
        "members_rolegrant:{grant}",
    ),
    ("UPDATE {acme}.members_user SET job_title = 'forged' WHERE id = '{ann}'", Kind.RECORD, "members_user:{ann}"),
    ("DROP TRIGGER stamp ON {acme}.members_historicaluser", Kind.CAPTURE, "members_historicaluser.stamp"),
    ("ALTER TABLE {acme}.members_contact DISABLE TRIGGER zz_audit", Kind.CAPTURE, "members_contact.zz_audit"),
    (CAPTURE_NARROWED, Kind.CAPTURE, "privacy_incident.zz_audit"),
    (MEDDLING, Kind.CAPTURE, "members_user.meddle"),
    ("CREATE TABLE {acme}.child () INHERITS ({acme}.privacy_deadline)", Kind.CAPTURE, "privacy_deadline"),
    ("ALTER TABLE audit_{acme}.ledger_leaf DISABLE TRIGGER no_change", Kind.CAPTURE, "ledger_leaf.no_change"),
    (
        "CREATE OR REPLACE FUNCTION audit_{acme}.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        Kind.CODE,
        "audit_{acme}.stamp",
    ),
    ("DROP FUNCTION audit_{acme}.ledger_recover()", Kind.CODE, "audit_{acme}.ledger_recover"),
    (
        "GRANT UPDATE ON {acme}.members_historicaluser TO {acme}",
        Kind.RIGHT,
        "{acme}.members_historicaluser {acme}",
    ),
    ("GRANT SELECT ON audit_{acme}.ledger_event TO {globex}", Kind.RIGHT, "audit_{acme} {globex}"),
    ("ALTER TABLE audit_{acme}.ledger_tile OWNER TO CURRENT_USER", Kind.RIGHT, "audit_{acme}.ledger_tile"),
]
GUARDS_OFF = """
    ALTER EVENT TRIGGER ledger_ddl DISABLE; ALTER EVENT TRIGGER ledger_drop DISABLE;
    ALTER TABLE {acme}.members_historicalrolegrant DISABLE TRIGGER ALL;
    ALTER TABLE {acme}.members_user DISABLE TRIGGER zz_audit;
"""
GUARDS_ON = """
    ALTER TABLE {acme}.members_historicalrolegrant ENABLE ALWAYS TRIGGER stamp;
    ALTER TABLE {acme}.members_historicalrolegrant ENABLE ALWAYS TRIGGER no_change;
    ALTER TABLE {acme}.members_user ENABLE ALWAYS TRIGGER zz_audit;
    ALTER EVENT TRIGGER ledger_ddl ENABLE; ALTER EVENT TRIGGER ledger_drop ENABLE;
"""


def test_what_a_superuser_bends_with_the_guards_off_is_found_and_named(administrator):
    acme, globex = cast.tenant("acme"), cast.tenant("globex")
    with schemas.inside(acme):
        grant, following, after = RoleGrant.objects.order_by("pk").values_list("pk", flat=True)[:3]
        ann = cast.person("ann").pk
    names = {"acme": acme.schema_name, "globex": globex.schema_name, "grant": grant, "ann": ann}
    names |= {"next": following, "after": after}
    administrator.execute(GUARDS_OFF.format(**names))
    for statement, _, _ in BENT:
        administrator.execute(statement.format(**names))
    administrator.execute(GUARDS_ON.format(**names))
    with schemas.inside(acme):
        found = found_by_kind()
    wanted: dict[Kind, set[str]] = {}
    for _, kind, place in BENT:
        wanted.setdefault(kind, set()).add(place.format(**names))
    # What follows from the same deeds: the copied rows are in other hands too, and a stranger's table is not captured.
    wanted[Kind.CAPTURE] |= {"child"}
    wanted[Kind.CONTENT].discard("")
    assert found == wanted
    with schemas.inside(globex):
        assert found_by_kind() == {}


ON_THE_PLATFORM = [
    ("DROP EVENT TRIGGER ledger_rewrite", Kind.CAPTURE, "ledger_rewrite"),
    (
        "CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        Kind.CODE,
        "ledger.refuse",
    ),
    (
        "CREATE OR REPLACE FUNCTION doors.wake(at timestamptz) RETURNS void LANGUAGE sql AS 'SELECT'",
        Kind.CODE,
        "doors.wake",
    ),
    ("DELETE FROM ledger.signed_transition", Kind.CAPTURE, "signed_record"),
]


def test_what_is_altered_in_what_all_schemas_share_is_found_on_the_platform(administrator):
    for statement, _, _ in ON_THE_PLATFORM:
        administrator.execute(statement)
    wanted: dict[Kind, set[str]] = {}
    for _, kind, place in ON_THE_PLATFORM:
        wanted.setdefault(kind, set()).add(place)
    with schemas.on_platform():
        assert found_by_kind() == wanted


def test_a_file_that_was_exchanged_past_the_trail_is_found(administrator):
    acme = cast.tenant("acme")
    with schemas.inside(acme), context.regulated_write(actor=ACTOR, reason="Plant a file"):
        stage = scene.Scene(acme.schema_name, customer=acme.pk, member=cast.person("ann").pk)
        file = stage.row(apps.get_model("privacy", "RequestFile"))
    with schemas.inside(acme):
        assert found_by_kind() == {}
    administrator.execute("ALTER EVENT TRIGGER ledger_ddl DISABLE")
    for state in ("DISABLE", "ENABLE ALWAYS"):
        administrator.execute(f"ALTER TABLE {acme.schema_name}.privacy_requestfile {state} TRIGGER zz_audit")
        if state == "DISABLE":
            administrator.execute(f"UPDATE {acme.schema_name}.privacy_requestfile SET content = 'another'::bytea")
    with schemas.inside(acme):
        assert found_by_kind() == {Kind.RECORD: {f"privacy_requestfile:{file.pk}"}}


def test_the_quick_look_at_start_names_what_is_switched_off(administrator):
    acme = cast.tenant("acme")
    administrator.execute("ALTER EVENT TRIGGER ledger_ddl DISABLE")
    administrator.execute(f"ALTER TABLE {acme.schema_name}.members_user DISABLE TRIGGER zz_audit")
    with schemas.on_platform():
        assert actions.check_structure(now=NOW) == [f"zz_audit on {acme.schema_name}.members_user"]


def test_the_code_is_read_whole_from_what_is_delivered():
    book = inventory.delivered((inventory.CONTENT / "book.sql").read_text(), "audit___schema__", "complere_ledger")
    assert {"capture", "stamp", "seal", "guard", "ledger_append", "ledger_publish"} <= set(book)
    assert all(function.as_owner and function.body.strip() for function in book.values())


def test_no_finding_names_a_person(in_acme):
    assert {field.name for field in Finding._meta.fields} == {
        "id", "kind", "place", "text", "first_seen_at", "resolved_at",
    }  # fmt: skip
    assert uuid.UUID(str(Finding().pk))
