"""The database as it stands against the database as it was delivered: triggers, functions, rights, accounts.

Read from PostgreSQL's own catalogue, so that it finds what no event tells of, as after the work of a superuser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from audit.context import current_schema
from audit.history import Regulated
from audit.reconciliation import queries
from audit.reconciliation.catalogue import Difference, Kind
from audit.signatures.queries import signed_records

CONTENT = Path(__file__).resolve().parents[2] / "ledger" / "content"
PUBLIC = "public"
PLATFORM = "complere_platform"
# pg_trigger.tgtype: before or after, for each row or statement, of what.
MOMENTS = {"zz_audit": 29, "aa_guard": 31, "stamp": 7, "zz_truncate": 34, "no_change": 58}
BOOK_MOMENTS = {"no_change": 27, "no_truncate": 34}
BOOKS = ("event", "leaf", "tile", "checkpoint", "anchor", "access")
FUNCTION = re.compile(
    r"\bCREATE OR REPLACE FUNCTION\s+(?P<place>\w+)\.(?P<name>\w+)\s*\("
    r"(?P<head>.*?)\sAS \$f\$(?P<body>.*?)\$f\$",
    re.DOTALL,
)
EVENT_TRIGGERS = {"ledger_ddl": "on_ddl", "ledger_drop": "on_drop", "ledger_rewrite": "on_rewrite"}

TRIGGERS = """
    SELECT c.relname, t.tgname, t.tgtype, t.tgenabled::text, fn.nspname, f.proname,
        array_remove(string_to_array(encode(t.tgargs, 'escape'), '\\000'), ''),
        t.tgqual IS NOT NULL OR t.tgattr::text <> ''
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc f ON f.oid = t.tgfoid
        JOIN pg_namespace fn ON fn.oid = f.pronamespace
    WHERE NOT t.tgisinternal AND c.relnamespace = %s::regnamespace
"""
TABLES = """
    SELECT c.relname, c.relkind::text, c.relrowsecurity, c.relhasrules,
        EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhparent = c.oid OR i.inhrelid = c.oid)
    FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
FUNCTIONS = """
    SELECT p.proname, p.prosrc, p.prosecdef, pg_get_userbyid(p.proowner)
    FROM pg_proc p WHERE p.pronamespace = to_regnamespace(%s)
"""
# Who of ours may do more to a table than was given. The roles are this schema's, the login's and the owner's.
RIGHTS = """
    SELECT n.nspname || '.' || c.relname, r.rolname, string_agg(w, ', ' ORDER BY w)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_roles r,
        unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) w
    WHERE NOT r.rolsuper AND r.rolname <> 'complere_ledger' AND c.relkind = 'r'
      AND (r.rolname ~ '^complere_' OR r.rolname = %(role)s)
      AND has_table_privilege(r.oid, c.oid, w)
      AND (n.nspname = %(book)s
        OR (n.nspname = %(schema)s AND r.rolname <> 'complere_owner'
            AND (c.relname ~ '_historical' OR c.relname = 'audit_signature') AND w <> 'INSERT'))
    GROUP BY 1, 2
"""
STRANGERS = """
    SELECT r.rolname FROM pg_roles r
    WHERE NOT r.rolsuper AND r.rolname NOT IN (%(role)s, 'complere_ledger')
      AND (r.rolname ~ '^complere_' OR r.rolname ~ '^t_[a-z0-9]{12}$')
      AND has_table_privilege(r.oid, to_regclass(%(event)s), 'SELECT')
"""
OWNERS = """
    SELECT c.relnamespace::regnamespace || '.' || c.relname FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind = 'r' AND pg_get_userbyid(c.relowner) <> 'complere_ledger'
"""
ACCOUNTS = """
    SELECT 'complere_ledger', 'can sign in' FROM pg_roles WHERE rolname = 'complere_ledger' AND rolcanlogin
    UNION ALL
    SELECT rolname, 'has rights of an administrator' FROM pg_roles
    WHERE rolname ~ '^complere_' AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)
    UNION ALL
    SELECT pg_get_userbyid(m.member), 'is a member of complere_ledger' FROM pg_auth_members m
    WHERE m.roleid = 'complere_ledger'::regrole AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = m.member)
"""


