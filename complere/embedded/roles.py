"""The database and its roles, made once by an administrator.

role               login   may
complere_owner     yes     owns the database and migrates; makes roles by `administration.make_role` only
complere_runtime   yes     nothing of its own: the web and the worker switch to complere_platform or a tenant's role
complere_platform  no      rows of the public schema, table by table as migrations grant them
complere_ledger    no      owns the audit ledger; granted to nobody
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

OWNER: Final = "complere_owner"
RUNTIME: Final = "complere_runtime"
PLATFORM: Final = "complere_platform"
LEDGER: Final = "complere_ledger"
EXTENSIONS: Final = ("pg_trgm", "unaccent", "btree_gist")
OLDEST: Final = 150000
# Any number will do, as long as everybody who prepares this server takes the same.
ADVISORY_LOCK: Final = 7_266_801_194

ATTRIBUTES: Final[dict[str, LiteralString]] = {
    OWNER: "LOGIN NOCREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS",
    # NOINHERIT: a query that runs before the switch to a role reaches no table at all.
    RUNTIME: "LOGIN NOINHERIT NOCREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS",
    PLATFORM: "NOLOGIN NOCREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS",
    LEDGER: "NOLOGIN NOCREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS",
}

# These run any query given as text, so one injected expression could read with the rights of the moment.
XML_FUNCTIONS: Final = """
    SELECT p.oid::regprocedure::text
    FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      AND p.proname ~ '^(query|cursor|table|schema|database)_to_xml'
    ORDER BY 1
"""

DATABASE_RIGHTS: Final[tuple[LiteralString, ...]] = (
    "ALTER DATABASE {database} OWNER TO complere_owner",
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO complere_runtime",
    # It makes one schema for each tenant's ledger, by a function of its own.
    "GRANT CREATE ON DATABASE {database} TO complere_ledger",
)
SCHEMA_RIGHTS: Final[tuple[LiteralString, ...]] = (
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO complere_platform",
    "CREATE SCHEMA IF NOT EXISTS extensions",
    "GRANT USAGE ON SCHEMA extensions TO PUBLIC",
)


# The ledger is the administrator's: whoever migrates, serves or works cannot change what captures them.
LEDGER_SQL: Final = Path(__file__).resolve().parents[2] / "audit" / "ledger" / "content"


class ServerRefused(Exception):
    """This server cannot hold the database."""


@dataclass(frozen=True)
class Prepared:
    """What preparing changed: the login roles that are new, and so have the passwords given."""

    made: frozenset[str]


def prepare(admin_url: str, database: str, *, owner_password: str | None, runtime_password: str | None) -> Prepared:
    """Make the roles and `database`, with extensions and rights; running it again changes nothing.

    A password of None keeps the one a role has. Raises ServerRefused for a server older than PostgreSQL 15 and
    psycopg.Error for an account without the rights of an administrator.
    """
    with psycopg.connect(admin_url, autocommit=True) as server:
        if server.info.server_version < OLDEST:
            raise ServerRefused(f"PostgreSQL 15 or newer is needed; this is {server.info.server_version // 10000}.")
        server.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        made = _roles(server, {OWNER: owner_password, RUNTIME: runtime_password})
        _make_database(server, database)
        with psycopg.connect(make_conninfo(admin_url, dbname=database), autocommit=True) as inside:
            _rights_inside(inside)
            install_ledger(inside)
    return Prepared(made)


def existing(admin_url: str) -> frozenset[str]:
    """The login roles of ours that the server has already."""
    with psycopg.connect(admin_url) as server:
        rows = server.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[OWNER, RUNTIME]]).fetchall()
    return frozenset(name for (name,) in rows)


def _roles(server: "psycopg.Connection[tuple[object, ...]]", passwords: dict[str, str | None]) -> frozenset[str]:
    made = set()
    for name, attributes in ATTRIBUTES.items():
        if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
            server.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
            made.add(name)
        server.execute(sql.SQL("ALTER ROLE {} ").format(sql.Identifier(name)) + sql.SQL(attributes))
    for name, password in passwords.items():
        if password is not None:
            server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(password)))
        server.execute(sql.SQL("ALTER ROLE {} SET timezone = 'UTC'").format(sql.Identifier(name)))
    server.execute("GRANT complere_platform TO complere_runtime")
    return frozenset(made)


def _make_database(server: "psycopg.Connection[tuple[object, ...]]", database: str) -> None:
    name = sql.Identifier(database)
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
    for statement in DATABASE_RIGHTS:
        server.execute(sql.SQL(statement).format(database=name))


def _rights_inside(inside: "psycopg.Connection[tuple[object, ...]]") -> None:
    for statement in SCHEMA_RIGHTS:
        inside.execute(sql.SQL(statement))
    for extension in EXTENSIONS:
        inside.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA extensions").format(sql.Identifier(extension))
        )
    for (function,) in inside.execute(XML_FUNCTIONS).fetchall():
        # The server itself wrote this text, quoted where it must be.
        statement = f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"
        inside.execute(statement.encode())


def install_ledger(inside: "psycopg.Connection[tuple[object, ...]]") -> None:
    """The functions that capture, and the script that makes a tenant's book."""
    with inside.transaction():
        inside.execute((LEDGER_SQL / "ledger.sql").read_bytes())
        book = (LEDGER_SQL / "book.sql").read_text()
        inside.execute("DELETE FROM ledger.script")
        inside.execute("INSERT INTO ledger.script (text) VALUES (%s)", [book])
    try:
        with inside.transaction():
            inside.execute((LEDGER_SQL / "guards.sql").read_bytes())
    except psycopg.errors.InsufficientPrivilege:
        # A managed server grants no event triggers; the daily inventory finds what they would refuse.
        pass
