"""Events to place: regulated rows written as the product writes them, and what only the server's own account can do."""

import itertools
from urllib.parse import urlsplit

import psycopg

from audit import context
from complere import env
from tenants import schemas
from tenants.members.roles.models import RoleGrant
from tests import cast

numbers = itertools.count()

__all__ = ["as_superuser", "schemas", "write"]


def write(count, *, row=0, reason="A word was written"):
    """So many events of the schema that the connection is in; writers of different rows do not wait for each other."""
    grants = RoleGrant.objects.filter(pk=RoleGrant.objects.order_by("pk")[row].pk)
    with context.regulated_write(actor=cast.DIRECTOR, reason=reason):
        for _ in range(count):
            grants.update(granted_by=f"word {next(numbers)}")


def as_superuser(name, schema, statement, *values):
    address = urlsplit(env.secret("DATABASE_ADMIN_URL"))._replace(path=f"/{name}").geturl()
    with psycopg.connect(address) as server:
        server.execute(f"SET search_path = audit_{schema}, {schema}")
        server.execute("SET session_replication_role = replica")
        for table in ("event", "leaf", "tile", "checkpoint"):
            server.execute(f"ALTER TABLE ledger_{table} DISABLE TRIGGER no_change")
        server.execute(statement, values or None)
        for table in ("event", "leaf", "tile", "checkpoint"):
            server.execute(f"ALTER TABLE ledger_{table} ENABLE ALWAYS TRIGGER no_change")
