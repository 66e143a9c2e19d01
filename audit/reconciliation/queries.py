"""Where the two captures of the schema that the connection is in tell different stories, compared by the database."""

import inspect
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, router
from django.db.models import QuerySet
from psycopg import sql

from audit.history import Entry, Regulated, regulated
from audit.reconciliation.catalogue import Difference, Kind
from audit.reconciliation.models import Finding

# The clocks of application and database may differ by this much.
TOLERANCE = timedelta(minutes=5)
MOST = 500
EXEMPT = "Exempt from history:"
# Which migrations ran; and which rights and groups there could be, which nobody uses.
OF_DJANGO = {"django_migrations", "auth_group_permissions"}
# What a history row says about itself; the rest is the record's content.
OF_THE_ROW = (
    *(field.name for field in Entry._meta.get_fields()),
    "history_id", "history_date", "history_type", "history_user_id", "history_change_reason",
)  # fmt: skip

# Only what both of them know is compared: columns come and go with changes of structure, which are events themselves.
TOLD = """
    WITH told AS (
        SELECT e.pk, e.ver, e.op, e.at, e.payload::jsonb AS doc FROM ledger_event e WHERE e.obj = %(obj)s AND e.pk <> ''
    ), noted AS (
        SELECT h.{key}::text AS pk, h.ledger_version AS ver, h.history_id, h.history_type, h.history_date,
            h.history_user_id::text AS user_id, h.actor_name, h.history_change_reason AS reason,
            to_jsonb(h) - %(own)s::text[] AS content
        FROM {history} h
    ), both_told AS (
        SELECT t.*, n.history_id, n.history_type, n.history_date, n.user_id, n.actor_name, n.reason, n.content,
            CASE t.op WHEN 'D' THEN t.doc -> 'old' ELSE t.doc -> 'new' END AS image
        FROM told t JOIN noted n USING (pk, ver)
    )
    SELECT 'unread', t.pk, t.ver, t.op FROM told t
        WHERE NOT (t.op = 'U' AND t.doc -> 'old' = '{{}}') AND NOT EXISTS (
            SELECT 1 FROM noted n WHERE (n.pk, n.ver) = (t.pk, t.ver))
    UNION ALL
    SELECT 'untold', n.pk, n.ver, n.history_type FROM noted n
        WHERE n.ver IS NOT NULL AND NOT EXISTS (SELECT 1 FROM told t WHERE (t.pk, t.ver) = (n.pk, n.ver))
    UNION ALL
    SELECT 'twice', n.pk, n.ver, count(*)::text FROM noted n
        WHERE n.ver IS NOT NULL GROUP BY n.pk, n.ver HAVING count(*) > 1
    UNION ALL
    SELECT 'content', b.pk, b.ver, (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(b.content) k
            WHERE b.image ? k AND b.image -> k IS DISTINCT FROM b.content -> k) FROM both_told b
        WHERE EXISTS (SELECT 1 FROM jsonb_object_keys(b.content) k
            WHERE b.image ? k AND b.image -> k IS DISTINCT FROM b.content -> k)
    UNION ALL
    SELECT 'hand', b.pk, b.ver, '' FROM both_told b
        WHERE (b.user_id, b.actor_name, b.reason, b.history_type) IS DISTINCT FROM
            (b.doc #>> '{{actor,id}}', b.doc #>> '{{actor,name}}', b.doc ->> 'reason', translate(b.op, 'IUD', '+~-'))
    UNION ALL
    SELECT 'time', b.pk, b.ver, to_char(b.history_date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM both_told b
        WHERE abs(extract(epoch FROM b.history_date - b.at)) > %(seconds)s
    UNION ALL
    -- A version without an event is a save that changed nothing. Those from before the ledger began are left alone.
    SELECT 'untold', i.pk, NULL, i.history_type FROM (
        SELECT n.*, lag(content) OVER (PARTITION BY pk ORDER BY history_id) AS before,
            min(history_id) FILTER (WHERE ver IS NOT NULL) OVER () AS first_stamped
        FROM noted n
    ) i
        WHERE i.ver IS NULL AND i.content IS DISTINCT FROM i.before
          AND (i.history_id > i.first_stamped OR i.history_date > (SELECT min(at) FROM ledger_event))
    LIMIT %(most)s
"""
WORDS = {
    "unread": "The ledger tells of a change ({detail}) that the history does not show.",
    "untold": "The history shows a version that the ledger does not know.",
    "twice": "The history shows {detail} versions of one change.",
    "content": "The history shows other values than the ledger: {detail}.",
    "hand": "The history names another person, reason or kind of change than the ledger.",
    "time": "The history dates the change {detail} UTC, the ledger otherwise.",
}
# Rows as they stand, against the last event of each: hidden columns are in neither.
STANDING = """
    SELECT found.pk, found.op FROM (
        SELECT t.{key}::text AS pk, e.op, to_jsonb(t) - %(hidden)s::text[] AS now, e.image
        FROM {table} t LEFT JOIN LATERAL (
            SELECT op, payload::jsonb -> 'new' AS image FROM ledger_event
            WHERE obj = %(obj)s AND pk = t.{key}::text ORDER BY ver DESC LIMIT 1) e ON true
    ) found
    WHERE op IS NULL OR op = 'D'
       OR EXISTS (SELECT 1 FROM jsonb_object_keys(now) k WHERE image ? k AND now -> k IS DISTINCT FROM image -> k)
    UNION ALL
    SELECT last.pk, 'gone' FROM (
        SELECT DISTINCT ON (pk) pk, op FROM ledger_event WHERE obj = %(obj)s AND pk <> '' ORDER BY pk, ver DESC
    ) last
    WHERE last.op <> 'D' AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key}::text = last.pk)
    LIMIT %(most)s
"""

