"""Events of the ledger as versions of records: what the database wrote down, in the shape the histories have.

The payload is the source, not the history table: what is told here is what the log proves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from audit.encryption import PersonalText
from audit.ledger.models import Event
from audit.presenters import Story
from audit.subject_keys.models import SubjectKey
from audit.trail import queries
from audit.trail.queries import Snapshot, Told, Version

HISTORY_TYPES = {"I": "+", "U": "~", "D": "-"}
Keys = Mapping[str, SubjectKey]


def retold(events: Sequence[Event], keys: Keys | None = None) -> list[Told]:
    """Each event with its version, in the order given; `keys` as `keys_of_people` gives them."""
    found, known = events, _known(events)
    keys = keys_of_people(events) if keys is None else keys
    return [Told(event, _version(event, known[event.seq], keys) if event.seq in known else None) for event in found]


def keys_of_people(events: Sequence[Event], also: Iterable[str] = ()) -> dict[str, SubjectKey]:
    """The keys of all people these events tell of, of those who acted, and of `also`, by id; one query."""
    ids = {str(key) for key in also} | {str(key) for event in events if (key := event.document["actor"].get("key"))}
    known = _known(events)
    for event in events:
        story = known.get(event.seq)
        if story is None:
            continue
        named = queries.keys_of(story.model)
        columns = [str(field.column) for field in story.model._meta.concrete_fields if field.name in named]
        ids |= {str(image[column]) for image in _images(event) for column in columns if image.get(column)}
    return {str(key.pk): key for key in SubjectKey.objects.filter(pk__in=ids)} if ids else {}


def _known(events: Iterable[Event]) -> dict[int, Story]:
    stories = queries.by_table()
    return {event.seq: stories[event.obj] for event in events if event.obj in stories and event.op in HISTORY_TYPES}


def _images(event: Event) -> list[dict[str, Any]]:
    """The row after the change and, where there was one, before it."""
    old: dict[str, Any] = event.document.get("old") or {}
    new: dict[str, Any] = event.document.get("new") or {}
    if event.op == "U":
        return [new, {**new, **old}]
    return [old if event.op == "D" else new]


def _version(event: Event, story: Story, keys: Keys) -> Version:
    images = [_snapshot(event, story, image, keys) for image in _images(event)]
    return Version(story, images[0], images[1] if len(images) > 1 else None)


def _snapshot(event: Event, story: Story, image: Mapping[str, Any], keys: Keys) -> Snapshot:
    """Columns that the payload does not know stay out of `stored`: a model may have grown since."""
    history = story.model.history.model  # type: ignore[attr-defined]
    fields = {field.column: field for field in history.tracked_fields}
    stored = {field.attname: _value(field, image[column]) for column, field in fields.items() if column in image}
    empty = {field.attname: None for field in history._meta.concrete_fields}
    row = history(**empty | _said(event) | {name: _held(history, name, value) for name, value in stored.items()})
    for name in queries.keys_of(story.model):
        # A key that is not there opens nothing, like one that was destroyed.
        held = stored.get(history._meta.get_field(name).attname)
        if held is not None:
            setattr(row, name, keys.get(str(held), SubjectKey(id=held)))
    return Snapshot(row, stored)


def _held(history: type[models.Model], name: str, value: Any) -> Any:
    field = next(field for field in history._meta.concrete_fields if field.attname == name)
    return field.from_db_value(value, None, None) if isinstance(field, PersonalText) else value


def _said(event: Event) -> dict[str, Any]:
    document = event.document
    actor = document["actor"]
    return {
        "history_id": event.seq,
        "history_date": datetime.fromisoformat(document["at"]),
        "history_type": HISTORY_TYPES[event.op],
        "history_change_reason": document.get("reason") or "",
        "history_user_id": actor.get("id"),
        "actor_name": actor.get("name") or "",
        "actor_key_id": UUID(actor["key"]) if actor.get("key") else None,
        "actor_role": actor.get("role") or "",
        "actor_kind": actor.get("kind") or "",
        "request_id": document.get("req") or "",
        "ledger_version": event.ver,
    }


def _value(field: "models.Field[Any, Any]", value: Any) -> Any:
    """A value as PostgreSQL writes it into JSON, as Django would have read it from the row."""
    if value is None or isinstance(field, models.JSONField | PersonalText):
        return value
    if isinstance(field, models.BinaryField):
        return bytes.fromhex(str(value).removeprefix("\\x"))
    try:
        return field.to_python(value)
    except (ValidationError, ValueError):
        return value
