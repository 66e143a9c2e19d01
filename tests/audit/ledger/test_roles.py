"""Who may do what to the trail: every attack on it, as every account (spec: the attack matrix)."""

import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction

from audit import context
from complere import env
from tenants.members.accounts.models import User
from tests import cast, database

pytestmark = [pytest.mark.req("AT-12"), pytest.mark.req("P11-10e")]

DENIED = "42501"
NO_CONTEXT = "AU001"
APPEND_ONLY = "AU403"
CAPTURE_STAYS = "AU405"


def attempt(connection, statement: str) -> str:
    """The SQLSTATE by which a statement is refused; what it did is rolled back in any case. `done` when it was not."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.Error as refused:
        return refused.sqlstate
    return "done"


def migrate(name: str) -> None:
    """Run `migrate_schemas` on a database as its owner, as a deployment does."""
    owner = urlsplit(env.secret("DATABASE_OWNER_URL"))._replace(path=f"/{name}").geturl()
    subprocess.run(
        [sys.executable, "manage.py", "migrate_schemas", "-v0"],
        cwd=database.ROOT,
        env=env.child(DATABASE_OWNER_URL=owner, DJANGO_SETTINGS_MODULE="complere.settings"),
        check=True,
    )


LEDGER_TABLES = ["event", "leaf", "tile", "checkpoint", "anchor", "access"]
ON_LEDGER = [
    "INSERT INTO {book}.ledger_{table} DEFAULT VALUES",
    "UPDATE {book}.ledger_{table} SET {column} = NULL",
    "DELETE FROM {book}.ledger_{table}",
    "TRUNCATE {book}.ledger_{table}",
    "DROP TABLE {book}.ledger_{table}",
    "ALTER TABLE {book}.ledger_{table} DISABLE TRIGGER ALL",
    "ALTER TABLE {book}.ledger_{table} DISABLE TRIGGER no_change",
    "DROP TRIGGER no_change ON {book}.ledger_{table}",
    "ALTER TABLE {book}.ledger_{table} RENAME TO gone",
    "ALTER TABLE {book}.ledger_{table} OWNER TO CURRENT_USER",
    "CREATE RULE silent AS ON INSERT TO {book}.ledger_{table} DO INSTEAD NOTHING",
]
ON_HOUSE = [
    "DROP SCHEMA {book} CASCADE",
    "DROP SCHEMA ledger CASCADE",
    "ALTER SCHEMA {book} RENAME TO gone",
    "CREATE OR REPLACE FUNCTION {book}.capture() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "ALTER FUNCTION {book}.capture() SECURITY INVOKER",
    "DROP FUNCTION {book}.capture() CASCADE",
    "DROP FUNCTION {book}.stamp() CASCADE",
    "CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "CREATE OR REPLACE FUNCTION ledger.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE OR REPLACE FUNCTION administration.make_role(schema_name text) RETURNS void LANGUAGE sql AS 'SELECT 1'",
    "ALTER EVENT TRIGGER ledger_ddl DISABLE",
    "DROP EVENT TRIGGER ledger_drop",
    "DELETE FROM ledger.book",
    "DELETE FROM ledger.dirty",
    "UPDATE ledger.script SET text = ''",
    "UPDATE ledger.signed_record SET open = ARRAY['published']",
    "DELETE FROM ledger.signed_transition",
    "SET session_replication_role = replica",
    "SELECT set_config('session_replication_role', 'replica', true)",
    "SET ROLE complere_ledger",
    "SET SESSION AUTHORIZATION complere_ledger",
    "GRANT complere_ledger TO CURRENT_USER",
    "ALTER ROLE complere_ledger LOGIN PASSWORD 'mine'",
    "ALTER ROLE complere_ledger SUPERUSER",
    "REASSIGN OWNED BY complere_ledger TO CURRENT_USER",
    "DROP OWNED BY complere_ledger",
    "ALTER DEFAULT PRIVILEGES FOR ROLE complere_ledger GRANT ALL ON TABLES TO PUBLIC",
    "CREATE ROLE loot",
    "SELECT ledger.note_structure('{acme}', 'members_user', 'ALTER TABLE', 'forged')",
]
EVENT_TRIGGERS_OFF = "SET event_triggers = off"
WHOLE = "AFTER INSERT OR DELETE OR UPDATE ON {table} FOR EACH ROW"
ON_REGULATED = [
    ("ALTER TABLE {table} DISABLE TRIGGER zz_audit", CAPTURE_STAYS),
    ("ALTER TABLE {table} DISABLE TRIGGER zz_truncate", CAPTURE_STAYS),
    ("ALTER TABLE {table} DISABLE TRIGGER USER", CAPTURE_STAYS),
    ("ALTER TABLE {table} ENABLE TRIGGER zz_audit", CAPTURE_STAYS),
    ("ALTER TABLE {table} ENABLE REPLICA TRIGGER zz_audit", CAPTURE_STAYS),
    ("DROP TRIGGER zz_audit ON {table}", CAPTURE_STAYS),
    ("DROP TRIGGER zz_truncate ON {table}", CAPTURE_STAYS),
    ("ALTER TRIGGER zz_audit ON {table} RENAME TO harmless", CAPTURE_STAYS),
    (
        f"CREATE OR REPLACE TRIGGER zz_audit {WHOLE} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        CAPTURE_STAYS,
    ),
    (
        (
            "CREATE OR REPLACE TRIGGER zz_audit AFTER INSERT ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION {book}.capture('id', '', '')"
        ),
        CAPTURE_STAYS,
    ),
    (f"CREATE OR REPLACE TRIGGER zz_audit {WHOLE} WHEN (false) EXECUTE FUNCTION {{book}}.capture('id', '', '')", "any"),
    (
        (
            "CREATE OR REPLACE TRIGGER zz_audit AFTER INSERT OR DELETE OR UPDATE OF is_active ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION {book}.capture('id', '', '')"
        ),
        CAPTURE_STAYS,
    ),
    (f"CREATE TRIGGER other {WHOLE} EXECUTE FUNCTION {{book}}.capture('id', '', '')", CAPTURE_STAYS),
    ("TRUNCATE {table} CASCADE", APPEND_ONLY),
    ("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", CAPTURE_STAYS),
    ("UPDATE {table} SET full_name = 'Somebody Else'", NO_CONTEXT),
    ("DELETE FROM {table}", NO_CONTEXT),
    ("CREATE TYPE {acme}.mood AS ENUM ('ok'); ALTER TABLE {table} ADD COLUMN mood {acme}.mood", CAPTURE_STAYS),
    ("ALTER TABLE {history} DISABLE TRIGGER no_change", CAPTURE_STAYS),
    ("ALTER TABLE {history} DISABLE TRIGGER stamp", CAPTURE_STAYS),
    ("DROP TRIGGER no_change ON {history}", CAPTURE_STAYS),
    ("DROP TRIGGER stamp ON {history}", CAPTURE_STAYS),
    ("UPDATE {history} SET actor_name = 'Somebody Else'", APPEND_ONLY),
    ("UPDATE {history} SET history_date = now() - interval '400 days'", APPEND_ONLY),
    ("DELETE FROM {history}", APPEND_ONLY),
    ("TRUNCATE {history}", APPEND_ONLY),
    ("INSERT INTO {history} SELECT * FROM {history} LIMIT 1", NO_CONTEXT),
]
# Of those, what a role may do by its grants, and so is refused by the capture instead.
GRANTED = ("UPDATE {table}", "DELETE FROM {table}", "INSERT INTO {history}")


def filled(statement: str, places: dict[str, str], table: str = "event") -> str:
    acme = places["acme"]
    names = {"book": f"audit_{acme}", "history": f"{acme}.members_historicaluser"}
    if "{book}.ledger_" not in statement:
        names["table"] = f"{acme}.members_user"
    column = "hash" if table == "tile" else "at"
    return statement.format(**{"table": table, "column": column, **names, **places})


def runtime_as(as_account, role):
    connection = as_account("runtime")
    connection.execute(f"SET ROLE {role}")
    return connection


def outcomes(connection, statements, places, table="event") -> dict[str, str]:
    return {statement: attempt(connection, filled(statement, places, table)) for statement in statements}


def all_denied(found: dict[str, str]) -> dict[str, str]:
    return {statement: state for statement, state in found.items() if state != DENIED}


@pytest.mark.parametrize("role", ["acme", "globex", "complere_platform"])
@pytest.mark.req("ASVS-16.4.2")
def test_who_serves_is_denied_every_change_of_ledger_structure_and_history(as_account, places, role):
    connection = runtime_as(as_account, places.get(role, role))
    for table in LEDGER_TABLES:
        assert all_denied(outcomes(connection, ON_LEDGER, places, table)) == {}
    assert all_denied(outcomes(connection, ON_HOUSE, places)) == {}
    others = [statement for statement, _ in ON_REGULATED if not statement.startswith(GRANTED)]
    assert all_denied(outcomes(connection, others, places)) == {}


def test_who_serves_writes_rows_and_history_only_in_a_context(as_account, places):
    connection = runtime_as(as_account, places["acme"])
    granted = [statement for statement, _ in ON_REGULATED if statement.startswith(GRANTED)]
    assert set(outcomes(connection, granted, places).values()) == {NO_CONTEXT}
    foreign = runtime_as(as_account, places["globex"])
    assert set(outcomes(foreign, granted, places).values()) == {DENIED}


def test_before_it_takes_a_role_the_login_of_web_and_worker_reaches_nothing(as_account, places):
    connection = as_account("runtime")
    statements = [*ON_LEDGER, *ON_HOUSE, *(statement for statement, _ in ON_REGULATED)]
    assert all_denied(outcomes(connection, statements, places)) == {}


def test_the_owner_is_denied_every_change_of_the_ledger(as_account, places):
    connection = as_account("owner")
    for table in LEDGER_TABLES:
        assert all_denied(outcomes(connection, ON_LEDGER, places, table)) == {}
    assert all_denied(outcomes(connection, ON_HOUSE, places)) == {}
    if connection.info.server_version >= 170000:
        assert attempt(connection, EVENT_TRIGGERS_OFF) == DENIED


@pytest.mark.parametrize("account", ["owner", "administrator"])
def test_capture_is_neither_switched_off_nor_replaced_by_whoever_owns_the_tables(as_account, places, account):
    connection = as_account(account)
    found = outcomes(connection, [statement for statement, _ in ON_REGULATED], places)
    through = {s: found[s] for s, wanted in ON_REGULATED if found[s] == "done" or wanted not in (found[s], "any")}
    assert through == {}


# --- Ways by which the owner could have made the ledger's rights its own --------------------------


def ledger_is_mine(connection, places) -> bool:
    """Whether the account can write in a book, which is all that an escalation is for."""
    return attempt(connection, f"DELETE FROM audit_{places['acme']}.ledger_checkpoint") != DENIED


def test_the_name_of_a_reader_is_no_place_for_statements(as_account, places):
    owner = as_account("owner")
    for reader in (
        "complere_owner",
        f"{places['acme']}; GRANT complere_ledger TO complere_owner",
        places["globex"],
        None,
    ):
        with pytest.raises(psycopg.Error, match="is not for") as refused:
            owner.execute("SELECT ledger.open(%s, %s)", [places["acme"], reader])
        assert refused.value.sqlstate == APPEND_ONLY
    with pytest.raises(psycopg.Error, match="not a generated one"):
        owner.execute("SELECT ledger.open('acme; --', 'acme; --')")
    assert not ledger_is_mine(owner, places)


THIEF = """
CREATE SCHEMA loot;
GRANT USAGE ON SCHEMA loot TO PUBLIC;
CREATE FUNCTION loot.steal() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN EXECUTE 'GRANT ALL ON audit_{acme}.ledger_checkpoint TO complere_owner'; RETURN true; END $$;
"""
BY_A_CAST = """
CREATE TYPE loot.mood AS ENUM ('ok');
CREATE FUNCTION loot.cast(loot.mood) RETURNS json LANGUAGE plpgsql AS $$
BEGIN PERFORM loot.steal(); RETURN '1'::json; END $$;
CREATE CAST (loot.mood AS json) WITH FUNCTION loot.cast(loot.mood);
CREATE TABLE loot.members_user (id int, mood loot.mood);
CREATE TRIGGER zz_audit AFTER INSERT OR DELETE OR UPDATE ON loot.members_user FOR EACH ROW
  EXECUTE FUNCTION audit_{acme}.capture('id', '', '');
