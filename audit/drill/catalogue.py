"""Attacks on the trail, as data: who tries, what, with which statements. Pure: no framework.

`{s}` is the schema, `{b}` its book, `{old}` a record whose events an outside anchor covers, `{young}` one whose are
not, `{seq}` and `{idx}` the event and leaf of the last version of `{old}`, `{next}` the leaf after it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Account(StrEnum):
    RUNTIME = "runtime"
    OWNER = "owner"
    SUPERUSER = "superuser"


class Trick(StrEnum):
    """What takes more than statements: sign a forged log with the stolen key."""

    SIGN_ALL_AGAIN = "sign all again"
    SIGN_AFTER_ANCHOR = "sign again after the anchor"


@dataclass(frozen=True, slots=True)
class Attack:
    aim: str
    account: Account
    statements: tuple[str, ...]
    guards_off: bool = False
    trick: Trick | None = None

    @property
    def is_the_limit(self) -> bool:
        """What the public page says that nothing notices: superuser and signing key, younger than the last anchor."""
        return self.trick is Trick.SIGN_AFTER_ANCHOR


CONTEXT = (
    'SELECT set_config(\'app.context\', \'{{"schema": "{s}", "reason": "Drill", '
    '"actor": {{"id": null, "name": "drill", "role": "service", "kind": "service"}}}}\', true)'
)
# Pieces that several statements share.
PIECES = {
    "forged": "replace(payload, 'Drill', 'Forged')",
    "hashed": "sha256('\\x00'::bytea || convert_to(payload, 'UTF8'))",
}
GUARDS_OFF = """
    ALTER EVENT TRIGGER ledger_ddl DISABLE; ALTER EVENT TRIGGER ledger_drop DISABLE;
    ALTER EVENT TRIGGER ledger_rewrite DISABLE;
    ALTER TABLE {b}.ledger_event DISABLE TRIGGER USER; ALTER TABLE {b}.ledger_leaf DISABLE TRIGGER USER;
    ALTER TABLE {b}.ledger_tile DISABLE TRIGGER USER; ALTER TABLE {b}.ledger_checkpoint DISABLE TRIGGER USER;
    ALTER TABLE {s}.audit_finding DISABLE TRIGGER USER; ALTER TABLE {s}.audit_historicalfinding DISABLE TRIGGER USER
"""
GUARDS_ON = """
    ALTER TABLE {b}.ledger_event ENABLE ALWAYS TRIGGER no_change;
    ALTER TABLE {b}.ledger_event ENABLE ALWAYS TRIGGER no_truncate;
    ALTER TABLE {b}.ledger_leaf ENABLE ALWAYS TRIGGER no_change;
    ALTER TABLE {b}.ledger_leaf ENABLE ALWAYS TRIGGER no_truncate;
    ALTER TABLE {b}.ledger_tile ENABLE ALWAYS TRIGGER no_change;
    ALTER TABLE {b}.ledger_tile ENABLE ALWAYS TRIGGER no_truncate;
    ALTER TABLE {b}.ledger_checkpoint ENABLE ALWAYS TRIGGER no_change;
    ALTER TABLE {b}.ledger_checkpoint ENABLE ALWAYS TRIGGER no_truncate;
    ALTER TABLE {s}.audit_finding ENABLE ALWAYS TRIGGER zz_audit;
    ALTER TABLE {s}.audit_finding ENABLE ALWAYS TRIGGER zz_truncate;
    ALTER TABLE {s}.audit_historicalfinding ENABLE ALWAYS TRIGGER stamp;
    ALTER TABLE {s}.audit_historicalfinding ENABLE ALWAYS TRIGGER no_change;
    ALTER EVENT TRIGGER ledger_ddl ENABLE; ALTER EVENT TRIGGER ledger_drop ENABLE;
    ALTER EVENT TRIGGER ledger_rewrite ENABLE
