"""Migrate every schema as the owner, then install the doors, the tenant template and all grants.

manage.py migrate_schemas                                all schemas, one after another
manage.py migrate_schemas --executor=subprocess --parallel=4   tenants in parallel processes
"""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from audit.history import regulated
from audit.signatures.queries import signed_records
from tenants import schemas
from tenants.postgresql.base import PLATFORM_ROLE
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import PUBLIC

ROOT = Path(__file__).resolve().parents[2]
DOORS = ROOT / "postgresql" / "doors.sql"
TEMPLATE = ROOT / "tenancy" / "template.sql"


class Command(MigrateSchemasCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.AS_OWNER:
            raise CommandError("Migrations run as the owner of the database: set DATABASE_OWNER_URL.")
        super().handle(*args, **options)
        install()


@transaction.atomic
def install() -> None:
    """Doors, template and grants: run after every migration, since new tables come without rights."""
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(DOORS.read_text())
        script = TEMPLATE.read_text() if TEMPLATE.exists() else ""
        cursor.execute("DELETE FROM doors.tenant_template")
        cursor.execute("INSERT INTO doors.tenant_template (script) VALUES (%s)", [script])
        _register(cursor)
        _open(cursor, PUBLIC, PLATFORM_ROLE)
        for schema in Tenant.objects.exclude(schema_name=PUBLIC).values_list("schema_name", flat=True):
            _open(cursor, schema, schema)


def _register(cursor: CursorWrapper) -> None:
    """Tell the database which tables are regulated and which states are signed: the models say so."""
    cursor.execute("DELETE FROM doors.regulated_table")
    cursor.executemany(
        "INSERT INTO doors.regulated_table (name, key, hidden, digest, history) VALUES (%s, %s, %s, %s, %s)",
        [(r.table, r.key, ",".join(r.hidden), r.digest, r.history) for r in regulated()],
    )
    cursor.execute("SELECT ledger.set_signed_records(%s)", [json.dumps(signed_records())])


def _open(cursor: CursorWrapper, schema: str, role: str) -> None:
    """Grants, the book and its triggers."""
    cursor.execute("SELECT doors.make_lean(%s)", [schema])
    cursor.execute("SELECT doors.grant_rights(%s, %s)", [schema, role])
    cursor.execute("SELECT ledger.open(%s, %s)", [schema, role])
    cursor.execute("SELECT doors.attach_capture(%s)", [schema])
    cursor.execute("SELECT ledger.register(%s)", [schema])
