"""Write tenants/tenancy/template.sql: the SQL that makes a tenant's schema, taken from the migrations.

Replaying migrations takes seconds for each tenant; this script takes a fraction of one.
Run after every change of a model; a test compares the two ways.
"""

import re
import subprocess
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from tenants import schemas
from tenants.management.commands.migrate_schemas import DOORS, TEMPLATE

SCRATCH = "t_scratch00000"
DROPPED = re.compile(r"^(SET |SELECT pg_catalog\.set_config|CREATE SCHEMA |\\|--)")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pg-dump", default="pg_dump", help="path of pg_dump, not older than the server")

    def handle(self, *args: Any, **options: Any) -> None:
        _sql(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE; CREATE SCHEMA {SCRATCH}")
        try:
            with schemas.on_platform():
                call_command(MigrateSchemasCommand(), schema_name=SCRATCH, verbosity=0, interactive=False)
            make_lean()
            script = structure(options["pg_dump"]) + migrations()
        finally:
            _sql(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE")
        TEMPLATE.write_text(script.replace(SCRATCH, "__schema__"))
        print(f"{TEMPLATE.name}: {len(script.splitlines())} lines")


def make_lean() -> None:
    """What `migrate_schemas` does to a schema that is there already."""
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(DOORS.read_text())
        cursor.execute("SELECT doors.make_lean(%s)", [SCRATCH])


def structure(pg_dump: str) -> str:
    """Tables, indexes and constraints, one statement after another."""
    values = connection.settings_dict
    command = [pg_dump, "--schema-only", "--no-owner", "--no-privileges", "--no-comments", f"--schema={SCRATCH}"]
    command += ["-h", str(values["HOST"]), "-p", str(values["PORT"]), "-U", str(values["USER"]), str(values["NAME"])]
    environment = {"PGPASSWORD": str(values["PASSWORD"])}
    dumped = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in dumped.splitlines() if line.strip() and not DROPPED.match(line)) + "\n"


def migrations() -> str:
    """The rows that tell Django which migrations this schema already holds, and the grants."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT app, name FROM {SCRATCH}.django_migrations ORDER BY id")  # noqa: S608  a constant name
        rows = ", ".join(f"('{app}', '{name}', now())" for app, name in cursor.fetchall())
    # Not what a user typed: names of our own migrations.
    insert = f"INSERT INTO {SCRATCH}.django_migrations (app, name, applied) VALUES {rows};"  # noqa: S608
    return f"{insert}\nSELECT doors.grant_rights('{SCRATCH}', '{SCRATCH}');\n"


def _sql(statement: str) -> None:
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(statement)