"""
ALTER_EVENT = "UPDATE {b}.ledger_event SET payload = {forged} WHERE seq = {seq}"
HASH_AGAIN = "UPDATE {b}.ledger_event SET leaf = {hashed} WHERE seq = {seq}"
DELETE_EVENT = "DELETE FROM {b}.ledger_event WHERE seq = {seq}"
INSERT_EVENT = (
    "INSERT INTO {b}.ledger_event (at, obj, pk, ver, op, payload, leaf)"
    " SELECT at, obj, pk, ver + 1, op, payload, leaf FROM {b}.ledger_event WHERE seq = {seq}"
)
BACK_DATE = "UPDATE {b}.ledger_event SET at = at - interval '400 days' WHERE seq = {seq}"
TRUNCATE = "TRUNCATE {b}.ledger_event CASCADE"
ALTER_HISTORY = "UPDATE {s}.audit_historicalfinding SET text = 'Forged' WHERE id = '{old}'"
DELETE_HISTORY = "DELETE FROM {s}.audit_historicalfinding WHERE id = '{old}'"
ALTER_RECORD = "UPDATE {s}.audit_finding SET text = 'Forged' WHERE id = '{old}'"
DISABLE = "ALTER TABLE {s}.audit_finding DISABLE TRIGGER zz_audit"
COPY_OF_HISTORY = """
    INSERT INTO {s}.audit_historicalfinding SELECT (h).* FROM (
        SELECT jsonb_populate_record(h, jsonb_build_object('history_id', 9000000001, 'text', 'Forged',
            'actor_name', 'drill', 'history_change_reason', 'Drill',
            'history_date', now() - interval '400 days')) AS h
        FROM {s}.audit_historicalfinding h WHERE id = '{old}' ORDER BY history_id LIMIT 1) f
"""
NARROWED = """
    CREATE OR REPLACE TRIGGER zz_audit AFTER INSERT OR DELETE OR UPDATE ON {s}.audit_finding FOR EACH ROW
        EXECUTE FUNCTION {b}.capture('id', 'text', '')
"""
NO_CAPTURE = """
    CREATE OR REPLACE FUNCTION {b}.capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        AS 'BEGIN RETURN NULL; END'
"""
ROW_OF_A_CHILD = """
    INSERT INTO {s}.child SELECT gen_random_uuid(), kind, place, 'Forged', first_seen_at, NULL
    FROM {s}.audit_finding WHERE id = '{old}'
