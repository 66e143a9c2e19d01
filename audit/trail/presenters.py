"""A version of a record as a sentence: who did what, from what to what, why and when.

“Ann Admin (Tenant admin) changed the state from received to validated”.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

from audit.encryption import PersonalText
from audit.ledger.models import Leaf
from audit.signatures.catalogue import WORDS, Meaning
from audit.signatures.models import Signature
from audit.subject_keys.hashing import CiphertextRefused
from audit.subject_keys.models import SubjectKey
from audit.subject_keys.queries import ERASED_NAME, open_name
from audit.trail import queries
from audit.trail.adapters.ledger import HISTORY_TYPES
from audit.trail.queries import Mark, Told, Version
from audit.transitions import label as in_words

NOTHING = "nothing"
SEALED = "personal data, sealed"
UNREADABLE = "not readable: the stored value was altered"
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
class Signed:
    """A signature as every view prints it: name, date and time with zone, meaning (§11.50)."""

    id: str
    name: str
    role: str
    meaning: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Entry:
    """One version, told. `index` is its place in the log, None while it waits for one."""

    at: Moment
    actor: str
    did: str
    reason: str
    changes: list[Change]
    tone: str
    details: list[tuple[str, str]]
    index: int | None
    signed: Signed | None


def entries(versions: list[Version], zone: ZoneInfo) -> list[Entry]:
    """What a page of versions tells, in its order."""
    names, actors = _names(versions), queries.actors_of(versions)
    marks = queries.marks_in_ledger(versions)
    return [_entry(version, zone, names, actors, _mark(version, marks)) for version in versions]


def signed(signature: Signature) -> Signed:
    """A signature in words; its moment in the signer's own zone and in UTC."""
    meaning = WORDS.get(Meaning(signature.meaning), signature.meaning)
    at = moment(signature.signed_at, ZoneInfo(signature.time_zone))
    return Signed(str(signature.pk), signature.signer_name, signature.signer_role, meaning, at)


def moment(at: datetime, zone: ZoneInfo) -> Moment:
    """`at` in the reader's zone and in UTC; the day is repeated where the two differ."""
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    day = "" if local.date() == utc.date() else f"{_day(utc)} "
    shown = "" if zone.key == "UTC" else f"{day}{utc:%H:%M:%S} UTC"
    return Moment(f"{utc:%Y-%m-%dT%H:%M:%S.%fZ}", f"{_day(local)} {local:%H:%M:%S} {local:%Z}", shown)


def _mark(version: Version, marks: Mapping[tuple[str, str, int], Mark]) -> Mark:
    return marks.get((*version.record, version.after.row.ledger_version), Mark(None, None))


def _entry(version: Version, zone: ZoneInfo, names: Names, actors: Mapping[str, str], mark: Mark) -> Entry:
    row = version.after.row
    changes = _changes(version, zone, names)
    return Entry(
        at=moment(row.history_date, zone),
        actor=by(actors.get(row.actor_name, row.actor_name), row.actor_role),
        did=_did(version, changes),
        reason=row.history_change_reason,
        changes=changes,
        tone=TONES[row.history_type],
        details=_details(row),
        index=mark.index,
        signed=None if mark.signature is None else signed(mark.signature),
    )


def by(name: str, role: str) -> str:
    """“Ann Admin (Tenant admin)”."""
    return f"{name} ({role})" if role else name


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


def _changes(version: Version, zone: ZoneInfo, names: Names, *, masked: bool = False) -> list[Change]:
    """What is known of people stays unopened where `masked`."""
    after, before = version.after, version.before
    first, last = after.row.history_type == "+" or before is None, after.row.history_type == "-"
    old = None if first or last else before
    told = []
    for field in _shown(version):
        if old is not None and old.stored.get(field.attname) == after.stored[field.attname]:
            continue
        if masked and isinstance(field, PersonalText):
            was, now = None if old is None else SEALED, SEALED
        else:
            was = None if old is None else _words(version, field, old.row, zone, names)
            now = _words(version, field, after.row, zone, names)
        label = version.story.labels.get(field.name) or str(field.verbose_name)
        told.append(Change(field.name, label, now, None) if last else Change(field.name, label, was, now))
    return told


def _shown(version: Version) -> "list[models.Field[Any, Any]]":
    model = version.story.model
    silent = {*version.story.hide, *queries.keys_of(model), model._meta.pk.name}
    fields = version.after.row.tracked_fields
    return [field for field in fields if field.name not in silent and field.attname in version.after.stored]


def _words(version: Version, field: "models.Field[Any, Any]", row: Any, zone: ZoneInfo, names: Names) -> str:
    """The value of a field as people say it."""
    try:
        value = getattr(row, field.attname)
    except CiphertextRefused:
        # A trail that was tampered with must stay readable, above all then.
        return UNREADABLE
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
        ("Version", "" if row.ledger_version is None else str(row.ledger_version)),
    ]
    return [(term, text) for term, text in known if text]


