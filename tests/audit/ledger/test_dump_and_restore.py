"""A database that was dumped and restored captures, refuses and agrees as the one it was made from."""

import subprocess
import uuid
from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError, connection, transaction

from audit import context
from audit.reconciliation import actions as reconciliation
from audit.reconciliation.adapters import inventory
from complere import env
from complere.embedded import roles
from tenants import schemas
from tenants.books import actions as books
from tenants.members.roles.models import RoleGrant
from tests import cast, database
from tests.audit.ledger.test_capture_matrix import NOW

pytestmark = [pytest.mark.req("AT-14"), pytest.mark.req("P11-10c")]


def run(program: str, name: str, *words: str) -> None:
    parts = urlsplit(env.secret("DATABASE_ADMIN_URL"))
    address = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), "-d", name]
    command = [str(database.program(program)), *address, *words]
    subprocess.run(command, check=True, env=env.child(PGPASSWORD=parts.password or ""), capture_output=True)


@pytest.fixture
def restored(committed_db, tmp_path):
    """This process works on a copy of its database that went through a file."""
    books.sequence_all(clock=lambda: NOW)
    connection.close()
    backup, name = tmp_path / "all.dump", f"test_restored_{uuid.uuid4().hex[:10]}"
    run("pg_dump", committed_db, "--format=custom", "--file", str(backup))
    database.admin(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        run("pg_restore", name, "--single-transaction", str(backup))
        for statement in roles.DATABASE_RIGHTS:
            database.admin(statement.replace("{database}", name))
        with database.pointed_at(name):
            yield name
            connection.close()
    finally:
        database.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_triggers_functions_rights_and_both_captures_are_as_before(restored):
    for tenant in ("acme", "globex", "localhost"):
        with schemas.inside(cast.tenant(tenant)):
            assert books.compare(now=NOW) == []
            assert inventory.disabled() == []


def test_what_is_written_there_is_captured_or_refused(restored):
    with schemas.inside(cast.tenant("acme")):
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            RoleGrant.objects.update(granted_by="somebody")
        assert refused.value.__cause__.sqlstate == "AU001"
        grant = RoleGrant.objects.order_by("pk").first()
        with context.regulated_write(actor=context.service("tests"), reason="After the restore"):
            grant.granted_by = "somebody"
            grant.save()
        assert grant.history.order_by("-history_id").first().ledger_version == 2
        assert reconciliation.check(now=NOW) == []
