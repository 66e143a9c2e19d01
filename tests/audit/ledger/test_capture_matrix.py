"""Every way to write a row: the ledger has exactly its events, or the database refuses it. Nothing passes in silence.

What must be in the ledger is worked out from the rows before and after, never from the ledger. `history` is how many
versions django-simple-history noted: where it is not the number of events, it was passed by, and the ledger was not.
"""

import hashlib
import io
import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from celery import Celery
from django.apps import apps
from django.core import serializers
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import override_settings
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from audit import context
from audit.ledger.models import Event
from complere import env
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles.models import RoleGrant
from tenants.tenancy.models import Domain, Tenant
from tenants.tenant_task import SCHEMA_HEADER, SEAL_HEADER, seal
from tests import cast, database
from tests.isolation import scene

pytestmark = [pytest.mark.req("AT-08"), pytest.mark.req("P11-10e")]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MATRIX = context.service("matrix")
REASON = "One way of writing"
NO_CONTEXT, WRONG_SCHEMA, KEY_CHANGED, OTHER_HAND = "AU001", "AU002", "AU003", "AU004"
TABLE = "members_rolegrant"


@pytest.fixture
def user(in_acme) -> User:
    """Cay, with two roles more than she was cast with."""
    return stage("cay")


def stage(key: str) -> User:
    user = cast.person(key)
    with context.regulated_write(actor=MATRIX, reason="Set the stage"):
        for role in ("auditor", "security_officer"):
            grant(user, role).save()
    return user


def grant(user: User, role: str) -> RoleGrant:
    return RoleGrant(user=user, role=role, granted_at=NOW, granted_by="matrix")


def of(user: User) -> "models.QuerySet[RoleGrant]":
    return RoleGrant.objects.filter(user=user)


def added(user: User) -> "models.QuerySet[RoleGrant]":
    return of(user).filter(role__in=["auditor", "security_officer"])


def sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def rows() -> dict[str, dict]:
    """What the table holds, by key, in the words of the database."""
    return {str(image["id"]): image for (image,) in map(as_json, sql(f"SELECT to_jsonb(t) FROM {TABLE} t"))}


def as_json(row: tuple) -> tuple:
    return tuple(json.loads(value) if isinstance(value, str) else value for value in row)


@dataclass(frozen=True)
class Change:
    pk: str
    op: str
    old: dict | None
    new: dict | None


def changes(before: dict[str, dict], after: dict[str, dict]) -> list[Change]:
    """The events that lead from the rows before to the rows after, one for each row."""
    found = []
    for pk in sorted(before.keys() | after.keys(), key=int):
        old, new = before.get(pk), after.get(pk)
        if old is None or new is None:
            found.append(Change(pk, "I" if old is None else "D", old, new))
        elif old != new:
            found.append(Change(pk, "U", {key: old[key] for key in old if old[key] != new[key]}, new))
    return found


def events_after(seq: int) -> list[Event]:
    return list(Event.objects.filter(seq__gt=seq, obj=TABLE).order_by("seq"))


def last_seq() -> int:
    return Event.objects.aggregate(last=models.Max("seq"))["last"] or 0


def last_versions() -> dict[str, int]:
    found = Event.objects.filter(obj=TABLE).values_list("pk_text").annotate(last=models.Max("ver"))
    return dict(found)


# --- The ways ---------------------------------------------------------------------------------------


def save_creates(user):
    grant(user, "legal").save()


def save_updates(user):
    row = added(user).first()
    row.granted_by = "somebody else"
    row.save()


def save_with_update_fields_while_another_attribute_is_dirty(user):
    row = added(user).first()
    row.granted_by, row.granted_at = "somebody else", NOW + timedelta(days=1)
    row.save(update_fields=["granted_by"])


def get_or_create(user):
    RoleGrant.objects.get_or_create(user=user, role="legal", defaults={"granted_at": NOW, "granted_by": "x"})


def update_or_create(user):
    RoleGrant.objects.update_or_create(user=user, role="auditor", defaults={"granted_by": "somebody else"})


