"""Trying a statement as some account, and what came of it."""

import subprocess
import sys
from urllib.parse import urlsplit

import psycopg

from complere import env
from tests import database

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


WHOLE = "AFTER INSERT OR DELETE OR UPDATE ON {table} FOR EACH ROW"


def filled(statement: str, places: dict[str, str], table: str = "event") -> str:
    acme = places["acme"]
    names = {"book": f"audit_{acme}", "history": f"{acme}.members_historicaluser"}
    if "{book}.ledger_" not in statement:
        names["table"] = f"{acme}.members_user"
    column = "hash" if table == "tile" else "at"
    return statement.format(**{"table": table, "column": column, **names, **places})


def outcomes(connection, statements, places, table="event") -> dict[str, str]:
    return {statement: attempt(connection, filled(statement, places, table)) for statement in statements}