INSERT INTO loot.members_user VALUES (1, 'ok');
"""
BY_A_CAST_IN_PLACE = """
CREATE TYPE {acme}.mood AS ENUM ('ok');
ALTER TABLE {acme}.members_rolegrant ADD COLUMN mood {acme}.mood;
"""
BY_A_POLICY = """
CREATE POLICY stolen ON {acme}.audit_signature USING (loot.steal());
ALTER TABLE {acme}.audit_signature ENABLE ROW LEVEL SECURITY;
"""


@pytest.mark.parametrize("way", [BY_A_CAST, BY_A_CAST_IN_PLACE, BY_A_POLICY], ids=["cast", "cast in place", "policy"])
def test_no_code_of_the_owners_runs_with_the_rights_of_the_ledger(as_account, places, way):
    owner = as_account("owner")
    assert attempt(owner, THIEF.format(**places)) == "done"
    assert attempt(owner, (THIEF + way).format(**places)) == CAPTURE_STAYS


def test_a_view_in_place_of_the_signatures_opens_no_signed_state(as_account, places):
    """The guard would read it with the rights of the ledger."""
    swap = """
        ALTER TABLE {acme}.audit_signature RENAME TO old_signature;
        CREATE VIEW {acme}.audit_signature AS SELECT * FROM {acme}.old_signature WHERE loot.steal();
        GRANT SELECT ON {acme}.audit_signature TO complere_ledger;
    """
    sign = """
        ALTER TABLE {acme}.privacy_incident RENAME TO old_incident;
        CREATE TABLE {acme}.privacy_incident (id int, notification text, notification_reason text);
        CREATE TRIGGER aa_guard BEFORE INSERT OR DELETE OR UPDATE ON {acme}.privacy_incident FOR EACH ROW
          EXECUTE FUNCTION audit_{acme}.guard('id');
        ALTER TABLE {acme}.privacy_incident ENABLE ALWAYS TRIGGER aa_guard;
        INSERT INTO {acme}.privacy_incident VALUES (1, 'undecided', '');
        UPDATE {acme}.privacy_incident SET notification = 'not_notifiable';
    """
    assert attempt(as_account("owner"), (THIEF + swap + sign).format(**places)) == CAPTURE_STAYS


# --- What the owner may do, and the book tells ----------------------------------------------------


def told(connection, book, statement) -> set[tuple[str, str]]:
    """Which changes of structure the book tells of after the owner's `statement`, which is rolled back."""
    events = f"SELECT seq, obj, payload::jsonb ->> 'reason' FROM {book}.ledger_event WHERE op = 'S'"
    with connection.transaction(force_rollback=True):
        before = connection.execute(events).fetchall()
        connection.execute("SET ROLE complere_owner")
        connection.execute(statement)
        connection.execute("RESET ROLE")
        return {(obj, tag) for _, obj, tag in set(connection.execute(events).fetchall()) - set(before)}