def bulk_create(user):
    RoleGrant.objects.bulk_create([grant(user, "legal"), grant(user, "tenant_admin")])


def bulk_create_that_ignores_conflicts(user):
    RoleGrant.objects.bulk_create([grant(user, "auditor"), grant(user, "tenant_admin")], ignore_conflicts=True)


def bulk_create_that_updates_on_conflict(user):
    fresh = [grant(user, "auditor"), grant(user, "tenant_admin")]
    for row in fresh:
        row.granted_by = "somebody else"
    RoleGrant.objects.bulk_create(
        fresh, update_conflicts=True, update_fields=["granted_by"], unique_fields=["user", "role"]
    )


def bulk_update(user):
    found = list(added(user))
    for row in found:
        row.granted_by = "somebody else"
    RoleGrant.objects.bulk_update(found, ["granted_by"])


def bulk_create_by_simple_history(user):
    fresh = [grant(user, "legal"), grant(user, "tenant_admin")]
    bulk_create_with_history(fresh, RoleGrant, default_change_reason=REASON)


def bulk_update_by_simple_history(user):
    found = list(added(user))
    for row in found:
        row.granted_by = "somebody else"
    bulk_update_with_history(found, RoleGrant, ["granted_by"], default_change_reason=REASON)


def queryset_update(user):
    added(user).update(granted_by="somebody else")


def queryset_update_by_expression(user):
    added(user).update(granted_by=Concat(F("granted_by"), Value(" and somebody else")))


def delete_one(user):
    added(user).first().delete()


def queryset_delete(user):
    added(user).delete()


def raw_delete_of_a_queryset(user):
    added(user)._raw_delete("default")


def related_manager_as_many_to_many_creates_through_the_grant(user):
    user.grants.create(role="legal", granted_at=NOW, granted_by="matrix")


def related_manager_as_many_to_many_deletes_through_the_grants(user):
    user.grants.filter(role="auditor").delete()


def sql_update(user):
    sql(f"UPDATE {TABLE} SET granted_by = 'somebody else' WHERE user_id = %s AND role = 'auditor'", user.pk)


def sql_insert(user):
    columns = "user_id, role, granted_at, granted_by"
    sql(f"INSERT INTO {TABLE} ({columns}) VALUES (%s, 'legal', now(), 'x')", user.pk)


def sql_delete(user):
    sql(f"DELETE FROM {TABLE} WHERE user_id = %s AND role = 'auditor'", user.pk)


def sql_upsert(user):
    sql(
        f"INSERT INTO {TABLE} (user_id, role, granted_at, granted_by) SELECT %s, r, now(), 'x'"
        " FROM unnest(ARRAY['auditor', 'legal']) r"
        " ON CONFLICT (user_id, role) DO UPDATE SET granted_by = 'somebody else'",
        user.pk,
    )


def sql_merge(user):
    sql(
        f"MERGE INTO {TABLE} t USING (VALUES ('auditor'), ('security_officer'), ('legal')) v (role)"
        " ON t.user_id = %s AND t.role = v.role"
        " WHEN MATCHED AND v.role = 'auditor' THEN DELETE"
        " WHEN MATCHED THEN UPDATE SET granted_by = 'somebody else'"
        " WHEN NOT MATCHED THEN INSERT (user_id, role, granted_at, granted_by) VALUES (%s, v.role, now(), 'x')",
        user.pk,
        user.pk,
    )


def sql_hidden_in_a_query(user):
    sql(
        f"WITH gone AS (DELETE FROM {TABLE} WHERE user_id = %s AND role = 'auditor' RETURNING *)"
        f" UPDATE {TABLE} SET granted_by = 'somebody else' WHERE user_id = %s AND role = 'security_officer'",
        user.pk,
        user.pk,
    )


def sql_copy(user):
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {TABLE} (user_id, role, granted_at, granted_by) FROM STDIN") as copy,
    ):
        copy.write_row((user.pk, "legal", NOW, "matrix"))
        copy.write_row((user.pk, "tenant_admin", NOW, "matrix"))


