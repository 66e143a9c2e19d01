"""An entry in words, for the console, and its history."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from audit.presenters import Story
from tenants.break_glass import queries
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tenants.members.accounts.models import User
from tenants.members.staff_entries.presenters import Page, page, scope

if TYPE_CHECKING:
    from audit.ledger.models import Access

TONES = {State.REQUESTED: "attention", State.APPROVED: "active", State.REFUSED: "closed", State.ENDED: "closed"}
WORDS = {
    State.REQUESTED: "Waits for a decision",
    State.APPROVED: "Open",
    State.REFUSED: "Refused",
    State.ENDED: "Ended",
}


def row(entry: EntryRequest) -> dict[str, Any]:
    state = State(entry.state)
    return {"entry": entry, "tone": TONES[state], "word": WORDS[state], "scope": scope(may_write=entry.may_write)}


def facts(entry: EntryRequest, tz: str) -> list[dict[str, Any]]:
    state = State(entry.state)
    found: list[dict[str, Any]] = [
        {"term": "State", "text": WORDS[state], "tone": TONES[state]},
        {"term": "Workspace", "text": f"{entry.tenant.name}, {entry.tenant.host}"},
        {"term": "Who", "text": entry.visitor},
        {"term": "Why", "text": entry.reason},
        {"term": "Ticket", "text": entry.ticket},
        {"term": "For", "text": f"{entry.minutes} minutes"},
        {"term": "May", "text": scope(may_write=entry.may_write)},
    ]
    if entry.may_write:
        found.append({"term": "Why reading is not enough", "text": entry.write_reason})
    found.append({"term": "Asked", "at": entry.requested_at, "tz": tz})
    return found + _decision(entry, state, tz)


def _decision(entry: EntryRequest, state: State, tz: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if entry.decided_at is not None:
        term = "Refused" if state == State.REFUSED else "Approved"
        found += [
            {"term": f"{term} by", "text": entry.decided_by},
            {"term": term, "at": entry.decided_at, "tz": tz},
        ]
    if entry.ends_at is not None:
        found.append({"term": "Until, at the latest", "at": entry.ends_at, "tz": tz})
    if state == State.ENDED:
        found.append({"term": "Ended", "at": entry.state_changed_at, "tz": tz})
    if entry.ended_because:
        found.append({"term": "Why refused" if state == State.REFUSED else "How it ended", "text": entry.ended_because})
    return found


def why_not(entry: EntryRequest, viewer: User, now: datetime) -> str:
    """Why this viewer cannot decide on a request that waits; empty where they can."""
    if queries.is_late(entry, now):
        return "This request waited for more than 24 hours and is ending. It is to be asked anew."
    if viewer.pk == entry.visitor_id:
        if queries.deciders(viewer.pk):
            return "You asked for this yourself. Another person decides."
        return "You asked for this yourself, and nobody else here decides on entries. Give somebody that right."
    return "" if viewer.has_perm(queries.DECIDES) else "Your role does not decide on entries."


def pages(found: "list[Access]") -> list[Page]:
    return [page(entry) for entry in found]


STORIES = [
    Story(
        kind="tenants.entryrequest",
        permission="tenants.ask_to_enter",
        title=lambda entry: f"Entry of {entry.visitor} into {entry.tenant.name}",
        labels={
            "tenant": "workspace",
            "visitor": "who asked",
            "visitor_id": "account of who asked",
            "may_write": "may write",
            "write_reason": "why reading is not enough",
            "decider_id": "account of who decided",
            "ended_because": "how it ended",
            "state_changed_at": "time of the last move",
        },
        hide={"visitor_id", "decider_id"},
    ),
]
