"""What a check of the trail reads, in the schema that the connection is in."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from psycopg import sql

from audit.history import Regulated
from audit.verification.models import TrailCheck

# The columns that the payload begins with are compared here, the others in `rows`: finding words in a long text costs
# the server more than us. LATERAL with OFFSET keeps the order of the index, without a sort of whole events.
EVENTS = """
    COPY (
        SELECT l.idx, l.hash, e.payload, e.plain, e.obj, e.ver, l.actor, l.reason
        FROM (SELECT * FROM ledger_leaf WHERE idx >= {start} AND idx < {stop} ORDER BY idx) l
        LEFT JOIN LATERAL (
            SELECT payload, obj, ver, leaf = l.hash AND (l.at, l.obj, l.pk, l.ver, l.op) = (at, obj, pk, ver, op)
                AND starts_with(payload, '{{"v": 1, "at": ' || to_jsonb(at)::text || ', "op": "' || op
                    || '", "pk": "' || pk || '", ') AS plain
            FROM ledger_event WHERE seq = l.seq OFFSET 0) e ON true
    ) TO STDOUT (FORMAT BINARY)
"""
COLUMNS = ["int8", "bytea", "bytea", "bool", "bytea", "int4", "bytea", "bytea"]
PLACES = """
    SELECT l.idx, l.seq, l.obj, l.pk, l.ver, l.op, l.at, l.actor, l.reason, l.hash,
        e.obj, e.pk, e.ver, e.op, e.at, e.leaf, e.payload
    FROM ledger_leaf l LEFT JOIN ledger_event e USING (seq) WHERE l.idx = ANY(%s) ORDER BY l.idx
"""
GAPS = """
    SELECT obj, pk, v FROM (
        SELECT obj, pk, max(ver) AS last FROM ledger_event GROUP BY obj, pk HAVING count(*) <> max(ver) OR min(ver) <> 1
    ) record, generate_series(1, last) v
    WHERE NOT EXISTS (SELECT 1 FROM ledger_event e WHERE (e.obj, e.pk, e.ver) = (record.obj, record.pk, v)) LIMIT %s
"""
UNPLACED = """
    SELECT e.obj, e.pk, e.ver FROM ledger_event e
    WHERE NOT EXISTS (SELECT 1 FROM ledger_leaf l WHERE l.seq = e.seq) AND e.at < %s ORDER BY e.seq LIMIT %s
"""
# Columns that one of the two lacks came or went with a change of structure, which is an event of its own.
CHANGED = """
    SELECT found.pk, found.op FROM (
        SELECT t.{key}::text AS pk, e.op, to_jsonb(t) - %(hidden)s::text[] AS now, e.image
        FROM {table} t LEFT JOIN LATERAL (
            SELECT op, payload::jsonb -> 'new' AS image FROM ledger_event
            WHERE obj = %(obj)s AND pk = t.{key}::text ORDER BY ver DESC LIMIT 1) e ON true
    ) found
    WHERE op IS NULL OR op = 'D' OR (now IS DISTINCT FROM image AND
        now - ARRAY(SELECT jsonb_object_keys(now) EXCEPT SELECT jsonb_object_keys(image))
        IS DISTINCT FROM image - ARRAY(SELECT jsonb_object_keys(image) EXCEPT SELECT jsonb_object_keys(now)))
    LIMIT %(most)s
"""
GONE = """
    SELECT e.pk FROM (
        SELECT pk, max(ver) AS ver FROM ledger_event WHERE obj = %(obj)s AND pk <> '' GROUP BY pk
    ) e
    WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key}::text = e.pk)
      AND (SELECT op FROM ledger_event l WHERE l.obj = %(obj)s AND l.pk = e.pk AND l.ver = e.ver) <> 'D'
    LIMIT %(most)s
"""
BESIDE = "SELECT ver, payload FROM ledger_event WHERE obj = %s AND pk = %s AND ver IN (%s, %s)"


@dataclass(frozen=True, slots=True)
class Told:
    """What an event's row says; `payload` is what was hashed."""

    obj: str
    pk: str
    ver: int
    op: str
    at: datetime
    leaf: bytes
    payload: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the log, and its event unless that is lost."""

    idx: int
    seq: int
    obj: str
    pk: str
    ver: int
    op: str
    at: datetime
    actor: str
    reason: str
    hash: bytes
    event: Told | None

    @property
    def name(self) -> str:
        return f"{self.obj}:{self.pk} version {self.ver}"

    @property
    def document(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.event.payload) if self.event else {}
        return read


def checks() -> "QuerySet[TrailCheck]":
    """Every check of this schema's trail, newest first."""
    return TrailCheck.objects.order_by("-requested_at")