def loaddata(user):
    """A deserialised object is saved with raw=True, at which django-simple-history looks away."""
    row = added(user).first()
    row.granted_by = "somebody else"
    for loaded in serializers.deserialize("json", serializers.serialize("json", [row])):
        loaded.save()


def save_without_historical_record(user):
    row = added(user).first()
    row.granted_by = "somebody else"
    row.save_without_historical_record()


def skip_history_when_saving(user):
    row = added(user).first()
    row.skip_history_when_saving = True
    row.granted_by = "somebody else"
    row.save()


def history_disabled_by_a_setting(user):
    with override_settings(SIMPLE_HISTORY_ENABLED=False):
        save_updates(user)


def back_dated_history(user):
    row = added(user).first()
    row._history_date = NOW - timedelta(days=400)
    row.granted_by = "somebody else"
    row.save()


def save_twice(user):
    save_updates(user)
    row = added(user).first()
    row.delete()


# How many versions django-simple-history notes, and how many events the ledger has.
WAYS: dict[Callable[[User], None], tuple[int, int]] = {
    save_creates: (1, 1),
    save_updates: (1, 1),
    save_with_update_fields_while_another_attribute_is_dirty: (1, 1),
    get_or_create: (1, 1),
    update_or_create: (1, 1),
    bulk_create: (0, 2),
    bulk_create_that_ignores_conflicts: (0, 1),
    bulk_create_that_updates_on_conflict: (0, 2),
    bulk_update: (0, 2),
    bulk_create_by_simple_history: (2, 2),
    bulk_update_by_simple_history: (2, 2),
    queryset_update: (0, 2),
    queryset_update_by_expression: (0, 2),
    delete_one: (1, 1),
    queryset_delete: (2, 2),
    raw_delete_of_a_queryset: (0, 2),
    related_manager_as_many_to_many_creates_through_the_grant: (1, 1),
    related_manager_as_many_to_many_deletes_through_the_grants: (1, 1),
    sql_update: (0, 1),
    sql_insert: (0, 1),
    sql_delete: (0, 1),
    sql_upsert: (0, 2),
    sql_merge: (0, 3),
    sql_hidden_in_a_query: (0, 2),
    sql_copy: (0, 2),
    loaddata: (0, 1),
    save_without_historical_record: (0, 1),
    skip_history_when_saving: (0, 1),
    history_disabled_by_a_setting: (0, 1),
    back_dated_history: (1, 1),
}
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@every_way
@pytest.mark.req("AT-06")
@pytest.mark.req("AT-07")
@pytest.mark.req("AT-10")
def test_each_way_of_writing_is_in_the_ledger_as_the_rows_tell(user, way):
    before, seq, versions, noted = rows(), last_seq(), last_versions(), RoleGrant.history.count()
    with context.regulated_write(actor=MATRIX, reason=REASON):
        way(user)
    wanted = changes(before, rows())
    events = sorted(events_after(seq), key=lambda event: int(event.pk_text))
    assert [Change(e.pk_text, e.op, e.document["old"], e.document["new"]) for e in events] == wanted
    assert [(e.ver, e.document["ver"]) for e in events] == [(versions.get(c.pk, 0) + 1,) * 2 for c in wanted]
    assert [(e.document["actor"], e.document["reason"]) for e in events] == [(said_of(MATRIX), REASON)] * len(wanted)
    assert (RoleGrant.history.count() - noted, len(events)) == WAYS[way]
    assert all(event.is_unaltered for event in events)


def opened(name: str) -> "AbstractContextManager[object]":
    return context.regulated_write(actor=context.service(name), reason=REASON)


def said_of(actor: context.Actor) -> dict:
    return {"id": None, "name": actor.name, "key": None, "role": actor.role, "kind": actor.kind}


