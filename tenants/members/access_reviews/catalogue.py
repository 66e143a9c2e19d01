"""When access is reviewed, and what a line of a review holds. Pure: no framework (P11-300b)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

# From the sign-off of one review, or the beginning of the workspace, to the next.
EVERY: Final = timedelta(days=180)
# From opening to the day by which it is to be signed off.
TIME_TO_REVIEW: Final = timedelta(days=30)
# Before that day the reviewers are reminded once, and as often again after it.
REMIND: Final = timedelta(days=14)
# Whoever did not sign in for so long is flagged (P11-300b).
DORMANT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A person in a review, by id: what they had when it was opened, and what was decided about it.

    `roles` are keys; `holds` are the roles that the decision left the person with. `contents` has a digest of what
    each role made here allowed when it was decided, before that when it was opened. Moments are ISO 8601, or empty.
    """

    person: str
    roles: tuple[str, ...]
    last_sign_in: str = ""
    second_factor: bool = False
    dormant: bool = False
    decision: str = ""
    holds: tuple[str, ...] = ()
    decided_by: str = ""
    decided_at: str = ""
    reason: str = ""
    contents: Mapping[str, str] = field(default_factory=dict)


def read(stored: Mapping[str, Any]) -> Line:
    """A line from the row of a review."""
    return Line(**{**stored, "roles": tuple(stored["roles"]), "holds": tuple(stored["holds"])})


def next_reminder(due_at: datetime, reminded_at: datetime | None) -> datetime:
    """When the reviewers are next told: 14 days before the day, on the day, and every 14 days after it."""
    first = due_at - REMIND
    if reminded_at is None or reminded_at < first:
        return first
    return due_at if reminded_at < due_at else reminded_at + REMIND
