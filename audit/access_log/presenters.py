"""An entry of the access log as a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from audit.access_log.states import Kind
from audit.ledger.models import Access
from audit.subject_keys.queries import open_names
from audit.trail import presenters as trail
from audit.trail import queries as trail_queries

PERSON = "person"
# A visit of somebody who is no member of the schema, on which a page was opened.
VISIT = "visit"
# An address names a record by its id alone; which kind it would be of, a refusal does not say.
ANY = "record"
LISTED = 5


@dataclass(frozen=True, slots=True)
class Record:
    """A record of an entry. Only who may read its kind gets the way to it."""

    label: str
    kind: str
    pk: str
    linked: bool


@dataclass(frozen=True, slots=True)
class Line:
    at: trail.Moment
    actor: str
    did: str
    page: str
    why: str
    tone: str
    records: list[Record]
    more: int
    request: str


def choices(known: list[tuple[str, str, str | None]]) -> list[tuple[str, str]]:
    """People for the filter, by name; one query."""
    return trail.choices(known, open_names((name, UUID(key)) for _, name, key in known if key))


def lines(entries: list[Access], may: Callable[[str], bool], zone: ZoneInfo) -> list[Line]:
    """A page of the log, told; one query for all names."""
    actors = [entry.actor for entry in entries]
    names = open_names((actor["name"], UUID(actor["key"])) for actor in actors if actor.get("key"))
    return [_line(entry, names, may, zone) for entry in entries]


def _line(entry: Access, names: dict[str, str], may: Callable[[str], bool], zone: ZoneInfo) -> Line:
    told = [reference for reference in entry.records if not reference.startswith((f"{PERSON}:", f"{VISIT}:"))]
    named = [_record(reference, may) for reference in told]
    name = str(entry.actor.get("name") or "somebody")
    return Line(
        at=trail.moment(entry.at, zone),
        actor=trail.by(names.get(name, name), entry.actor.get("role") or ""),
        did=_did(entry, len(named)),
        page=entry.what,
        why=entry.detail,
        tone="failed" if entry.kind == Kind.REFUSED else "neutral",
        records=named[:LISTED],
        more=max(len(named) - LISTED, 0),
        request=entry.request,
    )


def _did(entry: Access, count: int) -> str:
    if entry.kind == Kind.REFUSED:
        return "was refused"
    visit = any(reference.startswith(f"{VISIT}:") for reference in entry.records)
    if not count:
        return "opened a page on a visit" if visit else "took a copy away"
    return f"looked at personal data in {count} record{'' if count == 1 else 's'}"


def _record(reference: str, may: Callable[[str], bool]) -> Record:
    kind, _, pk = reference.rpartition(":")
    story = trail_queries.story_of(kind)
    label = str(story.model._meta.verbose_name).capitalize() if story else kind
    return Record(f"{label} {pk[:8]}".strip(), kind, pk, story is not None and may(story.permission))


def references(text: str) -> tuple[str, ...]:
    """What a reader may mean by a record: app.model:id, an id, a person's key, or a reference; one query at most."""
    if ":" in text:
        return (text.lower(),)
    known = [story.model for story in trail_queries.by_table().values()]
    by_id = [f"{model._meta.label_lower}:{text.lower()}" for model in known]
    by_reference = [f"{kind}:{pk}" for kind, pk in trail_queries.with_reference(known, text)]
    return (f"{PERSON}:{text.lower()}", f"{ANY}:{text.lower()}", *by_id, *by_reference)