@contextmanager
def refused(*states: str) -> Iterator[None]:
    """The block is refused with one of these SQLSTATEs, and is rolled back alone."""
    with pytest.raises((DatabaseError, psycopg.Error)) as caught, transaction.atomic():
        yield
    # COPY goes past Django, and its errors too.
    found = caught.value if isinstance(caught.value, psycopg.Error) else caught.value.__cause__
    assert found.sqlstate in states


@every_way
@pytest.mark.req("AT-01")
def test_each_way_of_writing_is_refused_without_actor_and_reason(user, way):
    before, seq = rows(), last_seq()
    with refused(NO_CONTEXT):
        way(user)
    assert (rows(), events_after(seq)) == (before, [])


@every_way
@pytest.mark.req("AT-18")
def test_each_way_of_writing_is_refused_in_another_schema_than_it_was_opened_for(user, way, globex):
    with schemas.inside(globex):
        other = stage("gil")
        before, seq = rows(), last_seq()
    with context.regulated_write(actor=MATRIX, reason=REASON), schemas.inside(globex), refused(WRONG_SCHEMA):
        way(other)
    with schemas.inside(globex):
        assert (rows(), events_after(seq)) == (before, [])


@pytest.mark.parametrize(
    "declared",
    [
        "",
        "{}",
        '{"schema": "{acme}", "actor": {"name": "Ann"}}',
        '{"schema": "{acme}", "actor": {"name": "Ann"}, "reason": ""}',
        '{"schema": "{acme}", "actor": {"name": "Ann"}, "reason": "  \\t "}',
        '{"schema": "{acme}", "actor": {"name": ""}, "reason": "One way"}',
        '{"schema": "{acme}", "actor": null, "reason": "One way"}',
        '{"schema": "{acme}", "reason": "One way"}',
    ],
)
def test_a_declaration_without_actor_or_reason_is_none(user, in_acme, declared):
    with refused(NO_CONTEXT), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.context', %s, true)", [declared.replace("{acme}", in_acme.schema_name)])
        cursor.execute(f"UPDATE {TABLE} SET granted_by = 'somebody else'")


def test_a_record_keeps_its_key(user):
    with context.regulated_write(actor=MATRIX, reason=REASON):
        with refused(KEY_CHANGED):
            added(user).filter(role="auditor").update(id=F("id") + 1_000_000)
        with refused(KEY_CHANGED):
            sql(f"UPDATE {TABLE} SET id = -id WHERE user_id = %s", user.pk)


def test_an_expression_in_a_save_is_refused_whole(user):
    before, seq = rows(), last_seq()
    row = added(user).first()
    row.granted_by = Concat(F("granted_by"), Value("!"))
    with pytest.raises((ValueError, TypeError, DatabaseError)), context.regulated_write(actor=MATRIX, reason=REASON):
        row.save()
    assert (rows(), events_after(seq)) == (before, [])


def test_what_others_point_to_is_not_deleted(user):
    """PROTECT is on every foreign key between regulated models of a tenant."""
    seq = last_seq()
    with pytest.raises(models.ProtectedError), context.regulated_write(actor=MATRIX, reason=REASON):
        user.delete()
    with refused("23503", "23001"), context.regulated_write(actor=MATRIX, reason=REASON):
        sql("DELETE FROM members_user WHERE id = %s; SET CONSTRAINTS ALL IMMEDIATE", user.pk)
    assert list(Event.objects.filter(seq__gt=seq)) == []


def test_a_cascade_is_told_row_by_row(platform):
    """The one CASCADE between regulated models: a tenant and its hosts."""
    with schemas.on_platform():
        with context.regulated_write(actor=MATRIX, reason="Set the stage"):
            tenant = Tenant(name="Brief", schema_name="t_brief0000000", origin="http://brief.localhost")
            tenant.region = "eu-central"
            tenant.state_changed_at = tenant.created_at = NOW
            tenant.save(force_insert=True)
            for host in ("one.localhost", "two.localhost"):
                Domain.objects.create(domain=host, tenant=tenant, is_primary=False)
        number, seq = str(tenant.pk), last_seq()
        with refused(NO_CONTEXT):
            models.query.QuerySet(Tenant).filter(pk=number).delete()
        with context.regulated_write(actor=MATRIX, reason=REASON):
            models.query.QuerySet(Tenant).filter(pk=number).delete()
        events = Event.objects.filter(seq__gt=seq).order_by("seq")
        told = [(e.obj, e.op, e.document["old"].get("domain"), e.document["new"]) for e in events]
    assert sorted(told, key=str) == [
        ("tenants_domain", "D", "one.localhost", None),
        ("tenants_domain", "D", "two.localhost", None),
        ("tenants_tenant", "D", None, None),
    ]


