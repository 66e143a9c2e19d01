"""What the public pages say, and what they would say once drafts are published."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Min, QuerySet

from trust_center.claims.catalogue import ORDER, PARTS, Page, keys_of
from trust_center.claims.models import SecurityContact, Statement
from trust_center.claims.states import SECURITY_CONTACT_LIVES, Kind, State

# What an editor changes; the rest of a row says where it stands.
WORDING = ("heading", "kicker", "text", "more", "kept_by", "rules", "support", "action", "document", "part", "position")


def published(page: Page) -> list[Statement]:
    """The public statements of a page in reading order."""
    return _in_order(Statement.objects.filter(state=State.PUBLISHED, part__in=keys_of(page)))


def working(page: Page) -> list[Statement]:
    """As the page would read if every draft were published."""
    shown = (draft or public for public, draft in pairs(page))
    return _in_order(row for row in shown if row is not None)


def pairs(page: Page | None = None) -> list[tuple[Statement | None, Statement | None]]:
    """(published, draft) of every statement that has either, in reading order."""
    rows = Statement.objects.filter(state__in=[State.PUBLISHED, State.DRAFT])
    if page is not None:
        rows = rows.filter(part__in=keys_of(page))
    by_code: dict[str, dict[str, Statement]] = {}
    for row in _in_order(rows):
        by_code.setdefault(row.code, {})[row.state] = row
    return [(found.get(State.PUBLISHED), found.get(State.DRAFT)) for found in by_code.values()]


def drafts() -> list[Statement]:
    return _in_order(Statement.objects.filter(state=State.DRAFT))


def versions(code: str) -> QuerySet[Statement]:
    """Every version of one statement, newest first."""
    return Statement.objects.filter(code=code).order_by("-version")


def newest(code: str) -> Statement | None:
    """The newest version that was not thrown away."""
    return versions(code).exclude(state=State.DISCARDED).first()


def published_since() -> datetime | None:
    """When the first statement became public; None while nothing is."""
    found: datetime | None = Statement.objects.aggregate(at=Min("published_at"))["at"]
    return found


def newest_of_each() -> dict[str, Statement]:
    """The newest version of every statement that was not thrown away, by code."""
    rows = Statement.objects.exclude(state=State.DISCARDED).order_by("code", "version")
    return {row.code: row for row in rows}


def was_ever_public(page: Page) -> bool:
    return Statement.objects.filter(part__in=keys_of(page), published_at__isnull=False).exists()


def published_among(codes: Iterable[str]) -> dict[str, Statement]:
    """The public versions of these statements, by code."""
    return {row.code: row for row in Statement.objects.filter(state=State.PUBLISHED, code__in=list(codes))}


def in_state(code: str, state: State) -> Statement | None:
    return Statement.objects.filter(code=code, state=state).first()


def wording(statement: Statement) -> dict[str, object]:
    return {name: getattr(statement, name) for name in WORDING}


def wording_digest(statements: Iterable[Statement]) -> str:
    """Tells whether somebody changed a draft between reading and publishing it."""
    content = [(statement.code, statement.version, wording(statement)) for statement in statements]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Promise:
    """Statements under one heading: each keeps its own rule and, later, its own evidence."""

    kicker: str
    heading: str
    statements: list[Statement] = field(default_factory=list)


def promises(statements: Iterable[Statement]) -> list[Promise]:
    """Claims grouped by the heading that they share with their neighbour."""
    grouped: list[Promise] = []
    for statement in statements:
        if statement.kind != Kind.CLAIM:
            continue
        if not grouped or (grouped[-1].kicker, grouped[-1].heading) != (statement.kicker, statement.heading):
            grouped.append(Promise(statement.kicker, statement.heading))
        grouped[-1].statements.append(statement)
    return grouped


def security_contact() -> SecurityContact | None:
    return SecurityContact.objects.first()


def expires_at(contact: SecurityContact) -> datetime:
    """The `Expires` of security.txt, in UTC: 363 days after the contacts were last reviewed (FMT-ST05)."""
    return contact.reviewed_at + SECURITY_CONTACT_LIVES


def page_of(statement: Statement) -> Page:
    return PARTS[statement.part].page


def _in_order(rows: Iterable[Statement]) -> list[Statement]:
    return sorted(rows, key=lambda row: (ORDER[row.part], row.position, row.code))