def waiting() -> "QuerySet[TrailCheck]":
    """Checks that somebody asked for and nobody finished: not begun, or left half done by a crash."""
    return TrailCheck.objects.filter(finished_at=None).order_by("requested_at")


def count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(idx), -1) + 1 FROM ledger_leaf")
        return int(cursor.fetchone()[0])


def tiles() -> dict[int, bytes]:
    """The stored roots over full blocks of leaves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, hash FROM ledger_tile WHERE level = 1")
        return {n: bytes(hash_) for n, hash_ in cursor.fetchall()}


def rows(start: int, stop: int) -> Iterator[tuple[int, bytes, bytes | None, bool]]:
    """Leaves start to stop - 1 with their events (hashing.Row), as fast as the server can send.

    `plain` is exact for all that capture() writes; whatever is not plain must be read as JSON.
    """
    statement = sql.SQL(EVENTS).format(start=sql.Literal(start), stop=sql.Literal(stop))
    # Django's cursor hands on what it does not know to psycopg's.
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(COLUMNS)
        for idx, leaf, payload, plain, obj, ver, actor, reason in copy.rows():
            says = (
                plain
                and b', "obj": "%b", "old": ' % obj in payload
                and b', "ver": %d, "xid": "' % ver in payload
                and b', "reason": "%b", "schema": ' % reason in payload
                and (
                    b'"actor": {"id": "%b", ' % actor in payload
                    or b'"kind": "%b", ' % actor.replace(b":", b'", "name": "') in payload
                )
            )
            yield idx, leaf, payload, bool(says)


def places(found: Sequence[int]) -> list[Place]:
    """These places of the log, as far as they are there."""
    if not found:
        return []
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [list(found)])
        return [_place(row) for row in cursor.fetchall()]


def gaps(most: int) -> list[str]:
    """Versions that are missing in the middle of a record's story."""
    with connection.cursor() as cursor:
        cursor.execute(GAPS, [most])
        return [f"{obj}:{pk} version {ver}" for obj, pk, ver in cursor.fetchall()]


def unplaced(before: datetime, most: int) -> list[str]:
    """Events written before then that have no place in the log."""
    with connection.cursor() as cursor:
        cursor.execute(UNPLACED, [before, most])
        return [f"{obj}:{pk} version {ver}" for obj, pk, ver in cursor.fetchall()]


def beside(place: Place) -> dict[int, dict[str, Any]]:
    """The events before and after this one in the story of its record, by version."""
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, [place.obj, place.pk, place.ver - 1, place.ver + 1])
        return {ver: json.loads(payload) for ver, payload in cursor.fetchall()}


def tables() -> set[str]:
    """What stands in this schema."""
    return set(connection.introspection.table_names())


def changed(table: Regulated, most: int) -> list[tuple[str, str | None]]:
    """Rows that are not what their last event says: key, and what that event was (None: there is none)."""
    return [(pk, op) for pk, op in _ask(CHANGED, table, most)]


def gone(table: Regulated, most: int) -> list[str]:
    """Keys of rows that vanished without an event."""
    return [pk for (pk,) in _ask(GONE, table, most)]


def _ask(query: str, table: Regulated, most: int) -> list[Any]:
    names = {"table": sql.Identifier(table.table), "key": sql.Identifier(table.key)}
    values: dict[str, Any] = {"obj": table.table, "hidden": list(table.hidden), "most": most}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(query).format(**names), values)
        return cursor.fetchall()


def _place(row: tuple[Any, ...]) -> Place:
    obj, pk, ver, op, at, leaf, payload = row[10:]
    event = None if payload is None else Told(obj, pk, ver, op, at, bytes(leaf), payload)
    idx, seq, obj, pk, ver, op, at, actor, reason, hash_ = row[:10]
    return Place(idx, seq, obj, pk, ver, op, at, actor, reason, bytes(hash_), event)
