"""Findings in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from audit.presenters import Story
from audit.reconciliation.catalogue import WORDS, Kind
from audit.reconciliation.models import Finding

STORIES = [
    Story(
        kind="audit.finding",
        permission="audit.view_history",
        title=lambda finding: f"{WORDS[Kind(finding.kind)]}: {finding.place}",
        labels={"kind": "what", "place": "where"},
        values={"kind": lambda kind: WORDS[Kind(kind)]},
    ),
]


@dataclass(frozen=True, slots=True)
class Line:
    title: str
    text: str
    place: str
    first_seen_at: datetime
    resolved_at: datetime | None


def lines(findings: Iterable[Finding]) -> list[Line]:
    return [
        Line(WORDS[Kind(each.kind)], each.text, each.place, each.first_seen_at, each.resolved_at) for each in findings
    ]
