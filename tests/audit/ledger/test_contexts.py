"""Who a write is by, when transactions, blocks, processes and accounts meet."""

import hashlib
import io
import json
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

import psycopg
import pytest
from celery import Celery
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from audit import context
from audit.ledger.models import Event
from complere import env
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles.models import RoleGrant
from tenants.tenancy.models import Tenant
from tenants.tenant_task import SCHEMA_HEADER, SEAL_HEADER, seal
from tests import cast, database
from tests.audit.ledger.ways import (
    MATRIX,
    NO_CONTEXT,
    OTHER_HAND,
    REASON,
    TABLE,
    back_dated_history,
    events_after,
    last_seq,
    of,
    opened,
    refused,
    rows,
    said_of,
    save_updates,
    sql,
    stage,
    told,
)
from tests.isolation import scene

pytestmark = [pytest.mark.req("AT-08"), pytest.mark.req("P11-10e")]


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
