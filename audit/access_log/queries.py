"""Who looked at whose data, and who was refused what."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform

from audit.ledger.models import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is empty is not asked. `records`: any of these references. Times are aware, `until` exclusive."""

    actor: str = ""
    kind: str = ""
    records: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first, and the ids to go on from on either side; None where the log ends."""

    entries: list[Access]
    newer_than: int | None
    older_than: int | None


def page(search: Search, *, size: int, before: int | None = None, after: int | None = None) -> Page:
    """By id, so that no page costs more than another."""
    found = _matching(search)
    if after is not None:
        newer = list(found.filter(id__gt=after).order_by("id")[: size + 1])
        entries = newer[:size][::-1]
        return Page(entries, entries[0].id if len(newer) > size else None, entries[-1].id if entries else None)
    older = found if before is None else found.filter(id__lt=before)
    some = list(older.order_by("-id")[: size + 1])
    entries = some[:size]
    first = entries[0].id if entries and before is not None else None
    return Page(entries, first, entries[-1].id if len(some) > size else None)


def count(search: Search) -> int:
    return _matching(search).count()


def _matching(search: Search) -> "QuerySet[Access]":
    plain = {"kind": search.kind, "at__gte": search.since, "at__lt": search.until}
    found = Access.objects.filter(**{name: value for name, value in plain.items() if value})
    if search.actor:
        found = found.annotate(who=KeyTextTransform("id", "actor")).filter(who=search.actor)
    return found.filter(records__overlap=list(search.records)) if search.records else found


ACTORS = """
    WITH RECURSIVE known AS (
        (SELECT actor ->> 'id' AS who FROM ledger_access WHERE actor ->> 'id' IS NOT NULL ORDER BY 1 LIMIT 1)
        UNION ALL
        SELECT (SELECT a.actor ->> 'id' FROM ledger_access a WHERE a.actor ->> 'id' > known.who ORDER BY 1 LIMIT 1)
        FROM known WHERE known.who IS NOT NULL
    )
    SELECT known.who, newest.actor ->> 'name', newest.actor ->> 'key'
    FROM known CROSS JOIN LATERAL (
        SELECT a.actor FROM ledger_access a WHERE a.actor ->> 'id' = known.who ORDER BY a.id DESC LIMIT 1
    ) newest
    WHERE known.who IS NOT NULL LIMIT 500
"""


def actors() -> list[tuple[str, str, str | None]]:
    """Everybody with an account who is in the log: id, newest name, and the key that opens it."""
    with connection.cursor() as cursor:
        cursor.execute(ACTORS)
        return [(str(who), str(name), key) for who, name, key in cursor.fetchall()]
