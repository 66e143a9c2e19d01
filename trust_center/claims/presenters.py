"""Statements as the desk shows them."""

from dataclasses import dataclass
from typing import Any

from audit.presenters import Story
from trust_center.claims.catalogue import PARTS
from trust_center.claims.models import Statement
from trust_center.claims.states import SUPPORT_WORDS, Kind, State

STORIES = (
    Story(
        kind="trust_center.statement",
        permission="trust.view_content",
        title=lambda row: f"{row.code} {row.heading}, version {row.version}",
        labels={"kept_by": "how this is kept", "more": "second paragraph"},
        hide=("source_digest", "from_file"),
    ),
    Story(
        kind="trust_center.securitycontact",
        permission="trust.view_content",
        title=lambda row: "Security contact",
    ),
)
TONES = {
    State.DRAFT: "attention",
    State.PUBLISHED: "active",
    State.RETIRED: "closed",
    State.DISCARDED: "closed",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One statement in the list: what is public, and whether a draft waits."""

    shown: Statement
    part: str
    tone: str
    word: str


def row(public: Statement | None, draft: Statement | None) -> Row:
    shown = draft or public
    if shown is None:
        raise ValueError("a row shows a published version or a draft")
    if public is None:
        word, tone = f"New draft, version {shown.version}", "attention"
    elif draft is not None:
        word, tone = f"Published {public.version}, draft {draft.version}", "attention"
    else:
        word, tone = f"Published, version {public.version}", "active"
    return Row(shown, PARTS[shown.part].label, tone, word)


def facts(statement: Statement) -> list[dict[str, Any]]:
    """What one version says, for the desk."""
    clause = statement.kind == Kind.CLAUSE
    items: list[dict[str, Any]] = [
        {"term": "Clause" if clause else "Kicker", "text": statement.kicker, "none": "None"},
        {"term": "What it asks" if clause else "Heading", "text": statement.heading},
        {"term": "What the software does" if clause else "Text", "text": statement.text, "none": "None"},
    ]
    if statement.more:
        items.append({"term": "Your duty" if clause else "Second paragraph", "text": statement.more})
    if statement.kind == Kind.CLAIM:
        items += [
            {"term": "How this is kept", "text": statement.kept_by},
            {"term": "Rules", "text": "\n".join(statement.rules), "none": "None"},
        ]
    if clause:
        items.append({"term": "Support", "text": dict(SUPPORT_WORDS)[statement.support]})  # type: ignore[index]
    items.append({"term": "Part", "text": f"{PARTS[statement.part].label}, position {statement.position}"})
    return items


def version_rows(versions: list[Statement]) -> list[dict[str, Any]]:
    return [{"statement": row, "tone": TONES[State(row.state)], "word": row.state.capitalize()} for row in versions]


def initial(statement: Statement, seen: str) -> dict[str, Any]:
    """What the form for editing begins with."""
    names = ("heading", "kicker", "text", "more", "kept_by", "support", "part", "position")
    return {**{name: getattr(statement, name) for name in names}, "rules": "\n".join(statement.rules), "seen": seen}