def test_no_other_foreign_key_of_a_regulated_model_cascades_or_sets_null_and_none_is_many_to_many():
    """Else a row of the matrix is missing here."""
    regulated = [model for model in apps.get_models() if hasattr(model, "history")]
    loose = {
        f"{field} {field.remote_field.on_delete.__name__}"
        for model in regulated
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is not models.PROTECT
    }
    many = [str(field) for model in regulated for field in model._meta.many_to_many]
    assert (loose, many) == ({"tenants.Domain.tenant CASCADE"}, [])


# --- Contexts and transactions ----------------------------------------------------------------------


@pytest.mark.req("AT-04")
def test_the_declaration_ends_with_its_transaction_and_reads_as_nothing_afterwards(user, as_account, places):
    """After a transaction a setting that was made for it reads '', not NULL."""
    runtime = as_account("runtime")
    runtime.execute(f"SET ROLE {places['acme']}")
    said = {"schema": places["acme"], "actor": {"name": "Ann"}, "reason": REASON}
    write = f"UPDATE {places['acme']}.{TABLE} SET granted_by = 'somebody else'"
    with runtime.transaction(force_rollback=True):
        runtime.execute("SELECT set_config('app.context', %s, true)", [json.dumps(said)])
        runtime.execute(write)
    assert runtime.execute("SELECT current_setting('app.context', true)").fetchone() == ("",)
    for _ in range(2):
        with pytest.raises(psycopg.Error) as caught:
            runtime.execute(write)
        assert caught.value.sqlstate == NO_CONTEXT
    # Outside of a transaction it lasts for one statement, which is over when the write comes.
    runtime.execute("SELECT set_config('app.context', %s, true)", [json.dumps(said)])
    with pytest.raises(psycopg.Error) as caught:
        runtime.execute(write)
    assert caught.value.sqlstate == NO_CONTEXT


def told(seq: int) -> list[tuple[str, str]]:
    return [(event.document["reason"], event.document["new"]["granted_by"]) for event in events_after(seq)]


def write(user: User, word: str) -> None:
    of(user).filter(role="auditor").update(granted_by=word)


def test_an_inner_block_speaks_for_itself_and_never_for_the_outer_one(user):
    seq = last_seq()
    with context.regulated_write(actor=MATRIX, reason="Outer reason"):
        write(user, "one")
        with context.regulated_write(actor=MATRIX, reason="Inner reason"):
            write(user, "two")
        write(user, "three")
        with suppress(ZeroDivisionError), context.regulated_write(actor=MATRIX, reason="Lost reason"):
            write(user, f"lost {1 / 0}")
        write(user, "four")
        with suppress(ZeroDivisionError), transaction.atomic():
            with context.regulated_write(actor=MATRIX, reason="Lost reason"):
                write(user, "lost")
            write(user, f"lost {1 / 0}")
        write(user, "five")
    assert told(seq) == [
        ("Outer reason", "one"),
        ("Inner reason", "two"),
        ("Outer reason", "three"),
        ("Outer reason", "four"),
        ("Outer reason", "five"),
    ]


def test_after_an_inner_block_in_a_bare_transaction_nobody_speaks(user):
    with transaction.atomic():
        with context.regulated_write(actor=MATRIX, reason="Inner reason"):
            write(user, "one")
        with refused(NO_CONTEXT):
            write(user, "two")
        with suppress(ZeroDivisionError), context.regulated_write(actor=MATRIX, reason="Lost reason"):
            write(user, f"lost {1 / 0}")
        with refused(NO_CONTEXT):
            write(user, "three")


