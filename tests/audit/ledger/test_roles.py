"""Who may do what to the trail: every attack on it, as every account (spec: the attack matrix)."""

import pytest

from tests.audit.ledger.attempts import (
    APPEND_ONLY,
    CAPTURE_STAYS,
    DENIED,
    LEDGER_TABLES,
    NO_CONTEXT,
    WHOLE,
    attempt,
    outcomes,
)

pytestmark = [pytest.mark.req("AT-12"), pytest.mark.req("P11-10e")]


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


def runtime_as(as_account, role):
    connection = as_account("runtime")
    connection.execute(f"SET ROLE {role}")
    return connection


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
