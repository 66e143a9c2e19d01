"""A review of access as pages and files show it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.presenters import Story
from audit.signed_records.queries import Shown
from tenants.members.access_reviews import queries
from tenants.members.access_reviews.catalogue import Line
from tenants.members.access_reviews.models import AccessReview
from tenants.members.access_reviews.states import DECISIONS, Decision, State
from tenants.members.accounts.models import User
from tenants.members.roles import presenters as roles
from tenants.members.roles import queries as role_queries
from tenants.members.roles.catalogue import ROLES

WORDS = {State.OPEN: "Open", State.SIGNED_OFF: "Signed off"}
HEAD = (
    *("kind", "name", "roles or scopes", "last used (UTC)", "second factor", "noticed", "decision", "then"),
    *("decided by", "decided (UTC)", "reason", "signed off by", "signed off (UTC)", "signature (SHA-256)"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A person in a review. `settled`: nothing is left to decide; `own`: the viewer's own line.

    `since`: what happened after the line was written, in words, for which it is decided on by itself.
    """

    line: Line
    user: User | None
    had: str
    has: str
    last_sign_in: datetime | None
    decision: str
    decided_by: str
    decided_at: datetime | None
    settled: bool
    own: bool
    since: str

    @property
    def changed(self) -> bool:
        """Whether the person has other roles now than when the review was opened."""
        return self.has != self.had


@dataclass(frozen=True, slots=True)
class Summary:
    """A review in the list: how many of its people are decided on."""

    review: AccessReview
    word: str
    tone: str
    people: int
    decided: int


def summary(review: AccessReview, now: datetime) -> Summary:
    lines = queries.lines(review)
    open_, late = review.state == State.OPEN, review.due_at <= now
    tone = "verified" if not open_ else "failed" if late else "active"
    word = "Overdue" if open_ and late else WORDS[State(review.state)]
    return Summary(review, word, tone, len(lines), queries.decided(lines))


def rows(review: AccessReview, viewer: User | None) -> list[Row]:
    """Everybody in the review; while it is open, who waits for a decision first."""
    people, names = queries.people_of(review), role_names()
    is_open = review.state == State.OPEN
    found = [_row(line, people, names, viewer, is_open=is_open) for line in queries.lines(review)]
    return sorted(found, key=lambda row: row.settled) if is_open else found


def role_names() -> dict[str, str]:
    """Names by key, also of retired roles."""
    made = {role.key: role.name for role in role_queries.custom_roles()}
    return {key: role.name for key, role in ROLES.items()} | made


def machine_rows(review: AccessReview) -> list[dict[str, Any]]:
    return [one | {"expires": _at(one["expires_at"]), "last_used": _at(one["last_used_at"])} for one in review.machines]


def visit_rows(review: AccessReview) -> list[dict[str, Any]]:
    names = queries.visitors(review)
    return [
        one | {"visitor": names.get(one["entry"], "not readable"), "starts": _at(one["starts_at"])}
        for one in review.visits
    ]


def csv_lines(review: AccessReview, signatures: list[Shown]) -> Iterator[str]:
    """The signed review as CSV (RFC 4180) with a byte order mark; formulas are made text."""
    signed = _signed(signatures)
    table = [[*row, *signed] for row in (*_people(review), *_machines(review), *_visits(review))]
    yield "\ufeff"
    yield from roles.lines([HEAD, *table])


def _row(
    line: Line, people: Mapping[str, User], names: Mapping[str, str], viewer: User | None, *, is_open: bool
) -> Row:
    user, by = people.get(line.person), people.get(line.decided_by)
    after = tuple(user.role_keys) if user and is_open else line.holds or line.roles
    return Row(
        line=line,
        user=user,
        had=_named(line.roles, names),
        has=_named(after, names),
        last_sign_in=_at(line.last_sign_in),
        decision=_decision(line, user, is_open=is_open),
        decided_by=by.full_name if by else "",
        decided_at=_at(line.decided_at),
        settled=not is_open or queries.holds(line, user),
        own=viewer is not None and line.person == str(viewer.pk),
        since=_since(line, user, names) if is_open else "",
    )


def _since(line: Line, user: User | None, names: Mapping[str, str]) -> str:
    if user is None or not user.is_active:
        return ""
    if line.decision == Decision.DEACTIVATE:
        return "The account was opened again since."
    if line.decision and tuple(user.role_keys) != line.holds:
        return "The roles changed since."
    if other := queries.redefined(line, user):
        return f"What the role “{_named(tuple(other), names)}” allows changed since."
    return ""


def _decision(line: Line, user: User | None, *, is_open: bool) -> str:
    if is_open and user is not None and not user.is_active and line.decision != Decision.DEACTIVATE:
        return "Deactivated meanwhile"
    return DECISIONS[Decision(line.decision)] if line.decision else ""


def _people(review: AccessReview) -> Iterator[list[str]]:
    for row in rows(review, None):
        noticed = ["no sign-in for 90 days"] * row.line.dormant + ["no second factor"] * (not row.line.second_factor)
        name = f"{row.user.full_name} <{row.user.email}>" if row.user else row.line.person
        yield [
            *("person", name, row.had, _utc(row.line.last_sign_in), "yes" if row.line.second_factor else "no"),
            *("; ".join(noticed), row.decision, row.has, row.decided_by, _utc(row.line.decided_at), row.line.reason),
        ]


def _machines(review: AccessReview) -> Iterator[list[str]]:
    for one in review.machines:
        scopes, expires = ", ".join(one["scopes"]) or one["purpose"], f"expires {_utc(one['expires_at'])}"
        yield ["token", one["name"], scopes, _utc(one["last_used_at"]), "", expires, *[""] * 5]


def _visits(review: AccessReview) -> Iterator[list[str]]:
    for one in visit_rows(review):
        rights = "could write" if one["may_write"] else "could read"
        told = f"ticket {one['ticket']}: {one['reason']}"
        yield ["visit of Complere's staff", one["visitor"], rights, _utc(one["starts_at"]), "", told, *[""] * 5]


def _signed(signatures: list[Shown]) -> list[str]:
    if not signatures:
        return ["", "", ""]
    last = signatures[-1]
    return [f"{last.name} ({last.role})", f"{last.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", last.digest]


def _named(keys: tuple[str, ...], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(key, key) for key in keys) or "No role"


def _at(stored: str) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None


def _utc(stored: str) -> str:
    at = _at(stored)
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else ""


def _told(stored: Any) -> str:
    """What the history says of the lines: how far the review had come."""
    lines = [line for line in stored or () if isinstance(line, dict)]
    return f"{len(lines)} people, {sum(bool(line.get('decision')) for line in lines)} decided on"


STORIES = [
    Story(
        kind="members.accessreview",
        permission="members.review_access",
        title=lambda review: f"Access review of {review.opened_at:%-d %B %Y}",
        labels={"rows": "people", "machines": "tokens", "visits": "visits of Complere's staff", "note": "findings"},
        values={
            "rows": _told,
            "machines": lambda found: f"{len(found or ())} listed",
            "visits": lambda found: f"{len(found or ())} listed",
        },
    ),
]
