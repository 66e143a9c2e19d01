"""Models, migrations and the template that makes a tenant's schema say the same."""

import ast
import re
import subprocess
import sys
import uuid
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command

from complere import env
from tests import database
from tests.architecture import sources

SCHEMA = f"t_{uuid.uuid4().hex[:12]}"
# What PostgreSQL itself says about a schema; each answer names its objects and their definition.
CATALOG = {
    "relations": """
        SELECT c.relname, c.relkind, c.relpersistence FROM pg_class c
        WHERE c.relnamespace = %(schema)s::regnamespace""",
    "columns": """
        SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               a.attgenerated, coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated,
               pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size
        FROM pg_sequences WHERE schemaname = %(schema)s""",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal""",
    "grants": """
        SELECT c.relname, c.relacl::text FROM pg_class c
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'""",
    "migrations": "SELECT app, name FROM {schema}.django_migrations",
}


@pytest.fixture(scope="module")
def owner(django_db_setup):
    """The owner's address of a database of this module's own."""
    with database.clone("test_template", database.template()) as name:
        yield urlsplit(env.secret("DATABASE_OWNER_URL"))._replace(path=f"/{name}").geturl()


def described(address: str) -> dict[str, set[tuple[object, ...]]]:
    with psycopg.connect(address) as server:
        # Everything with its schema written out, so that two schemas can be told apart and then made equal.
        server.execute("SET search_path = pg_catalog")
        return {
            name: {
                tuple(normal(value) for value in row)
                for row in server.execute(query.format(schema=SCHEMA), {"schema": SCHEMA}).fetchall()
            }
            for name, query in CATALOG.items()
        }


def normal(value: object) -> object:
    """An expression as it is meant: the casts of a list stand elsewhere once it was dumped and read again."""
    if not isinstance(value, str) or "ARRAY[" not in value:
        return value
    return re.sub(r"::(?:character varying|text)(?:\(\d+\))?(?:\[\])?|[()]", "", value)


def migrated(address: str) -> dict[str, set[tuple[object, ...]]]:
    with FreshSchema(address):
        subprocess.run(
            [sys.executable, "manage.py", "migrate_schemas", "-v0", f"--schema={SCHEMA}"],
            cwd=sources.ROOT,
            env=env.child(DATABASE_OWNER_URL=address, DJANGO_SETTINGS_MODULE="complere.settings"),
            check=True,
        )
        with psycopg.connect(address, autocommit=True) as server:
            server.execute("SELECT doors.make_lean(%s)", [SCHEMA])
            server.execute("SELECT doors.grant_rights(%s, %s)", [SCHEMA, SCHEMA])
        return described(address)


def from_template(address: str, script: str) -> dict[str, set[tuple[object, ...]]]:
    with FreshSchema(address):
        with psycopg.connect(address, autocommit=True) as server:
            server.execute(script.replace("__schema__", SCHEMA).encode())
        return described(address)


class FreshSchema:
    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> None:
        self._do(f"SELECT administration.make_role('{SCHEMA}'); CREATE SCHEMA {SCHEMA}")

    def __exit__(self, *_: object) -> None:
        self._do(f"DROP SCHEMA {SCHEMA} CASCADE")
        database.admin(f"DROP ROLE {SCHEMA}")

    def _do(self, statements: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as server:
            server.execute(statements.encode())


@pytest.fixture(scope="module")
def from_migrations(owner):
    return migrated(owner)


def test_the_template_makes_what_the_migrations_make(owner, from_migrations):
    made = from_template(owner, sources.text("tenants/tenancy/template.sql"))
    assert len(made["columns"]) > 100
    differing = [f"{name}: {item}" for name in CATALOG for item in sorted(made[name] ^ from_migrations[name], key=str)]
    assert "\n".join(differing) == ""


# What is taken out of the template, and which part of the catalogue must notice.
STALE = {
    "columns": ("full_name text NOT NULL", "full_name text"),
    "indexes": ("CREATE INDEX", ""),
    "constraints": ("UNIQUE (email_index)", "CHECK (true)"),
    "migrations": ("'0001_initial', now())", "'0001_other', now())"),
    "grants": ("SELECT doors.grant_rights('__schema__', '__schema__');", ""),
}


@pytest.mark.parametrize("what", STALE)
def test_a_template_that_is_out_of_date_is_noticed(owner, from_migrations, what):
    script = sources.text("tenants/tenancy/template.sql")
    old, new = STALE[what]
    if what == "indexes":
        old = next(line for line in script.splitlines() if line.startswith("CREATE INDEX"))
    assert old in script, f"the template has no {old!r} to spoil"
    made = from_template(owner, script.replace(old, new, 1))
    assert made[what] != from_migrations[what]


@pytest.mark.django_db
def test_models_and_migrations_agree(capsys):
    call_command("makemigrations", "--check", "--dry-run", "--verbosity=1")
    assert "No changes detected" in capsys.readouterr().out


@pytest.mark.parametrize("app", ["audit", "tenants", "tenants/members", "privacy", "trust_center"])
def test_a_migration_imports_nothing_that_can_change_under_it(app):
    """Fields and validators must stay importable; actions and queries must not be called from a migration."""
    banned = {"actions", "queries", "views", "tasks", "forms"}
    for path in (sources.ROOT / app / "migrations").glob("0*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert not {part for alias in node.names for part in alias.name.split(".")} & banned
