"""Writing the access log. Rows are only ever added, by a function of the database; nothing here can take one back."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from audit import context
from audit.access_log.states import Kind

# An attempt is told in one line; a page that looks at more is told with its first records.
LONGEST = 500
MOST_RECORDS = 2_000


def note(*, kind: Kind, actor: Mapping[str, Any], what: str, records: Iterable[str], detail: str = "") -> None:
    """Who looked at what, or was refused what, in the schema that the connection is in; the database sets the time."""
    named = list(records)[:MOST_RECORDS]
    values: list[Any] = [
        kind,
        json.dumps(actor, default=str),
        what[:LONGEST],
        named,
        context.current_request().id,
        detail[:LONGEST],
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_note_access(%s, %s::jsonb, %s, %s::text[], %s, %s)", values)


def note_download(*, actor: context.Actor, what: str, record: str) -> None:
    """Somebody took a copy away."""
    note(kind=Kind.READ, actor=told(actor), what=what, records=[record])


def told(actor: context.Actor) -> dict[str, Any]:
    """An actor as the trail of this schema keeps them: the name sealed where the person is of this schema."""
    name, key = actor.written_in(context.current_schema())
    return {"id": actor.id, "name": name, "key": key, "role": actor.role, "kind": actor.kind}
