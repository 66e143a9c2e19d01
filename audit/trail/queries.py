"""Versions of a record, each with the version before it.

The number of queries depends on how many kinds are told together, never on how many versions there are.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connection, models, router
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from audit import presenters
from audit.encryption import PersonalText
from audit.ledger.models import Event, Leaf
from audit.presenters import Story
from audit.signatures.models import Signature
from audit.subject_keys.queries import open_names


@dataclass(frozen=True, slots=True)
class Source:
    """The history rows of one kind that belong to a timeline."""

    story: Story
    rows: QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A history row with its values as stored: ciphertext tells whether a value changed even when it is erased."""

    row: Any
    stored: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Version:
    story: Story
    after: Snapshot
    before: Snapshot | None

    @property
    def record(self) -> tuple[str, str]:
        """Table and key, as the ledger names a record."""
        meta = self.story.model._meta
        return meta.db_table, str(getattr(self.after.row, meta.pk.attname))


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a change stands in the log (None while it waits for its place), and the signature given with it."""

    index: int | None
    signature: Signature | None


def story_of(kind: str) -> Story | None:
    """How records of this kind are told, when they live in this schema; else None."""
    story = presenters.of(kind)
    return story if story is not None and router.allow_migrate_model(DEFAULT_DB_ALIAS, story.model) else None


def record_of(story: Story, pk: str) -> models.Model | None:
    """The record, or its last content when it was deleted; None when there never was one."""
    try:
        key = story.model._meta.pk.to_python(pk)
    except (ValidationError, OverflowError):
        return None
    living = story.model._base_manager.filter(pk=key).select_related(*keys_of(story.model)).first()
    if living is not None:
        return living
    last = _history(story.model).filter(**{story.model._meta.pk.attname: key}).order_by("-history_id").first()
    return None if last is None else last.instance


def sources(story: Story, record: models.Model, may: Callable[[str], bool]) -> list[Source]:
    """The record's own history, and that of the children which the reader may see."""
    own = Source(story, _history(story.model).filter(**{story.model._meta.pk.attname: record.pk}))
    return [own, *(_child(child, name, record) for child, name in _children(story) if may(child.permission))]


def marks(found: list[Source]) -> "QuerySet[Any, tuple[str, int]]":
    """Kind and id of every history row of the sources, newest first."""
    parts = [
        source.rows.order_by()
        .annotate(told_as=Value(source.story.kind, output_field=models.TextField()))
        .values_list("told_as", "history_id", "history_date")
        for source in found
    ]
    return parts[0].union(*parts[1:], all=True).order_by("-history_date", "-history_id")


def versions(found: list[Source], page: Iterable[tuple[Any, ...]]) -> list[Version]:
    """The versions that `page`, a slice of `marks`, names, in its order."""
    wanted = [(kind, number) for kind, number, *_ in page]
    told: dict[tuple[str, int], Version] = {}
    for source in found:
        numbers = [number for kind, number in wanted if kind == source.story.kind]
        told |= {(source.story.kind, version.after.row.history_id): version for version in _load(source, numbers)}
    return [told[mark] for mark in wanted if mark in told]


def keys_of(model: type[models.Model]) -> set[str]:
    """The foreign keys to people's keys, by which personal data of this model opens."""
    names = {field.name for field in model._meta.fields}
    return {field.key for field in model._meta.fields if isinstance(field, PersonalText)} & names


def names_of(story: Story, ids: Iterable[Any]) -> dict[Any, str]:
    """Titles of other records that a version points to, by id."""
    records = story.model._default_manager.filter(pk__in=set(ids)).select_related(*keys_of(story.model))
    return {record.pk: story.title_of(record) for record in records.prefetch_related(None)}


def actors_of(found: Iterable[Version]) -> dict[str, str]:
    """The names behind the sealed names of those who wrote these versions; one query."""
    return open_names((version.after.row.actor_name, version.after.row.actor_key_id) for version in found)


