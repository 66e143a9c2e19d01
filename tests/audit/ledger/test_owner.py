"""What the owner of the tables may do, and the book tells; what stops even an administrator."""

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction

from audit import context
from tenants.members.accounts.models import User
from tests import cast
from tests.audit.ledger.attempts import (
    APPEND_ONLY,
    CAPTURE_STAYS,
    DENIED,
    LEDGER_TABLES,
    NO_CONTEXT,
    WHOLE,
    attempt,
    filled,
    migrate,
    outcomes,
)

pytestmark = [pytest.mark.req("AT-12"), pytest.mark.req("P11-10e")]


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