# Files are in the ledger by their digest.
FILES = """
    SELECT t.{key}::text, 'file' FROM {table} t CROSS JOIN LATERAL (
        SELECT payload::jsonb #>> '{{new,content,sha256}}' AS digest FROM ledger_event
        WHERE obj = %(obj)s AND pk = t.{key}::text ORDER BY ver DESC LIMIT 1) e
    WHERE e.digest <> encode(sha256(t.content), 'hex') LIMIT %(most)s
"""


def open_findings() -> "QuerySet[Finding]":
    """What is not resolved, newest first."""
    return Finding.objects.filter(resolved_at=None).order_by("-first_seen_at", "kind", "place")


def resolved_findings() -> "QuerySet[Finding]":
    return Finding.objects.exclude(resolved_at=None).order_by("-resolved_at", "kind", "place")


def tables_here() -> list[Regulated]:
    """The regulated tables of this schema, with their histories."""
    here = set(connection.introspection.table_names())
    return [entry for entry in regulated() if entry.table in here and entry.history in here]


def regulated_here() -> list[Regulated]:
    """Every regulated table that belongs into this schema, whether it stands there or not."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    return [entry for entry in regulated() if router.allow_migrate_model(DEFAULT_DB_ALIAS, models[entry.table])]


def exempt_tables() -> set[str]:
    """Tables that are not captured: of models that say why not, of Django, and the histories themselves."""
    ours = {model._meta.db_table for model in apps.get_models() if EXEMPT in (inspect.getdoc(model) or "")}
    theirs = {model._meta.db_table for model in apps.get_models() if model.__module__.split(".")[0] == "django"}
    return ours | theirs | OF_DJANGO


def differences() -> Iterator[Difference]:
    """Every record for which ledger, history and the row itself do not agree."""
    for entry in tables_here():
        yield from _compared(entry)
        yield from _standing(entry)


def _compared(entry: Regulated) -> Iterator[Difference]:
    values = {"obj": entry.table, "own": list(OF_THE_ROW), "seconds": TOLERANCE.total_seconds(), "most": MOST}
    for kind, pk, ver, detail in _rows(TOLD, entry, values):
        version = f" version {ver}" if ver else ""
        yield Difference(Kind(kind), f"{entry.table}:{pk}{version}", WORDS[kind].format(detail=detail))


def _standing(entry: Regulated) -> Iterator[Difference]:
    values = {"obj": entry.table, "hidden": list(entry.hidden), "most": MOST}
    files = _rows(FILES, entry, values) if "content" in entry.hidden else []
    for pk, op in [*_rows(STANDING, entry, values), *files]:
        told = {
            None: "There is a record that no event tells of.",
            "D": "There is a record that was deleted, as the ledger tells.",
            "gone": "A record is gone that no event deleted.",
            "file": "The file is not the one that its last event tells of.",
        }
        text = told.get(op, "The record holds other values than its last event.")
        yield Difference(Kind.RECORD, f"{entry.table}:{pk}", text)


def _rows(statement: str, entry: Regulated, values: dict[str, Any]) -> list[tuple[str, ...]]:
    names = {"table": entry.table, "key": entry.key, "history": entry.history}
    query = sql.SQL(statement).format(**{name: sql.Identifier(value) for name, value in names.items()})
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[str, ...]] = cursor.fetchall()
    return found