USER = "members_user"
STRUCTURE = [
    (
        "ALTER TABLE {table} ALTER COLUMN job_title TYPE text USING 'rewritten'",
        {(USER, "TABLE REWRITE"), (USER, "ALTER TABLE")},
    ),
    ("ALTER TABLE {table} ADD COLUMN note text DEFAULT 'added'", {(USER, "ALTER TABLE")}),
    ("ALTER TABLE {table} RENAME COLUMN job_title TO title", {(USER, "ALTER TABLE")}),
    ("ALTER TABLE {table} DROP COLUMN job_title", {(USER, "ALTER TABLE"), (USER, "DROP TABLE COLUMN")}),
    ("CREATE RULE silent AS ON UPDATE TO {table} DO INSTEAD NOTHING", {(USER, "CREATE RULE")}),
    (
        (
            "CREATE TRIGGER meddle BEFORE UPDATE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
        {(USER, "CREATE TRIGGER")},
    ),
    ("CREATE TABLE {acme}.child () INHERITS ({table})", {("child", "CREATE TABLE")}),
    ("ALTER TABLE {table} RENAME TO gone", {("gone", "ALTER TABLE")}),
    ("DROP TABLE {acme}.members_passwordreset", {("members_passwordreset", "DROP TABLE")}),
    (
        f"CREATE OR REPLACE TRIGGER zz_audit {WHOLE} EXECUTE FUNCTION {{book}}.capture('id', 'is_active', '')",
        {(USER, "CREATE TRIGGER")},
    ),
    ("DROP SCHEMA {acme} CASCADE", {("{acme}", "DROP SCHEMA")}),
]


@pytest.mark.parametrize(("statement", "tags"), STRUCTURE, ids=[statement for statement, _ in STRUCTURE])
@pytest.mark.req("AT-08")
def test_a_change_of_structure_is_an_event_of_the_book_it_concerns(as_account, places, statement, tags):
    found = told(as_account("administrator"), f"audit_{places['acme']}", filled(statement, places))
    assert found == {(name.format(**places), tag) for name, tag in tags}


@pytest.mark.parametrize("statement", ["ALTER TABLE {table} SET SCHEMA loot", "ALTER TABLE {table} OWNER TO {acme}"])
def test_a_regulated_table_does_not_leave_its_schema_or_owner(as_account, places, statement):
    owner = as_account("owner")
    assert attempt(owner, "CREATE SCHEMA loot; " + filled(statement, places)) in {CAPTURE_STAYS, DENIED}


def test_the_event_of_a_rewrite_holds_statement_account_and_time(as_account, places):
    administrator = as_account("administrator")
    statement = filled("ALTER TABLE {table} ALTER COLUMN job_title TYPE text USING 'rewritten'", places)
    with administrator.transaction(force_rollback=True):
        before = administrator.execute("SELECT clock_timestamp()").fetchone()[0]
        administrator.execute(statement)
        at, payload = administrator.execute(
            f"SELECT at, payload::jsonb FROM audit_{places['acme']}.ledger_event"
            " WHERE op = 'S' AND payload::jsonb ->> 'reason' = 'TABLE REWRITE'"
        ).fetchone()
    name = administrator.info.user
    assert before <= at
    assert (payload["statement"], payload["role"]) == (statement, name)
    assert payload["actor"] == {"kind": "migration", "name": name, "role": "database owner"}


def test_a_schema_that_is_dropped_leaves_its_book(as_account, places):
    administrator = as_account("administrator")
    with administrator.transaction(force_rollback=True):
        administrator.execute(f"SET ROLE complere_owner; DROP SCHEMA {places['acme']} CASCADE; RESET ROLE")
        left = administrator.execute(
            "SELECT count(*) FILTER (WHERE op = 'I') > 0,"
            " count(*) FILTER (WHERE payload::jsonb ->> 'reason' = 'DROP SCHEMA')"
            f" FROM audit_{places['acme']}.ledger_event"
        ).fetchone()
    assert left == (True, 1)


def test_which_states_are_signed_does_not_change_in_silence(as_account):
    found = told(as_account("administrator"), "audit_public", "SELECT ledger.set_signed_records('[]')")
    assert found == {("signed_record", "SIGNED STATES")}


# --- The administrator: what even a superuser is stopped at, and what is the stated limit ----------


def test_a_superuser_is_stopped_by_triggers_but_not_by_rights(as_account, places):
    administrator = as_account("administrator")
    for table in LEDGER_TABLES:
        for statement in ("UPDATE {book}.ledger_{table} SET {column} = NULL", "DELETE FROM {book}.ledger_{table}"):
            administrator.execute("SET session_replication_role = replica")
            state = attempt(administrator, filled(statement, places, table))
            rows = administrator.execute(f"SELECT count(*) FROM audit_{places['acme']}.ledger_{table}").fetchone()[0]
            assert state == (APPEND_ONLY if rows else "done"), (table, statement)
        assert attempt(administrator, filled("TRUNCATE {book}.ledger_{table} CASCADE", places, table)) == APPEND_ONLY
    administrator.execute("SET session_replication_role = replica")
    assert attempt(administrator, filled("UPDATE {table} SET full_name = 'Somebody Else'", places)) == NO_CONTEXT


def test_what_a_superuser_can_do_is_the_stated_limit(as_account, places):
    """Prevented by nothing: the drill and the verifier show that it is detected."""
    possible = [
        "ALTER TABLE {book}.ledger_{table} DISABLE TRIGGER no_change",
        "DROP TABLE {book}.ledger_{table}",
        "ALTER EVENT TRIGGER ledger_ddl DISABLE",
        "SET ROLE complere_ledger",
    ]
    assert set(outcomes(as_account("administrator"), possible, places).values()) == {"done"}


# --- Commands of django-simple-history, and the rights of what is there ---------------------------

COMMANDS = [
    ("clean_old_history", ["--days", "0"]),
    ("clean_duplicate_history", []),
    ("populate_history", []),
]


@pytest.mark.parametrize(("command", "options"), COMMANDS, ids=[command for command, _ in COMMANDS])
@pytest.mark.django_db
def test_the_commands_that_thin_or_invent_history_change_nothing(in_acme, command, options):
    ben = cast.person("ben")
    for title in ("One", "One", "Two"):
        with context.regulated_write(actor=ben.actor, reason="A new title"):
            ben.job_title = title
            ben.save()
    before = list(User.history.order_by("history_id").values_list("history_id", "history_date", "ledger_version"))
    state = DENIED
    try:
        with transaction.atomic():
            call_command(command, "members.User", *options, verbosity=0)
    except (CommandError, DatabaseError, ValueError, context.ContextMissing) as refused:
        state = getattr(refused.__cause__, "sqlstate", DENIED)
    assert state in {DENIED, NO_CONTEXT}
    after = list(User.history.order_by("history_id").values_list("history_id", "history_date", "ledger_version"))
    assert after == before


RIGHTS = """
SELECT c.oid::regclass::text, p.role, p.right_name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
  (SELECT r.rolname::text AS role, w AS right_name
   FROM pg_roles r, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) w
   WHERE r.rolname IN ('complere_owner', 'complere_runtime', 'complere_platform') OR r.rolname IN (
     SELECT schema_name FROM ledger.book)) p
WHERE n.nspname ~ '^audit_' AND c.relkind = 'r' AND has_table_privilege(p.role, c.oid, p.right_name)
"""


def test_no_account_of_ours_has_more_than_read_rights_on_any_book(as_account, places):
    assert as_account("administrator").execute(RIGHTS).fetchall() == []


@pytest.mark.req("AT-18")
def test_a_book_is_read_by_its_own_tenant_only(as_account, places):
    readers = (
        as_account("administrator")
        .execute(
            "SELECT b.schema_name, array_agg(r.rolname::text) FROM ledger.book b, pg_roles r"
            " WHERE NOT r.rolsuper AND r.rolname IN (SELECT schema_name FROM ledger.book UNION VALUES"
            " ('complere_owner'), ('complere_runtime'), ('complere_platform'))"
            " AND has_table_privilege(r.rolname, format('audit_%s.ledger_event', b.schema_name), 'SELECT') GROUP BY 1"
        )
        .fetchall()
    )
    assert dict(readers) == {
        "public": ["complere_platform"],
        places["acme"]: [places["acme"]],
        places["globex"]: [places["globex"]],
    }


# --- Installing again -----------------------------------------------------------------------------


def test_migrating_again_changes_nothing_and_is_no_event(on_scratch, places, scratch):
    administrator = on_scratch("administrator")

    def standing():
        books = [name for (name,) in administrator.execute("SELECT schema_name FROM ledger.book ORDER BY 1").fetchall()]
        events = {
            name: administrator.execute(f"SELECT count(*) FROM audit_{name}.ledger_event").fetchone() for name in books
        }
        triggers = administrator.execute(
            "SELECT tgrelid, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE NOT tgisinternal ORDER BY 1, 2"
        ).fetchall()
        rights = administrator.execute(
            "SELECT c.oid, array(SELECT a::text FROM unnest(relacl) a ORDER BY 1) FROM pg_class c"
            " WHERE relkind = 'r' AND relnamespace::regnamespace::text ~ '^(t_|audit_|public|ledger|doors)' ORDER BY 1"
        ).fetchall()
        return events, triggers, rights

    before = standing()
    migrate(scratch)
    assert standing() == before


def test_rows_that_were_there_before_the_ledger_get_their_first_event(on_scratch, places, scratch):
    """A database that comes from the first release: its rows are told of once, as they stand."""
    administrator = on_scratch("administrator")
    acme = places["acme"]
    administrator.execute("ALTER EVENT TRIGGER ledger_ddl DISABLE; ALTER EVENT TRIGGER ledger_drop DISABLE")
    for name in ("public", acme, places["globex"]):
        administrator.execute(
            f"DO $$ DECLARE r record; BEGIN FOR r IN SELECT tgname, tgrelid::regclass AS t FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid IN"
            f" (SELECT oid FROM pg_class WHERE relnamespace = '{name}'::regnamespace)"
            f" LOOP EXECUTE format('DROP TRIGGER %I ON %s', r.tgname, r.t); END LOOP; END $$"
        )
        administrator.execute(f"DROP SCHEMA audit_{name} CASCADE")
    administrator.execute("DELETE FROM ledger.book; DELETE FROM ledger.dirty")
    administrator.execute("ALTER EVENT TRIGGER ledger_ddl ENABLE; ALTER EVENT TRIGGER ledger_drop ENABLE")
    people = administrator.execute(f"SELECT count(*) FROM {acme}.members_user").fetchone()[0]
    migrate(scratch)
    events = administrator.execute(
        f"SELECT e.ver, e.op, e.payload::jsonb ->> 'reason', e.payload::jsonb #>> '{{new,id}}' = e.pk,"
        f" e.payload::jsonb -> 'old' FROM audit_{acme}.ledger_event e WHERE obj = 'members_user'"
    ).fetchall()
    assert events == [(1, "U", "Baseline: the ledger begins with this", True, {})] * people
    waiting = administrator.execute("SELECT count(DISTINCT schema_name) FROM ledger.dirty").fetchone()
    assert waiting == (3,)
