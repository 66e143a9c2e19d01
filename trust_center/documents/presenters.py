"""Documents as the console shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audit.presenters import Story
from audit.signed_records.queries import Shown
from trust_center.documents.adapters import sources
from trust_center.documents.catalogue import CATALOGUE, CLASSIFICATION_WORDS
from trust_center.documents.models import Document, DocumentVersion, SignedCopy
from trust_center.documents.states import IN_THE_MAKING, PRINTED, Classification, Kind, State

TONES = {
    State.PREPARING: "active",
    State.FAILED: "failed",
    State.DRAFT: "attention",
    State.PUBLISHED: "verified",
    State.SUPERSEDED: "closed",
    State.RETIRED: "closed",
}
WORDS = {
    State.PREPARING: "Being printed",
    State.FAILED: "Printing failed",
    State.DRAFT: "Draft",
    State.PUBLISHED: "Published",
    State.SUPERSEDED: "Superseded",
    State.RETIRED: "Withdrawn",
}


# How the histories of documents and versions are told.
STORIES = (
    Story(
        kind="trust_center.document",
        permission="trust.view_content",
        title=lambda row: str(row.title),
        children=(("trust_center.documentversion", "document"),),
    ),
    Story(
        kind="trust_center.documentversion",
        permission="trust.view_content",
        title=lambda row: f"{row.document.title}, version {row.number}",
        labels={
            "effective_on": "In force from",
            "needs_nda": "Non-disclosure agreement needed",
            "sha256": "SHA-256 of the PDF",
            "facts_hash": "SHA-256 of the facts it was made from",
        },
        values={"state": lambda value: WORDS[State(value)]},
        hide=("document", "prepared_by_id", "state_changed_at"),
    ),
)


def row(document: Document, versions: list[DocumentVersion], now: datetime) -> dict[str, Any]:
    """A document as a line of the desk: what is given out, what is on its way, whether the world has moved on."""
    own = [version for version in versions if version.document_id == document.pk]
    public = next((version for version in own if version.state == State.PUBLISHED), None)
    making = next((version for version in own if version.state in IN_THE_MAKING), None)
    return {
        "document": document,
        "summary": CATALOGUE[Kind(document.kind)].summary,
        "public": public,
        "making": making and line(making),
        "behind": behind(public, now) if public else [],
    }


def behind(version: DocumentVersion, now: datetime) -> list[str]:
    """What has changed since the version was made, in words; empty while it is true to its sources."""
    return sources.moved_on(version.facts, sources.facts(version.document.kind, now))


def behind_text(title: str, changed: list[str]) -> str:
    """“The DPA is behind the sub-processor register.”"""
    return f"{title} is behind {' and '.join(changed)}"


def line(version: DocumentVersion, signatures: Sequence[Shown] = (), copy: SignedCopy | None = None) -> dict[str, Any]:
    state = State(version.state)
    return {
        "signatures": signatures,
        "copy": copy,
        "version": version,
        "tone": TONES[state],
        "word": WORDS[state],
        "printed": state in PRINTED,
        "is_draft": state == State.DRAFT,
        "is_failed": state == State.FAILED,
        "is_printing": state == State.PREPARING,
        "is_public": state == State.PUBLISHED,
        "in_the_making": state in IN_THE_MAKING,
    }


def facts(version: DocumentVersion, time_zone: str) -> list[dict[str, Any]]:
    """A version as a definition list."""
    words = CLASSIFICATION_WORDS[Classification(version.classification)]
    return [
        {"term": "State", "text": WORDS[State(version.state)], "tone": TONES[State(version.state)]},
        {"term": "In force from", "text": f"{version.effective_on:%A %-d %B %Y}"},
        {"term": "Classification", "text": words},
        {"term": "Non-disclosure agreement", "text": "Needed" if version.needs_nda else "Not needed"},
        {"term": "What changes", "text": version.changes},
        {"term": "Prepared", "at": version.prepared_at, "tz": time_zone},
        {"term": "Prepared by", "text": version.prepared_by},
        {"term": "Pages", "text": str(version.pages) if version.pages else "", "none": "Not printed"},
        {"term": "Published", "at": version.published_at, "tz": time_zone, "none": "Not published"},
        {"term": "Published by", "text": version.published_by, "none": "Nobody yet"},
    ]
