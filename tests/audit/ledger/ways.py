"""Every way of writing a regulated row, and what the ledger then holds."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, models, transaction

from audit import context
from audit.ledger.models import Event
from tenants.members.accounts.models import User
from tenants.members.roles.models import RoleGrant
from tests import cast

NO_CONTEXT, WRONG_SCHEMA, KEY_CHANGED, OTHER_HAND = "AU001", "AU002", "AU003", "AU004"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


MATRIX = context.service("matrix")


REASON = "One way of writing"


TABLE = "members_rolegrant"


def stage(key: str) -> User:
    user = cast.person(key)
    with context.regulated_write(actor=MATRIX, reason="Set the stage"):
        for role in ("auditor", "security_officer"):
            grant(user, role).save()
    return user


def grant(user: User, role: str) -> RoleGrant:
    return RoleGrant(user=user, role=role, granted_at=NOW, granted_by="matrix")


def of(user: User) -> "models.QuerySet[RoleGrant]":
    return RoleGrant.objects.filter(user=user)


def added(user: User) -> "models.QuerySet[RoleGrant]":
    return of(user).filter(role__in=["auditor", "security_officer"])


def sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def rows() -> dict[str, dict]:
    """What the table holds, by key, in the words of the database."""
    return {str(image["id"]): image for (image,) in map(as_json, sql(f"SELECT to_jsonb(t) FROM {TABLE} t"))}


def as_json(row: tuple) -> tuple:
    return tuple(json.loads(value) if isinstance(value, str) else value for value in row)


def events_after(seq: int) -> list[Event]:
    return list(Event.objects.filter(seq__gt=seq, obj=TABLE).order_by("seq"))


def last_seq() -> int:
    return Event.objects.aggregate(last=models.Max("seq"))["last"] or 0


def save_updates(user):
    row = added(user).first()
    row.granted_by = "somebody else"
    row.save()


def back_dated_history(user):
    row = added(user).first()
    row._history_date = NOW - timedelta(days=400)
    row.granted_by = "somebody else"
    row.save()


def opened(name: str) -> "AbstractContextManager[object]":
    return context.regulated_write(actor=context.service(name), reason=REASON)


def said_of(actor: context.Actor) -> dict:
    return {"id": None, "name": actor.name, "key": None, "role": actor.role, "kind": actor.kind}


@contextmanager
def refused(*states: str) -> Iterator[None]:
    """The block is refused with one of these SQLSTATEs, and is rolled back alone."""
    with pytest.raises((DatabaseError, psycopg.Error)) as caught, transaction.atomic():
        yield
    # COPY goes past Django, and its errors too.
    found = caught.value if isinstance(caught.value, psycopg.Error) else caught.value.__cause__
    assert found.sqlstate in states


def told(seq: int) -> list[tuple[str, str]]:
    return [(event.document["reason"], event.document["new"]["granted_by"]) for event in events_after(seq)]