"""
# What every account tries in the same words.
COMMON = (
    ("alter an event", (ALTER_EVENT,)),
    ("delete an event", (DELETE_EVENT,)),
    ("insert an event", (INSERT_EVENT,)),
    ("back-date an event", (BACK_DATE,)),
    ("truncate the ledger", (TRUNCATE,)),
    ("delete a signed head", ("DELETE FROM {b}.ledger_checkpoint",)),
    ("alter the readable history", (ALTER_HISTORY,)),
    ("delete the readable history", (DELETE_HISTORY,)),
    ("change a record without actor and reason", (ALTER_RECORD,)),
    ("switch capture off, then change a record", (DISABLE, ALTER_RECORD)),
    ("drop the trigger of capture", ("DROP TRIGGER zz_audit ON {s}.audit_finding",)),
    ("become the ledger", ("SET ROLE complere_ledger", DELETE_EVENT)),
    ("write as a replica", ("SET session_replication_role = replica", ALTER_RECORD)),
    ("drop the book", ("DROP SCHEMA {b} CASCADE",)),
    ("invent a version in the readable history", (CONTEXT, COPY_OF_HISTORY)),
)
# Of these, what even a superuser is stopped at as long as the guards are on.
STOP_A_SUPERUSER = frozenset(
    {"alter an event", "delete an event", "truncate the ledger", "delete a signed head", "write as a replica"}
    | {"switch capture off, then change a record", "drop the trigger of capture"}
)
BY_RUNTIME = (
    ("change a record past the readable history", (CONTEXT, ALTER_RECORD)),
    (
        "publish a head that goes back",
        ("SELECT {b}.ledger_publish(1, 1, sha256('forged'), now(), 'forged', '[]'::jsonb)",),
    ),
    (
        "publish a head that nobody signed",
        ("SELECT {b}.ledger_publish(9, {size}, sha256('forged'), now(), 'forged', '[]'::jsonb)",),
    ),
)
BY_OWNER = (
    ("rewrite a column", ("ALTER TABLE {s}.audit_finding ALTER COLUMN text TYPE text USING 'Forged'",)),
    (
        "hide a column from capture",
        (
            NARROWED,
            "ALTER TABLE {s}.audit_finding ENABLE ALWAYS TRIGGER zz_audit",
        ),
    ),
    ("rename the trigger of capture", ("ALTER TRIGGER zz_audit ON {s}.audit_finding RENAME TO harmless",)),
    (
        "keep rows in a child that nobody captures",
        (
            "CREATE TABLE {s}.child () INHERITS ({s}.audit_finding)",
            ROW_OF_A_CHILD,
        ),
    ),
    ("meddle before capture", ("CREATE RULE silent AS ON DELETE TO {s}.audit_finding DO INSTEAD NOTHING",)),
    ("have no move signed", ("SELECT ledger.set_signed_records('[]')",)),
    ("open a book with more than a name", ("SELECT ledger.open('{s}', '{s}; DROP SCHEMA {b} CASCADE')",)),
)
# With every guard off, and on again afterwards.
BY_SUPERUSER = (
    ("alter an event", (ALTER_EVENT,)),
    ("alter an event and its hash", (ALTER_EVENT, HASH_AGAIN)),
    (
        "alter an event and every hash of it",
        (
            ALTER_EVENT,
            HASH_AGAIN,
            "UPDATE {b}.ledger_leaf l SET hash = e.leaf FROM {b}.ledger_event e WHERE e.seq = l.seq AND l.seq = {seq}",
        ),
    ),
    ("delete an event", (DELETE_EVENT,)),
    ("delete an event and its place", (DELETE_EVENT, "DELETE FROM {b}.ledger_leaf WHERE seq = {seq}")),
    (
        "close the gap after it as well",
        (
            DELETE_EVENT,
            "DELETE FROM {b}.ledger_leaf WHERE seq = {seq}",
            "UPDATE {b}.ledger_leaf SET idx = -idx WHERE idx > {idx}",
            "UPDATE {b}.ledger_leaf SET idx = -idx - 1 WHERE idx < 0",
        ),
    ),
    ("insert an event", (INSERT_EVENT,)),
    (
        "swap two events",
        (
            "UPDATE {b}.ledger_leaf SET idx = -1 WHERE idx = {idx}",
            "UPDATE {b}.ledger_leaf SET idx = {idx} WHERE idx = {next}",
            "UPDATE {b}.ledger_leaf SET idx = {next} WHERE idx = -1",
        ),
    ),
    (
        "cut off the end",
        (
            "DELETE FROM {b}.ledger_leaf WHERE idx >= {idx}",
            "DELETE FROM {b}.ledger_event WHERE seq NOT IN (SELECT seq FROM {b}.ledger_leaf)",
            "DELETE FROM {b}.ledger_checkpoint WHERE size > {idx}",
        ),
    ),
    ("back-date an event", (BACK_DATE,)),
    ("change a record with capture off", (ALTER_RECORD,)),
    ("delete a record with capture off", ("DELETE FROM {s}.audit_finding WHERE id = '{old}'",)),
    ("alter the readable history", (ALTER_HISTORY,)),
    ("delete the readable history", (DELETE_HISTORY,)),
    ("invent a version in the readable history", (COPY_OF_HISTORY,)),
    (
        "replace the code of capture",
        (NO_CAPTURE,),
    ),
    ("give itself the right to write", ("GRANT ALL ON {b}.ledger_event TO complere_owner",)),
)
ALL_FORGED = (
    "UPDATE {b}.ledger_event SET payload = {forged} WHERE pk = '{victim}'",
    "UPDATE {b}.ledger_event SET leaf = {hashed} WHERE pk = '{victim}'",
    "UPDATE {s}.audit_finding SET text = replace(text, 'Drill', 'Forged') WHERE id = '{victim}'",
    "UPDATE {s}.audit_historicalfinding SET text = replace(text, 'Drill', 'Forged') WHERE id = '{victim}'",
)


def attacks() -> list[Attack]:
    """Every attack, from the weakest account to the strongest."""
    found = [Attack(aim, Account.RUNTIME, what) for aim, what in (*COMMON, *BY_RUNTIME)]
    found += [Attack(aim, Account.OWNER, what) for aim, what in (*COMMON, *BY_OWNER)]
    found += [Attack(aim, Account.SUPERUSER, what) for aim, what in COMMON if aim in STOP_A_SUPERUSER]
    found += [Attack(f"{aim}, guards off", Account.SUPERUSER, what, guards_off=True) for aim, what in BY_SUPERUSER]
    old = tuple(each.replace("{victim}", "{old}") for each in ALL_FORGED)
    young = tuple(each.replace("{victim}", "{young}") for each in ALL_FORGED)
    return [
        *found,
        Attack(
            "alter everywhere and sign all heads again with the stolen key",
            Account.SUPERUSER, old, guards_off=True, trick=Trick.SIGN_ALL_AGAIN,
        ),
        Attack(
            "alter what is younger than the last anchor, everywhere, and sign again with the stolen key",
            Account.SUPERUSER, young, guards_off=True, trick=Trick.SIGN_AFTER_ANCHOR,
        ),
    ]  # fmt: skip