def _names(versions: Iterable[Version], only: Container[str] | None = None) -> dict[str, dict[Any, str]]:
    """Titles of the records that foreign keys point to, one query a kind; of kinds in `only` where that is given."""
    wanted: dict[str, set[Any]] = {}
    for version in versions:
        for field in _shown(version):
            if isinstance(field, models.ForeignKey) and (only is None or _kind(field) in only):
                snapshots = [s for s in (version.after, version.before) if s is not None]
                ids = {s.stored.get(field.attname) for s in snapshots} - {None}
                wanted.setdefault(_kind(field), set()).update(ids)
    told = {kind: (queries.story_of(kind), ids) for kind, ids in wanted.items() if ids}
    return {kind: queries.names_of(story, ids) for kind, (story, ids) in told.items() if story is not None}


def _kind(field: "models.ForeignKey[Any, Any]") -> str:
    return str(field.remote_field.model._meta.label_lower)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the log on the trail page. Without the right to its record the content stays untold."""

    index: int
    at: Moment
    actor: str
    did: str
    record: str
    kind: str
    pk: str
    reason: str
    changes: list[Change]
    tone: str
    details: list[tuple[str, str]]
    untold: bool
    signed: Signed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom a page of the log is told to: what they may read, their zone, and the names behind sealed names.

    `masked` leaves what is known of people unopened, whatever the reader may.
    """

    may: Callable[[str], bool]
    zone: ZoneInfo
    actors: Mapping[str, str]
    masked: bool = False


def lines(leaves: Sequence[Leaf], told: Sequence[Told], reader: Reader) -> list[Line]:
    """A page of the log, told."""
    may = reader.may
    shown = [each.version for each in told if each.version is not None and may(each.version.story.permission)]
    people = settings.AUTH_USER_MODEL.lower()
    names = {} if reader.masked else _names(shown, only={people})
    signatures = queries.signatures({str(each.event.document.get("sig") or "") for each in told} - {""})
    return [_line(leaf, each, reader, names, signatures) for leaf, each in zip(leaves, told, strict=True)]


def _line(leaf: Leaf, told: Told, reader: Reader, names: Names, signatures: Mapping[str, Signature]) -> Line:
    version, document, zone, actors = told.version, told.event.document, reader.zone, reader.actors
    open_to_reader = version is not None and reader.may(version.story.permission)
    shown = version if open_to_reader else None
    changes = [] if shown is None else _changes(shown, zone, names, masked=reader.masked)
    signature = signatures.get(str(document.get("sig")))
    actor = document["actor"]
    return Line(
        index=leaf.idx,
        at=moment(leaf.at, zone),
        actor=by(actors.get(actor["name"], actor["name"]), actor.get("role") or ""),
        did=_did_untold(told) if shown is None else _did(shown, changes),
        record=_record(told),
        kind="" if shown is None else shown.story.model._meta.label_lower,
        pk=leaf.pk_text,
        reason=leaf.reason,
        changes=changes,
        tone=TONES.get(HISTORY_TYPES.get(leaf.op, ""), "attention"),
        details=_ledger_details(told),
        untold=version is not None and not open_to_reader,
        signed=None if signature is None else signed(signature),
    )


def _did_untold(told: Told) -> str:
    if told.event.op == "S":
        return f"changed the structure of {told.event.obj or 'the schema'}"
    noun = told.event.obj if told.version is None else str(told.version.story.model._meta.verbose_name)
    return f"{VERBS[HISTORY_TYPES[told.event.op]]} the {noun}"


def _record(told: Told) -> str:
    """The record in few words and without a query: its kind with its reference, or the beginning of its id."""
    if told.version is None:
        return told.event.obj
    stored = told.version.after.stored
    mark = stored.get("reference") or told.event.pk_text[:8]
    return f"{str(told.version.story.model._meta.verbose_name).capitalize()} {mark}"


def _ledger_details(told: Told) -> list[tuple[str, str]]:
    document = told.event.document
    known = [
        ("Record", f"{told.event.obj}:{told.event.pk_text}".rstrip(":")),
        ("Version", str(told.event.ver)),
        ("Request", document.get("req") or ""),
        ("Signature", document.get("sig") or ""),
        ("Release", document.get("app") or ""),
        ("Statement", document.get("statement") or ""),
    ]
    return [(term, text) for term, text in known if text]


Known = Iterable[tuple[str, str, str | None]]


def names(known: Known, told: Iterable[Told], keys: Mapping[str, SubjectKey]) -> dict[str, str]:
    """The names behind the sealed names of everybody who wrote, and of those who wrote this."""
    pairs = [*((name, key) for _, name, key in known), *((name, str(key)) for name, key in sealed(told))]
    return {name: open_name(name, keys.get(key)) for name, key in pairs if key}


def choices(known: Known, opened: Mapping[str, str]) -> list[tuple[str, str]]:
    """By name; a person who was erased keeps the beginning of their id, so that two can be told apart."""
    found = [(actor, _called(actor, opened.get(name, name))) for actor, name, _ in known]
    return sorted(found, key=lambda choice: choice[1].casefold())


def _called(actor: str, name: str) -> str:
    return f"{ERASED_NAME} ({actor[:8]})" if name == ERASED_NAME else name


def sealed(told: Iterable[Told]) -> list[tuple[str, UUID | None]]:
    """The sealed names in these events, each with the id of its key."""
    said = [each.event.document["actor"] for each in told]
    return [(actor["name"], UUID(actor["key"])) for actor in said if actor.get("key")]


def standing(now: queries.Standing, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "waiting": now.waiting,
        "size": now.size,
        "signed_size": now.signed_size,
        "signed_at": moment(now.signed_at, zone) if now.signed_at else None,
    }
