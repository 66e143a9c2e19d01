"""A visit in words: who, why, how long, and what was done; and its history."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from audit.access_log.states import Kind
from audit.presenters import Story
from audit.trail.queries import by_table
from tenants.members.staff_entries import queries
from tenants.members.staff_entries.models import StaffEntry

if TYPE_CHECKING:
    from audit.ledger.models import Access, Event

OPS = {"I": "Created", "U": "Changed", "D": "Deleted"}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a visit: when, what was done with it, and what it is called in the addresses."""

    at: datetime
    did: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Write:
    at: datetime
    did: str
    what: str
    kind: str
    pk: str
    reason: str


def scope(*, may_write: bool) -> str:
    return "Read and write" if may_write else "Only read"


def row(entry: StaffEntry, now: datetime) -> dict[str, Any]:
    tone, word = _state(entry, now)
    return {"entry": entry, "tone": tone, "word": word, "scope": scope(may_write=entry.may_write)}


def facts(entry: StaffEntry, now: datetime, tz: str) -> list[dict[str, Any]]:
    tone, word = _state(entry, now)
    found: list[dict[str, Any]] = [
        {"term": "State", "text": word, "tone": tone},
        {"term": "Who", "text": f"{entry.visitor}, Complere"},
        {"term": "Why", "text": entry.reason},
        {"term": "Ticket", "text": entry.ticket},
        {"term": "May", "text": scope(may_write=entry.may_write)},
    ]
    if entry.may_write:
        found.append({"term": "Why reading is not enough", "text": entry.write_reason})
    found += [
        {"term": "Approved by", "text": f"{entry.approved_by}, Complere"},
        {"term": "From", "at": entry.starts_at, "tz": tz},
        {"term": "Until, at the latest", "at": entry.ends_at, "tz": tz},
        {"term": "First came in", "at": entry.entered_at, "tz": tz, "none": "Never"},
    ]
    if entry.ended_at is not None:
        found += [
            {"term": "Ended", "at": entry.ended_at, "tz": tz},
            {"term": "Ended by", "text": entry.ended_by},
            {"term": "How it ended", "text": entry.ended_because},
        ]
    return found


def pages(traces: queries.Traces) -> list[Page]:
    return [page(entry) for entry in traces.pages]


def page(entry: "Access") -> Page:
    method, _, name = entry.what.partition(" ")
    did = "Was refused" if entry.kind == Kind.REFUSED else "Opened" if method in ("GET", "HEAD") else "Sent"
    return Page(entry.at, did, name.replace("-", " ").capitalize() or "A page that does not exist", entry.detail)


def writes(traces: queries.Traces) -> list[Write]:
    known = by_table()
    return [_write(event, known.get(event.obj)) for event in traces.writes]


def _write(event: "Event", story: Story | None) -> Write:
    what = str(story.model._meta.verbose_name).capitalize() if story else event.obj
    kind = story.kind if story else ""
    reason = str(event.document.get("reason") or "")
    return Write(event.at, OPS.get(event.op, "Changed"), what, kind, event.pk_text, reason)


def _state(entry: StaffEntry, now: datetime) -> tuple[str, str]:
    if entry.ended_at is not None:
        return "closed", "Ended"
    if queries.is_over(entry, now):
        return "closed", "Time is over"
    return ("active", "Is inside") if entry.entered_at else ("attention", "May come in")


STORIES = [
    Story(
        kind="members.staffentry",
        permission="members.view_people",
        title=lambda entry: f"Visit of {entry.visitor}, Complere",
        labels={
            "visitor": "who",
            "may_write": "may write",
            "write_reason": "why reading is not enough",
            "ended_because": "how it ended",
            "entered_at": "first came in",
        },
        hide={"visitor_id"},
    ),
]