def test_a_cursor_that_was_opened_before_the_inner_block_speaks_for_the_outer_one_after_it(user):
    seq = last_seq()
    change = f"UPDATE {TABLE} SET granted_by = %s WHERE user_id = %s AND role = 'auditor'"
    with context.regulated_write(actor=MATRIX, reason="Outer reason"), connection.cursor() as cursor:
        cursor.execute(change, ["one", user.pk])
        with context.regulated_write(actor=MATRIX, reason="Inner reason"):
            write(user, "two")
        cursor.execute(change, ["three", user.pk])
    assert told(seq) == [("Outer reason", "one"), ("Inner reason", "two"), ("Outer reason", "three")]


def test_what_was_rolled_back_left_no_event_and_no_gap_in_the_versions(user):
    seq, row = last_seq(), of(user).get(role="auditor")
    with context.regulated_write(actor=MATRIX, reason=REASON):
        for word in ("one", "two", "three"):
            with suppress(ZeroDivisionError), transaction.atomic():
                write(user, f"lost {word}")
                1 / 0  # noqa: B018
            write(user, word)
    assert [word for _, word in told(seq)] == ["one", "two", "three"]
    versions = Event.objects.filter(obj=TABLE, pk_text=str(row.pk)).order_by("ver").values_list("ver", flat=True)
    assert list(versions) == list(range(1, len(versions) + 1))


@pytest.mark.req("AT-09")
def test_a_record_that_is_deleted_and_made_again_goes_on_with_its_versions(user):
    row = of(user).get(role="auditor")
    with context.regulated_write(actor=MATRIX, reason=REASON):
        pk = row.pk
        row.delete()
        row.pk = pk
        row.save(force_insert=True)
    events = Event.objects.filter(obj=TABLE, pk_text=str(pk)).order_by("ver").values_list("ver", "op")
    assert list(events) == [(1, "I"), (2, "D"), (3, "I")]


def test_what_changes_nothing_that_a_trail_holds_is_no_event_and_needs_no_reason(user):
    """Counters and look-up columns, which histories leave out."""
    seq = last_seq()
    User.objects.filter(pk=user.pk).update(failed_sign_ins=3)
    User.objects.filter(pk=user.pk).update(failed_sign_ins=3)
    assert list(Event.objects.filter(seq__gt=seq)) == []


@pytest.mark.req("P11-70")
def test_no_event_claims_a_signature_that_its_transaction_did_not_give(user):
    seq = last_seq()
    with context.regulated_write(actor=MATRIX, reason=REASON), connection.cursor() as cursor:
        for claimed in (str(uuid.uuid4()), f"{TABLE}:{user.pk}={uuid.uuid4()}", "'"):
            cursor.execute("SELECT set_config('app.signature', %s, true)", [claimed])
            write(user, claimed)
    assert [event.document["sig"] for event in events_after(seq)] == [None, None, None]


# --- A history row says what its transaction says -----------------------------------------------------


def forged(user: User, **changed: object) -> None:
    row = RoleGrant.history.filter(user_id=user.pk).first()
    row.pk = None
    for name, value in changed.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def test_a_history_row_is_written_in_a_context_and_names_its_actor_and_reason(user):
    with refused(NO_CONTEXT):
        forged(user)
    with context.regulated_write(actor=MATRIX, reason=REASON):
        others = {"actor_name": "Ann Admin", "history_change_reason": "Approved", "history_user_id": user.pk}
        for changed in ({name: value} for name, value in others.items()):
            with refused(OTHER_HAND):
                forged(user, **{"actor_name": MATRIX.name, "history_change_reason": REASON, **changed})


def test_a_history_row_without_a_change_in_its_transaction_names_no_event(user):
    aud = cast.person("aud")
    with context.regulated_write(actor=MATRIX, reason=REASON):
        forged(aud, actor_name=MATRIX.name, history_change_reason=REASON, ledger_version=1)
    noted = RoleGrant.history.filter(user_id=aud.pk).order_by("history_id")
    assert list(noted.values_list("ledger_version", flat=True)) == [1, None]


