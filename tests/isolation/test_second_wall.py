"""What PostgreSQL itself refuses, whatever the code above it asks for."""

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg import errors

from audit import context
from complere import env
from tenants import schemas
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.req("ASVS-8.4.2")]


def run(statement: str) -> list[tuple]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def refused(statement: str) -> None:
    with pytest.raises(ProgrammingError) as denied:
        run(statement)
    assert isinstance(denied.value.__cause__, errors.InsufficientPrivilege), denied.value


FOREIGN = [
    "SELECT * FROM {globex}.members_user",
    "SELECT * FROM {globex}.members_historicaluser",
    "SELECT * FROM {globex}.members_session",
    "UPDATE {globex}.members_user SET is_active = false",
    "DELETE FROM {globex}.members_rolegrant",
    "INSERT INTO {globex}.members_rolegrant (user_id, role) SELECT id, 'tenant_admin' FROM members_user",
    "SELECT nextval('{globex}.members_rolegrant_id_seq')",
    "SELECT * FROM public.members_user",
    "SELECT * FROM public.members_session",
    "SELECT * FROM public.tenants_tenant",
    "SELECT * FROM public.tenants_wakeup",
    "SELECT * FROM public.audit_tenantkey",
    "SELECT * FROM doors.tenant_template",
    "SELECT doors.provision('t_aaaaaaaaaaaa')",
    "SELECT doors.grant_rights('{globex}', '{acme}')",
    "SELECT rolpassword FROM pg_authid",
]
# One expression that an injection could place into a query of ours: role changed and other's rows read in one go.
INJECTED = [
    "SELECT set_config('role', '{globex}', true), (SELECT count(*) FROM {globex}.members_user)",
    "SELECT set_config('role', '{globex}', true), query_to_xml('SELECT * FROM {globex}.members_user', true, true, '')",
    "SELECT query_to_xml('SELECT * FROM members_user', true, true, '')",
    "SELECT query_to_xml_and_xmlschema('SELECT 1', true, true, '')",
    "SELECT cursor_to_xml('c', 1, true, true, '')",
    "SELECT table_to_xml('members_user', true, true, '')",
    "SELECT schema_to_xml('{globex}', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY members_user TO PROGRAM 'cat'",
]
STRUCTURE = [
    "CREATE TABLE loot (id int)",
    "CREATE SCHEMA loot",
    "CREATE ROLE loot",
    "CREATE FUNCTION loot() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE members_user ADD COLUMN loot int",
    "ALTER TABLE members_user DISABLE TRIGGER ALL",
    "DROP TABLE members_rolegrant",
    "TRUNCATE members_rolegrant",
    "DROP SCHEMA {acme} CASCADE",
    "GRANT {globex} TO complere_runtime",
    "CREATE TRIGGER loot BEFORE INSERT ON members_user EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "UPDATE django_migrations SET name = 'x'",
]
HISTORY = [
    "UPDATE members_historicaluser SET actor_name = 'somebody else'",
    "DELETE FROM members_historicaluser",
    "TRUNCATE members_historicaluser",
    "DROP TABLE members_historicaluser",
]


@pytest.mark.parametrize("statement", [*FOREIGN, *INJECTED, *STRUCTURE, *HISTORY])
@pytest.mark.req("ASVS-13.2.2")
def test_a_tenants_role_is_refused(in_acme, statement):
    globex = cast.tenant("globex").schema_name
    refused(statement.format(acme=in_acme.schema_name, globex=globex))


@pytest.mark.parametrize("statement", ["SELECT count(*) FROM {acme}.members_user", *INJECTED[2:], *STRUCTURE, *HISTORY])
@pytest.mark.req("ASVS-13.2.2")
def test_the_platforms_role_is_refused(platform, acme, globex, statement):
    with schemas.on_platform():
        refused(statement.format(acme=acme.schema_name, globex=globex.schema_name))


def test_what_is_allowed_works_so_that_refusals_mean_something(in_acme):
    assert run("SELECT count(*) FROM members_user") == [(len(cast.ACME),)]
    with context.regulated_write(actor=context.service("wall"), reason="Try what is allowed"):
        run("UPDATE members_user SET job_title = 'x'")
    assert run("SELECT count(*) > 0 FROM members_historicaluser") == [(True,)]


@pytest.mark.parametrize("place", ["acme", "localhost"])
@pytest.mark.req("AT-05")
def test_no_role_at_run_time_may_change_any_history(db, place):
    tenant = cast.tenant(place)
    with schemas.inside(tenant):
        changeable = run(
            """
            SELECT c.relname, right_name
            FROM pg_class c, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) right_name
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relname LIKE '%\\_historical%'
              AND c.relkind = 'r'
              AND has_table_privilege(current_user, c.oid, right_name)
            """
        )
        histories = run(
            "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE '%\\_historical%'"
        )
    assert changeable == []
    assert histories[0][0] >= 5


def test_no_role_at_run_time_owns_anything(db, acme):
    with schemas.inside(acme):
        owned = run(
            "SELECT relname FROM pg_class "
            "WHERE pg_get_userbyid(relowner) ~ '^(t_[a-z0-9]{12}|complere_runtime|complere_platform)$'"
        )
    assert owned == []


def test_the_login_of_web_and_worker_reaches_no_table_before_it_takes_a_role(db, acme):
    name = connection.settings_dict["NAME"]
    with psycopg.connect(env.secret("DATABASE_URL"), dbname=name) as runtime:
        for table in (f"{acme.schema_name}.members_user", "public.tenants_tenant", "doors.tenant_template"):
            with pytest.raises(errors.InsufficientPrivilege), runtime.transaction():
                runtime.execute(f"SELECT * FROM {table}".encode())
        assert runtime.execute(
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone() == (False,)


def test_a_role_that_cannot_be_taken_stops_the_statement_instead_of_running_it_as_another(db):
    class Ghost:
        schema_name = "t_ghost0000000"[:14]

    with pytest.raises(Exception, match="does not exist"), transaction.atomic(), schemas.inside(Ghost()):
        run("SELECT 1")