def marks_in_ledger(found: Iterable[Version]) -> dict[tuple[str, str, int], Mark]:
    """What the ledger says of the change behind each version, by table, record and version; two queries."""
    wanted: dict[tuple[str, str], set[int]] = {}
    for version in found:
        if version.after.row.ledger_version is not None:
            wanted.setdefault(version.record, set()).add(version.after.row.ledger_version)
    if not wanted:
        return {}
    terms = [Q(obj=obj, pk_text=pk, ver__in=numbers) for (obj, pk), numbers in wanted.items()]
    signed = KeyTextTransform("sig", Cast("payload", models.JSONField()))
    rows = Event.objects.filter(reduce(or_, terms)).annotate(signed=signed)
    values = list(rows.values_list("obj", "pk_text", "ver", "place__idx", "signed"))
    ids = {signed for *_, signed in values if signed}
    known = signatures(ids)
    return {(obj, pk, ver): Mark(index, known.get(signed)) for obj, pk, ver, index, signed in values}


def _load(source: Source, numbers: list[int]) -> list[Version]:
    if not numbers:
        return []
    attname = source.story.model._meta.pk.attname
    history = _history(source.story.model)
    before = history.filter(**{attname: OuterRef(attname)}, history_id__lt=OuterRef("history_id"))
    previous = Subquery(before.order_by("-history_id").values("history_id")[:1])
    wanted = history.filter(pk__in=numbers).annotate(previous=previous).select_related(*keys_of(source.story.model))
    rows = {row.history_id: _snapshot(row) for row in wanted}
    missing = {snapshot.row.previous for snapshot in rows.values()} - rows.keys() - {None}
    earlier = history.filter(pk__in=missing).select_related(*keys_of(source.story.model)) if missing else []
    known = rows | {row.history_id: _snapshot(row) for row in earlier}
    return [Version(source.story, rows[number], known.get(rows[number].row.previous)) for number in numbers]


def _snapshot(row: Any) -> Snapshot:
    return Snapshot(row, {field.attname: _stored(field, row) for field in row.tracked_fields})


def _stored(field: Any, row: Any) -> Any:
    value = field.stored(row) if isinstance(field, PersonalText) else getattr(row, field.attname)
    return bytes(value) if isinstance(value, memoryview) else value


def _children(story: Story) -> list[tuple[Story, str]]:
    known = [(story_of(kind), name) for kind, name in story.children]
    return [(child, name) for child, name in known if child is not None]


def _child(child: Story, name: str, record: models.Model) -> Source:
    by_key = child.model._meta.get_field(name).is_relation
    return Source(child, _history(child.model).filter(**{name: record.pk if by_key else _key(record)}))


def _key(record: models.Model) -> str:
    return f"{record._meta.label_lower}:{record.pk}"


def _history(model: type[models.Model]) -> QuerySet[Any]:
    found: QuerySet[Any] = model.history.model._default_manager.all()  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the trail is searched by; what is empty is not asked. Times are aware, `until` exclusive."""

    actor: str = ""
    table: str = ""
    record: str = ""
    op: str = ""
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """A page of the log, newest first, with the index to go on from on either side; None where it ends."""

    leaves: list[Leaf]
    newer_than: int | None
    older_than: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """An event with the version it tells of; None for a change of structure and for a table nobody tells of."""

    event: Event
    version: Version | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the log is: events that wait for their place, entries, and what the newest signed head covers."""

    waiting: int
    size: int
    signed_size: int
    signed_at: datetime | None


def signatures(ids: set[str]) -> dict[str, Signature]:
    """Signatures with what opens their printed names, by id; one query, none for none."""
    found = Signature.objects.filter(pk__in=ids).select_related("subject_key") if ids else []
    return {str(row.pk): row for row in found}


def by_table() -> dict[str, Story]:
    """The stories of this schema's records, by table."""
    known = (story_of(story.model._meta.label_lower) for story in presenters.every())
    return {story.model._meta.db_table: story for story in known if story is not None}


def places(search: Search, *, size: int, before: int | None = None, after: int | None = None) -> Places:
    """Up to `size` entries older than index `before`, or newer than `after`: no page costs more than another."""
    found = _matching(search)
    if after is not None:
        newer = list(found.filter(idx__gt=after).order_by("idx")[: size + 1])
        leaves = newer[:size][::-1]
        return Places(leaves, leaves[0].idx if len(newer) > size else None, leaves[-1].idx if leaves else None)
    older = found if before is None else found.filter(idx__lt=before)
    some = list(older.order_by("-idx")[: size + 1])
    leaves = some[:size]
    first = leaves[0].idx if leaves and before is not None else None
    return Places(leaves, first, leaves[-1].idx if len(some) > size else None)


