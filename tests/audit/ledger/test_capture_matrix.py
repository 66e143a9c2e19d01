"""Every way to write a row: the ledger has exactly its events, or the database refuses it. Nothing passes in silence.

What must be in the ledger is worked out from the rows before and after, never from the ledger. `history` is how many
versions django-simple-history noted: where it is not the number of events, it was passed by, and the ledger was not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.apps import apps
from django.core import serializers
from django.db import DatabaseError, connection, models
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import override_settings
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from audit import context
from audit.ledger.models import Event
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles.models import RoleGrant
from tenants.tenancy.models import Domain, Tenant
from tests.audit.ledger.ways import (
    KEY_CHANGED,
    MATRIX,
    NO_CONTEXT,
    NOW,
    REASON,
    TABLE,
    WRONG_SCHEMA,
    added,
    back_dated_history,
    events_after,
    grant,
    last_seq,
    refused,
    rows,
    said_of,
    save_updates,
    sql,
    stage,
)

pytestmark = [pytest.mark.req("AT-08"), pytest.mark.req("P11-10e")]


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


def last_versions() -> dict[str, int]:
    found = Event.objects.filter(obj=TABLE).values_list("pk_text").annotate(last=models.Max("ver"))
    return dict(found)


# --- The ways ---------------------------------------------------------------------------------------


def save_creates(user):
    grant(user, "legal").save()


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