@dataclass(frozen=True, slots=True)
class Trigger:
    moment: int
    function: str
    arguments: tuple[str, ...]
    enabled: str = "A"
    narrowed: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    body: str
    as_owner: bool
    owner: str


def faults(houses: "dict[str, str] | None" = None) -> Iterator[Difference]:
    """All that is other than delivered in this schema; on the platform also what all schemas share.

    `houses` are scripts of further schemas, by name, that the caller knows and this app does not.
    """
    schema = current_schema()
    yield from _capture(schema)
    yield from _book(schema)
    yield from _code(f"audit_{schema}", _book_script(schema), "complere_ledger")
    yield from _rights(schema)
    if schema == PUBLIC:
        yield from _shared(houses or {})


def disabled() -> list[str]:
    """Triggers of capture, in any schema, that do not fire always: one query, cheap enough for every start."""
    query = (
        "SELECT t.tgname || ' on ' || t.tgrelid::regclass FROM pg_trigger t"
        " WHERE t.tgname = ANY(%s) AND t.tgenabled <> 'A' AND NOT t.tgisinternal ORDER BY 1"
    )
    return [str(name) for (name,) in _rows(query, [[*MOMENTS, *BOOK_MOMENTS]])]


def _rows(query: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _capture(schema: str) -> Iterator[Difference]:
    entries = queries.regulated_here()
    yield from _tables(schema, entries)
    wanted, found = _wanted(schema, entries), _triggers(schema)
    for (table, name), trigger in sorted(wanted.items()):
        if found.get((table, name)) != trigger:
            state = "is altered" if (table, name) in found else "is missing"
            yield Difference(Kind.CAPTURE, f"{table}.{name}", f"The trigger {name} on {table} {state}.")
    for table, name in sorted(found.keys() - wanted.keys()):
        yield Difference(Kind.CAPTURE, f"{table}.{name}", f"A trigger {name} on {table} was not delivered with it.")


def _tables(schema: str, entries: list[Regulated]) -> Iterator[Difference]:
    found = {str(name): facts for name, *facts in _rows(TABLES, [schema])}
    ours = {name for entry in entries for name in (entry.table, entry.history)}
    for name in sorted(ours):
        if found.get(name, ["r", False, False, False]) != ["r", False, False, False]:
            text = f"{name} has row security, rules or children, or is no plain table."
            yield Difference(Kind.CAPTURE, name, text)
    for name, (kind, *_) in sorted(found.items()):
        if kind != "r":
            yield Difference(Kind.CAPTURE, name, f"{name} stands among the tables and is none.")
    for name in sorted(set(found) - ours - queries.exempt_tables()):
        yield Difference(Kind.CAPTURE, name, f"{name} is neither captured nor exempt for a stated reason.")


def _wanted(schema: str, entries: list[Regulated]) -> dict[tuple[str, str], Trigger]:
    book = f"audit_{schema}"
    signed = {str(rule["obj"]) for rule in signed_records()}
    wanted = {}
    for entry in entries:
        arguments = (entry.key, ",".join(entry.hidden), entry.digest)
        wanted[entry.table, "zz_audit"] = Trigger(MOMENTS["zz_audit"], f"{book}.capture", arguments)
        wanted[entry.table, "zz_truncate"] = Trigger(MOMENTS["zz_truncate"], "ledger.refuse", ())
        wanted[entry.history, "stamp"] = Trigger(MOMENTS["stamp"], f"{book}.stamp", (entry.table, entry.key))
        wanted[entry.history, "no_change"] = Trigger(MOMENTS["no_change"], "ledger.refuse", ())
        if entry.table in signed:
            wanted[entry.table, "aa_guard"] = Trigger(MOMENTS["aa_guard"], f"{book}.guard", (entry.key,))
        if entry.table == "audit_signature":
            wanted[entry.table, "aa_guard"] = Trigger(MOMENTS["aa_guard"], f"{book}.seal", ())
    # An empty argument leaves no trace in the list that PostgreSQL keeps.
    return {place: _compact(trigger) for place, trigger in wanted.items()}


def _compact(trigger: Trigger) -> Trigger:
    return Trigger(trigger.moment, trigger.function, tuple(word for word in trigger.arguments if word))


def _triggers(schema: str) -> dict[tuple[str, str], Trigger]:
    found = {}
    for table, name, moment, enabled, place, function, arguments, narrowed in _rows(TRIGGERS, [schema]):
        words = tuple(arguments or ())
        found[str(table), str(name)] = Trigger(
            int(str(moment)), f"{place}.{function}", words, str(enabled), narrowed=bool(narrowed)
        )
    return found


def _book(schema: str) -> Iterator[Difference]:
    book = f"audit_{schema}"
    found = _triggers(book)
    for table in BOOKS:
        for name, moment in BOOK_MOMENTS.items():
            if found.get((f"ledger_{table}", name)) != Trigger(moment, "ledger.refuse", ()):
                yield Difference(Kind.CAPTURE, f"ledger_{table}.{name}", f"ledger_{table} is not protected by {name}.")
    for (table,) in _rows(OWNERS, [book]):
        yield Difference(Kind.RIGHT, str(table), f"{table} does not belong to complere_ledger.")


def _code(place: str, script: str, owner: str = "") -> Iterator[Difference]:
    wanted = delivered(script, place, owner)
    found: dict[str, Function] = {}
    for name, body, as_owner, whose in _rows(FUNCTIONS, [place]):
        # The administrator of a server can be called anything.
        found[str(name)] = Function(str(body), bool(as_owner), str(whose) if owner else "")
    for name in sorted(wanted.keys() | found.keys()):
        if found.get(name) != wanted.get(name):
            state = "is missing" if name not in found else "was not delivered" if name not in wanted else "is altered"
            yield Difference(Kind.CODE, f"{place}.{name}", f"The function {place}.{name} {state}.")


def delivered(script: str, place: str, owner: str) -> dict[str, Function]:
    """The functions of one schema as a script of ours makes them, by name."""
    return {
        match["name"]: Function(match["body"], "SECURITY DEFINER" in match["head"], owner)
        for match in FUNCTION.finditer(script)
        if match["place"] == place
    }


def _book_script(schema: str) -> str:
    reader = PLATFORM if schema == PUBLIC else schema
    return (CONTENT / "book.sql").read_text().replace("__schema__", schema).replace("__reader__", reader)


def _rights(schema: str) -> Iterator[Difference]:
    role = PLATFORM if schema == PUBLIC else schema
    values = {"role": role, "book": f"audit_{schema}", "schema": schema, "event": f"audit_{schema}.ledger_event"}
    for table, who, rights in _rows(RIGHTS, values):
        yield Difference(Kind.RIGHT, f"{table} {who}", f"{who} may {rights} on {table}.")
    for (who,) in _rows(STRANGERS, values):
        yield Difference(Kind.RIGHT, f"audit_{schema} {who}", f"{who} may read the ledger of {schema}.")


def _shared(houses: dict[str, str]) -> Iterator[Difference]:
    ledger = (CONTENT / "ledger.sql").read_text() + (CONTENT / "guards.sql").read_text()
    yield from _code("ledger", ledger, "complere_ledger")
    yield from _code("administration", ledger)
    for name, script in houses.items():
        yield from _code(name, script, "complere_owner")
    for who, fault in _rows(ACCOUNTS):
        yield Difference(Kind.RIGHT, str(who), f"{who} {fault}.")
    found: dict[str, str] = dict(
        _rows("SELECT evtname, evtenabled::text || ' ' || evtfoid::regproc FROM pg_event_trigger")
    )
    for name, function in EVENT_TRIGGERS.items():
        if found.get(name) not in {f"{state} ledger.{function}" for state in "OA"}:
            yield Difference(Kind.CAPTURE, name, f"The event trigger {name} is missing, disabled or altered.")
    if _signed_rules() != {str(rule["obj"]): sorted(map(tuple, rule["moves"])) for rule in signed_records()}:
        yield Difference(Kind.CAPTURE, "signed_record", "Other moves take a signature than the code says.")


def _signed_rules() -> dict[str, list[tuple[str, ...]]]:
    rules: dict[str, list[tuple[str, ...]]] = {str(obj): [] for (obj,) in _rows("SELECT obj FROM ledger.signed_record")}
    for obj, was, becomes in _rows("SELECT obj, from_value, to_value FROM ledger.signed_transition ORDER BY 1, 2, 3"):
        rules[str(obj)].append((str(was), str(becomes)))
    return {obj: sorted(moves) for obj, moves in rules.items()}
