"""Roles and rights, on whatever server the session has: the embedded one or a real one."""

import secrets
from urllib.parse import urlsplit

import psycopg
import pytest

from complere import env
from complere.embedded import roles


@pytest.fixture(scope="module")
def database():
    name = f"test_roles_{secrets.token_hex(4)}"
    admin = env.secret("DATABASE_ADMIN_URL")
    # Twice: the second time nothing may fail or change.
    for _ in range(2):
        prepared = roles.prepare(admin, name, owner_password=None, runtime_password=None)
    assert prepared.made == frozenset()
    yield name
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def owner(database):
    with connection("DATABASE_OWNER_URL", database) as connected:
        yield connected


@pytest.fixture
def runtime(database):
    with connection("DATABASE_URL", database) as connected:
        yield connected


def connection(name, database):
    return psycopg.connect(urlsplit(env.secret(name))._replace(path=f"/{database}").geturl(), autocommit=True)


def one(connected, question):
    return connected.execute(question).fetchone()[0]


@pytest.fixture
def tenant_role(owner):
    name = f"t_{secrets.token_hex(6)}"
    owner.execute(f"SELECT administration.make_role('{name}')")
    owner.execute(f"CREATE SCHEMA {name}; CREATE TABLE {name}.note AS SELECT 'mine' AS text")
    owner.execute(f"GRANT USAGE ON SCHEMA {name} TO {name}; GRANT SELECT ON {name}.note TO {name}")
    yield name
    owner.execute(f"DROP SCHEMA {name} CASCADE")
    with psycopg.connect(env.secret("DATABASE_ADMIN_URL"), autocommit=True) as server:
        server.execute(f"DROP ROLE {name}")


def test_the_runtime_reads_a_tenant_only_as_the_tenant(runtime, tenant_role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        runtime.execute(f"SELECT * FROM {tenant_role}.note")
    runtime.execute(f"SET ROLE {tenant_role}")
    assert one(runtime, f"SELECT text FROM {tenant_role}.note") == "mine"


def test_a_tenant_role_reaches_neither_public_nor_structure(owner, runtime, tenant_role):
    owner.execute("CREATE TABLE public.shared AS SELECT 1 AS figure")
    runtime.execute(f"SET ROLE {tenant_role}")
    for statement in ("SELECT * FROM public.shared", f"CREATE TABLE {tenant_role}.more ()", "CREATE TEMP TABLE more ()",
                      f"DROP TABLE {tenant_role}.note", "CREATE SCHEMA more"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute(statement)
    owner.execute("DROP TABLE public.shared")


def test_rows_of_public_need_the_platform_role_and_a_grant(owner, runtime):
    owner.execute("CREATE TABLE public.shared AS SELECT 1 AS figure")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        runtime.execute("SELECT * FROM public.shared")
    runtime.execute("SET ROLE complere_platform")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        runtime.execute("SELECT * FROM public.shared")
    owner.execute("GRANT SELECT ON public.shared TO complere_platform")
    assert one(runtime, "SELECT figure FROM public.shared") == 1
    owner.execute("DROP TABLE public.shared")


@pytest.mark.parametrize("role", ["complere_owner", "complere_ledger", "postgres"])
def test_the_runtime_cannot_become_anybody_else(runtime, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        runtime.execute(f"SET ROLE {role}")


def test_the_owner_cannot_become_the_ledger(owner):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("SET ROLE complere_ledger")


@pytest.mark.parametrize("name", ["complere_ledger", "pg_execute_server_program", "t_short", "t_aaaaaaaaaaaa; DROP"])
def test_the_owner_makes_roles_of_tenants_only(owner, name):
    with pytest.raises(psycopg.Error, match="is not a generated one"):
        owner.execute("SELECT administration.make_role(%s)", [name])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("CREATE ROLE loot")


def test_the_owner_is_a_member_of_no_role_but_those_it_once_made(owner):
    found = owner.execute(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " WHERE m.member = 'complere_owner'::regrole AND r.rolname !~ '^t_'"
    ).fetchall()
    assert found == []


def test_nobody_of_ours_is_more_than_needed(owner):
    found = owner.execute(
        "SELECT rolname, rolcanlogin, rolinherit, rolcreaterole,"
        " rolsuper OR rolcreatedb OR rolreplication OR rolbypassrls"
        " FROM pg_roles WHERE rolname ~ '^complere_' ORDER BY 1"
    ).fetchall()
    assert found == [
        ("complere_ledger", False, True, False, False),
        ("complere_owner", True, True, False, False),
        ("complere_platform", False, True, False, False),
        ("complere_runtime", True, False, False, False),
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "query_to_xml('SELECT 1', true, true, '')",
        "table_to_xml('pg_class', true, true, '')",
        "schema_to_xml('public', true, true, '')",
        "database_to_xml(true, true, '')",
        "query_to_xmlschema('SELECT 1', true, true, '')",
    ],
)
def test_functions_that_run_text_as_a_query_are_closed(runtime, expression):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        runtime.execute(f"SELECT {expression}")


def test_the_runtime_may_set_the_actor_of_its_transaction(runtime):
    assert one(runtime, "SELECT set_config('app.actor', 'ann', true)") == "ann"


def test_extensions_serve_everybody_from_a_schema_of_their_own(runtime):
    assert one(runtime, "SELECT extensions.similarity('privacy', 'privacy')") == 1
    assert one(runtime, "SELECT extensions.unaccent('Überprüfung')") == "Uberprufung"
    assert one(runtime, "SELECT count(*) FROM pg_extension WHERE extname IN ('pg_trgm', 'unaccent', 'btree_gist')") == 3


def test_times_are_shown_in_utc(runtime, owner):
    assert [one(connected, "SHOW timezone") for connected in (runtime, owner)] == ["UTC", "UTC"]


def test_a_server_that_is_too_old_is_refused(monkeypatch):
    monkeypatch.setattr(roles, "OLDEST", 990000)
    with pytest.raises(roles.ServerRefused, match=r"^PostgreSQL 15 or newer is needed; this is \d+\.$"):
        roles.prepare(env.secret("DATABASE_ADMIN_URL"), "never_made", owner_password=None, runtime_password=None)