def test_each_version_of_the_history_names_its_event(user):
    row = of(user).get(role="auditor")
    with context.regulated_write(actor=MATRIX, reason=REASON):
        for word in ("one", "two"):
            row.granted_by = word
            row.save()
        row.delete()
    history = RoleGrant.history.filter(user_id=user.pk, role="auditor").order_by("history_id")
    assert list(history.values_list("ledger_version", "history_type")) == [(1, "+"), (2, "~"), (3, "~"), (4, "-")]


# --- Other processes and accounts -------------------------------------------------------------------


def test_a_management_command_acts_as_a_service_of_its_name(platform):
    seq = {}
    with schemas.on_platform():
        seq = last_seq()
        call_command(
            "provision_tenant", "Initech", host="initech.localhost", region="eu-central",
            admin_email="bill@initech.example", stdout=io.StringIO(),
        )  # fmt: skip
        made = Event.objects.filter(seq__gt=seq, obj="tenants_tenant").get()
        tenant = Tenant.objects.get(name="Initech")
    assert (made.pk_text, made.op, made.ver) == (str(tenant.pk), "I", 1)
    assert made.document["actor"] == said_of(context.service("provision_tenant"))
    with schemas.inside(tenant):
        actors = {event.document["actor"]["name"] for event in Event.objects.all()}
    assert actors == {"provision_tenant"}


@pytest.mark.parametrize("declared", [True, False])
def test_a_celery_task_writes_with_a_context_of_its_own_or_not_at_all(user, in_acme, declared):
    app = Celery("matrix", task_cls="tenants.tenant_task:TenantTask", set_as_current=False)
    app.conf.task_store_eager_result = False

    def work(number: str) -> None:
        with opened("worker") if declared else transaction.atomic():
            RoleGrant.objects.filter(user_id=number).update(granted_by="worker")

    task = app.task(name="work", shared=False)(work)
    headers = {SCHEMA_HEADER: in_acme.schema_name}
    headers[SEAL_HEADER] = seal("work", in_acme.schema_name, [str(user.pk)], {})
    seq, number = last_seq(), of(user).count()
    with schemas.on_platform():
        done = task.apply(args=[str(user.pk)], headers=headers)
    if declared:
        assert done.successful(), done.result
        assert [event.document["actor"] for event in events_after(seq)] == [said_of(context.service("worker"))] * number
    else:
        assert done.result.__cause__.sqlstate == NO_CONTEXT
        assert events_after(seq) == []


@pytest.mark.parametrize("declared", [True, False])
def test_a_thread_inherits_nobodys_context(committed_db, declared):
    """Real commits: the thread has a connection of its own."""
    acme = cast.tenant("acme")
    found: list[str] = []

    def work() -> None:
        try:
            with schemas.inside(acme), opened("thread") if declared else transaction.atomic():
                RoleGrant.objects.filter(role="member").update(granted_by="thread")
            found.append("done")
        except DatabaseError as refusal:
            found.append(refusal.__cause__.sqlstate)
        finally:
            connection.close()

    with schemas.inside(acme):
        user, seq, members = stage("cay"), last_seq(), RoleGrant.objects.filter(role="member").count()
        with context.regulated_write(actor=MATRIX, reason=REASON):
            of(user).filter(role="auditor").update(granted_by="main")
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        actors = [event.document["actor"]["name"] for event in events_after(seq)]
    assert found == (["done"] if declared else [NO_CONTEXT])
    assert sorted(actors) == ["matrix"] + ["thread"] * (members if declared else 0)


