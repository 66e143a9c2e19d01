"""A version of a record as a sentence: who did what, from what to what, why and when.

“Ann Admin (Tenant admin) changed the state from received to validated”.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models

from audit.encryption import PersonalText
from audit.trail import queries
from audit.trail.queries import Version
from audit.transitions import label as in_words

NOTHING = "nothing"
LONGEST_IN_SENTENCE = 60
VERBS = {"+": "created", "~": "changed", "-": "deleted"}
TONES = {"+": "active", "~": "neutral", "-": "closed"}

Names = Mapping[str, Mapping[Any, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """One field from one version to the next, in words. A first or last version has one side only."""

    name: str
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """“Mon 2 Mar 2026 10:00:00 CET (09:00:00 UTC)”."""

    iso: str
    local: str
    utc: str


@dataclass(frozen=True, slots=True)
class Entry:
    at: Moment
    actor: str
    did: str
    reason: str
    changes: list[Change]
    tone: str
    details: list[tuple[str, str]]


def entries(versions: list[Version], zone: ZoneInfo) -> list[Entry]:
    """What a page of versions tells, in its order."""
    names = _names(versions)
    return [_entry(version, zone, names) for version in versions]


def moment(at: datetime, zone: ZoneInfo) -> Moment:
    """`at` in the reader's zone and in UTC; the day is repeated where the two differ."""
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    day = "" if local.date() == utc.date() else f"{_day(utc)} "
    shown = "" if zone.key == "UTC" else f"{day}{utc:%H:%M:%S} UTC"
    return Moment(f"{utc:%Y-%m-%dT%H:%M:%S.%fZ}", f"{_day(local)} {local:%H:%M:%S} {local:%Z}", shown)


def _entry(version: Version, zone: ZoneInfo, names: Names) -> Entry:
    row = version.after.row
    changes = _changes(version, zone, names)
    return Entry(
        at=moment(row.history_date, zone),
        actor=f"{row.actor_name} ({row.actor_role})" if row.actor_role else row.actor_name,
        did=_did(version, changes),
        reason=row.history_change_reason,
        changes=changes,
        tone=TONES[row.history_type],
        details=_details(row),
    )


def _did(version: Version, changes: list[Change]) -> str:
    row, noun = version.after.row, str(version.story.model._meta.verbose_name)
    verb = VERBS[row.history_type]
    if row.history_type != "~":
        return f"{verb} the {noun}"
    if not changes:
        return f"{verb} what this history does not show of the {noun}"
    state = next((change for change in changes if change.name == "state"), None)
    if state is not None:
        return f"{verb} the {state.field}{_from_to(state)}{_more(len(changes) - 1)}"
    if len(changes) == 1:
        return f"{verb} the {changes[0].field} of the {noun}{_from_to(changes[0])}"
    return f"{verb} {_list([f'the {change.field}' for change in changes])} of the {noun}"


def _from_to(change: Change) -> str:
    """What is too long for a sentence stands in the list below it."""
    texts = [text for text in (change.old, change.new) if text is not None]
    if len(texts) < 2 or any(len(text) > LONGEST_IN_SENTENCE or "\n" in text for text in texts):
        return ""
    return f" from {change.old} to {change.new}"


def _more(count: int) -> str:
    return "" if count == 0 else ", and one more field" if count == 1 else f", and {count} more fields"


def _list(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _changes(version: Version, zone: ZoneInfo, names: Names) -> list[Change]:
    after, before = version.after, version.before
    first, last = after.row.history_type == "+" or before is None, after.row.history_type == "-"
    old = None if first or last else before
    told = []
    for field in _shown(version):
        if old is not None and old.stored[field.attname] == after.stored[field.attname]:
            continue
        was = None if old is None else _words(version, field, old.row, zone, names)
        now = _words(version, field, after.row, zone, names)
        label = version.story.labels.get(field.name) or str(field.verbose_name)
        told.append(Change(field.name, label, now, None) if last else Change(field.name, label, was, now))
    return told


def _shown(version: Version) -> "list[models.Field[Any, Any]]":
    model = version.story.model
    silent = {*version.story.hide, *queries.keys_of(model), model._meta.pk.name}
    return [field for field in version.after.row.tracked_fields if field.name not in silent]


def _words(version: Version, field: "models.Field[Any, Any]", row: Any, zone: ZoneInfo, names: Names) -> str:
    """The value of a field as people say it."""
    value = getattr(row, field.attname)
    if value is None or value == "":
        return NOTHING
    if field.name in version.story.values:
        return version.story.values[field.name](value)
    if isinstance(field, models.ForeignKey):
        return names.get(_kind(field), {}).get(value, str(value))
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if field.name == "state" and not isinstance(field, PersonalText):
        return in_words(value)
    return _plain(value, zone)


def _plain(value: Any, zone: ZoneInfo) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            at = moment(value, zone)
            return f"{at.local} ({at.utc})" if at.utc else at.local
        case date():
            return _day(value)
        case bytes() | memoryview():
            return f"{len(bytes(value)):,} bytes"
        case dict():
            return "\n".join(f"{name}: {_plain(item, zone)}" for name, item in value.items()) or NOTHING
        case list():
            return ", ".join(_plain(item, zone) for item in value) or NOTHING
    return str(value)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _details(row: Any) -> list[tuple[str, str]]:
    known = [
        ("Request", row.request_id),
        ("Actor", f"{row.actor_kind} {row.history_user_id or ''}".strip()),
        ("Record", f"{row.instance_type._meta.label_lower}:{getattr(row, row.instance_type._meta.pk.attname)}"),
        ("Version", str(row.history_id)),
    ]
    return [(term, text) for term, text in known if text]


def _names(versions: Iterable[Version]) -> dict[str, dict[Any, str]]:
    """Titles of the records that foreign keys point to, one query a kind."""
    wanted: dict[str, set[Any]] = {}
    for version in versions:
        for field in _shown(version):
            if isinstance(field, models.ForeignKey):
                snapshots = [s for s in (version.after, version.before) if s is not None]
                ids = {s.stored[field.attname] for s in snapshots} - {None}
                wanted.setdefault(_kind(field), set()).update(ids)
    told = {kind: (queries.story_of(kind), ids) for kind, ids in wanted.items() if ids}
    return {kind: queries.names_of(story, ids) for kind, (story, ids) in told.items() if story is not None}


def _kind(field: "models.ForeignKey[Any, Any]") -> str:
    return str(field.remote_field.model._meta.label_lower)
