"""Versions of a record, each with the version before it.

The number of queries depends on how many kinds are told together, never on how many versions there are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models, router
from django.db.models import OuterRef, QuerySet, Subquery, Value

from audit import presenters
from audit.encryption import PersonalText
from audit.presenters import Story


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
    return {record.pk: story.title_of(record) for record in records}


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