MIGRATION = """
import json, sys
import django
django.setup()
from django.db import DatabaseError, connection, migrations, transaction
from django.db.migrations.state import ProjectState
from django.apps import apps
from audit import context
from tenants import schemas
from tenants.tenancy.models import Domain, Tenant

def forwards(registry, editor):
    registry.get_model("members", "RoleGrant").objects.update(granted_by="migration")

operation = migrations.RunPython(forwards)
state = ProjectState.from_apps(apps)
with schemas.on_platform():
    acme = Tenant.objects.get(name="Acme Pharma")
found = []
for declared in (False, True):
    try:
        with schemas.inside(acme), transaction.atomic():
            if declared:
                with context.regulated_write(actor=context.service("migration"), reason="Rename the grantor"):
                    operation.database_forwards("members", connection.schema_editor(), state, state)
            else:
                operation.database_forwards("members", connection.schema_editor(), state, state)
        found.append("done")
    except DatabaseError as refused:
        found.append(refused.__cause__.sqlstate)
print(json.dumps([connection.settings_dict["USER"], *found]))
"""


def test_a_data_migration_of_the_owner_is_recorded_or_refused(on_scratch, scratch, places):
    owner = urlsplit(env.secret("DATABASE_OWNER_URL"))._replace(path=f"/{scratch}").geturl()
    done = subprocess.run(
        [sys.executable, "-c", MIGRATION],
        cwd=database.ROOT,
        env=env.child(DATABASE_OWNER_URL=owner, AS_OWNER="1", DJANGO_SETTINGS_MODULE="complere.settings"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == ["complere_owner", NO_CONTEXT, "done"]
    administrator = on_scratch("administrator")
    grants = administrator.execute(f"SELECT count(*) FROM {places['acme']}.{TABLE}").fetchone()[0]
    said = "payload::jsonb #>> '{actor,name}', payload::jsonb ->> 'role', payload::jsonb ->> 'reason'"
    events = administrator.execute(
        f"SELECT {said}, count(*) FROM audit_{places['acme']}.ledger_event"
        f" WHERE obj = '{TABLE}' AND op = 'U' GROUP BY 1, 2, 3"
    ).fetchall()
    assert events == [("migration", "complere_owner", "Rename the grantor", grants)]


# --- When -------------------------------------------------------------------------------------------


@pytest.mark.req("AT-04")
def test_the_time_is_the_databases_whatever_the_application_says(user):
    seq, before = last_seq(), sql("SELECT clock_timestamp()")[0][0]
    with context.regulated_write(actor=MATRIX, reason=REASON):
        back_dated_history(user)
    after = sql("SELECT clock_timestamp()")[0][0]
    (event,) = events_after(seq)
    assert before <= event.at <= after
    assert datetime.fromisoformat(event.document["at"]) == event.at
    assert event.document["at"].endswith("+00:00")


@pytest.mark.req("AT-04")
def test_neither_change_nor_event_survives_when_one_of_them_fails(user):
    before, seq = rows(), last_seq()
    with suppress(ZeroDivisionError), context.regulated_write(actor=MATRIX, reason=REASON):
        save_updates(user)
        1 / 0  # noqa: B018
    assert (rows(), events_after(seq)) == (before, [])


# --- Files ------------------------------------------------------------------------------------------


@pytest.mark.req("AT-06")
def test_a_file_is_in_the_ledger_by_its_digest_and_is_not_replaced_in_silence(in_acme):
    stage = scene.Scene(in_acme.schema_name, customer=in_acme.pk, member=cast.person("ann").pk)
    with context.regulated_write(actor=MATRIX, reason=REASON):
        file = stage.row(apps.get_model("privacy", "RequestFile"))
    replace = "UPDATE privacy_requestfile SET content = 'another'::bytea WHERE id = %s"
    with refused(NO_CONTEXT):
        sql(replace, file.pk)
    with context.regulated_write(actor=MATRIX, reason="Replace the file"):
        sql(replace, file.pk)
    digests = [{"sha256": hashlib.sha256(content).hexdigest()} for content in (b"planted", b"another")]
    events = Event.objects.filter(obj="privacy_requestfile", pk_text=str(file.pk)).order_by("ver")
    assert [event.document["new"]["content"] for event in events] == digests
    assert events[1].document["old"] == {"content": digests[0]}