def _matching(search: Search) -> QuerySet[Leaf]:
    plain = {
        "actor": search.actor,
        "op": search.op,
        "at__gte": search.since,
        "at__lt": search.until,
        "obj": "" if search.record else search.table,
    }
    found = Leaf.objects.filter(**{name: value for name, value in plain.items() if value})
    if search.reason:
        # The operator that the trigram index answers; upper(reason), which icontains asks for, it does not.
        found = found.filter(reason__iregex=re.escape(search.reason))
    return found.filter(_of_record(search.table, search.record)) if search.record else found


def _of_record(table: str, text: str) -> Q:
    """Records with this key, or with this reference; the tables are named, so that the index serves."""
    stories = {name: story for name, story in by_table().items() if table in ("", name)}
    term = Q(obj__in=list(stories) or [table], pk_text=text)
    for obj, pk in with_reference([story.model for story in stories.values()], text, named=lambda meta: meta.db_table):
        term |= Q(obj=obj, pk_text=pk)
    return term


def with_reference(
    known: Iterable[type[models.Model]], text: str, *, named: Callable[[Any], str] = lambda meta: meta.label_lower
) -> list[tuple[str, str]]:
    """Kind (or what `named` makes of a model) and key of the records with this reference; one query."""
    parts = [
        model._base_manager.filter(reference__iexact=text)
        .order_by()
        .annotate(told_as=Value(named(model._meta), output_field=models.TextField()))
        .values_list("told_as", Cast("pk", models.TextField()))
        for model in known
        if _has_reference(model)
    ]
    return list(parts[0].union(*parts[1:], all=True)) if parts else []


def _has_reference(model: type[models.Model]) -> bool:
    return any(field.name == "reference" for field in model._meta.fields)


def events_at(leaves: Iterable[Leaf]) -> list[Event]:
    """The events of these entries, in their order; one query."""
    numbers = [leaf.event_id for leaf in leaves]
    found = Event.objects.in_bulk(numbers)
    return [found[number] for number in numbers]


ACTORS = """
    WITH RECURSIVE known AS (
        (SELECT actor FROM ledger_leaf ORDER BY actor LIMIT 1)
        UNION ALL
        SELECT (SELECT l.actor FROM ledger_leaf l WHERE l.actor > known.actor ORDER BY l.actor LIMIT 1)
        FROM known WHERE known.actor IS NOT NULL
    )
    SELECT known.actor, e.payload::jsonb -> 'actor' ->> 'name', e.payload::jsonb -> 'actor' ->> 'key'
    FROM known CROSS JOIN LATERAL (
        SELECT l.seq FROM ledger_leaf l WHERE l.actor = known.actor ORDER BY l.idx DESC LIMIT 1
    ) newest JOIN ledger_event e USING (seq)
    WHERE known.actor IS NOT NULL LIMIT 500
"""


def actors() -> list[tuple[str, str, str | None]]:
    """Everybody who ever wrote: as the log names them, and the newest name with the key that opens it."""
    with connection.cursor() as cursor:
        # Jumps from actor to actor along the index: as many steps as actors, however many events there are.
        cursor.execute(ACTORS)
        return [(str(actor), str(name), key) for actor, name, key in cursor.fetchall()]


# Late commits have lower numbers than events that are in the log already, but not by more than this.
LATE = 20_000
STANDING = """
    SELECT (SELECT count(*) FROM ledger_event e
            WHERE e.seq > (SELECT coalesce(max(seq), 0) - %s FROM ledger_leaf)
              AND NOT EXISTS (SELECT 1 FROM ledger_leaf l WHERE l.seq = e.seq)),
           (SELECT coalesce(max(idx), -1) + 1 FROM ledger_leaf), coalesce(c.size, 0), c.at
    FROM (VALUES (1)) one LEFT JOIN LATERAL (
        SELECT size, at FROM ledger_checkpoint ORDER BY epoch DESC, size DESC LIMIT 1) c ON true
"""


def standing() -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [LATE])
        return Standing(*cursor.fetchone())
