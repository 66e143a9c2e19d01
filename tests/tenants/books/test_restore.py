"""Backups: what is dumped and restored proves itself, and what falls behind its published head says so."""

import subprocess
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection

from audit.log_keys import queries as keys
from audit.sequencer import queries as sequencing
from audit.verification.adapters import checker
from complere import env
from complere.embedded import roles
from tenants import schemas
from tenants.books import actions, queries
from tests import cast, database
from tests.audit.sequencer import rows

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def backups(committed_db, tmp_path):
    """`dump()` takes a backup of the whole database; `restore(backup)` points this process to one made from it."""
    made = []

    def run(program, *words, name):
        parts = urlsplit(env.secret("DATABASE_ADMIN_URL"))
        address = ["-h", parts.hostname, "-p", str(parts.port), "-U", parts.username, "-d", name]
        environment = env.child(PGPASSWORD=parts.password or "")
        command = [str(database.program(program)), *address, *words]
        subprocess.run(command, check=True, env=environment, capture_output=True)

    def dump():
        backup = tmp_path / uuid.uuid4().hex
        run("pg_dump", "--format=custom", "--file", str(backup), name=committed_db)
        return backup

    def restore(backup):
        name = f"test_restored_{uuid.uuid4().hex[:10]}"
        made.append(name)
        database.admin(f"CREATE DATABASE {name} TEMPLATE template0")
        run("pg_restore", "--exit-on-error", "--single-transaction", str(backup), name=name)
        for statement in roles.DATABASE_RIGHTS:
            database.admin(statement.replace("{database}", name))
        database._point(name)
        return name

    yield dump, restore
    database._point(committed_db)
    for name in made:
        database.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    connection.close()


def write(count):
    with schemas.inside(cast.tenant("acme")):
        rows.write(count)


def publish(now):
    actions.sequence_all(clock=lambda: now)
    actions.collect_heads(now=now)


def check(name):
    tenant = cast.tenant(name)
    known = queries.known_heads(tenant.schema_name)
    with schemas.inside(tenant):
        return checker.check(schema=tenant.schema_name, now=NOW + 2 * HOUR, known=known)


@pytest.mark.req("AT-13")
def test_a_restored_database_proves_itself_and_its_logs_go_on(backups):
    dump, restore = backups
    write(5)
    publish(NOW)
    before = check("acme")
    restore(dump())
    after = check("acme")
    assert (after.findings, after.size, after.root) == ([], before.size, before.root)
    write(2)
    publish(NOW + HOUR)
    with schemas.inside(cast.tenant("acme")):
        head = sequencing.last_head()
        assert (head.epoch, head.size) == (1, before.size + 2)
        assert sequencing.epochs() == []
    assert check("acme").findings == []


@pytest.mark.req("AT-13")
def test_a_restore_behind_the_published_head_begins_a_new_epoch_and_says_so(backups, stranger, sign_in):
    dump, restore = backups
    write(5)
    publish(NOW)
    backup, then = dump(), check("acme").size
    write(3)
    publish(NOW + HOUR)
    kept, lost = queries.heads_json(), check("acme").size
    restore(backup)
    assert check("acme").size == then
    begun = actions.adopt_heads(kept, actor=cast.DIRECTOR, now=NOW + HOUR)
    publish(NOW + 2 * HOUR)
    with schemas.inside(cast.tenant("acme")):
        (epoch,) = sequencing.epochs()
        name = keys.signing_key().name
    assert f"The published head of epoch 1 had {lost} events" in epoch.because
    assert name.removesuffix("/2") in begun
    assert "localhost:8000/transparency" in begun
    assert check("acme").findings == []
    assert epoch.because.split(" The published")[0] in sign_in("ann").get("/trail/checks/").content.decode()
    page = stranger("localhost").get("/transparency/").content.decode()
    assert f"<code>{name}</code>: epoch 2" in page
