"""Reviews of access: what they saw, what is still to decide, and when the next one is due."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tenants import schemas
from tenants.members.access_reviews import catalogue
from tenants.members.access_reviews.catalogue import DORMANT, EVERY, Line, read
from tenants.members.access_reviews.models import AccessReview
from tenants.members.access_reviews.states import Decision, State
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.models import User
from tenants.members.api_tokens.models import AccessToken
from tenants.members.factors.models import Factor
from tenants.members.staff_entries.models import StaffEntry
from tenants.tenancy import queries as tenancy
from tenants.tenancy.states import State as TenantState


def reviews() -> QuerySet[AccessReview]:
    return AccessReview.objects.order_by("-opened_at", "pk")


def by_id(pk: UUID) -> AccessReview | None:
    return AccessReview.objects.filter(pk=pk).first()


def running() -> AccessReview | None:
    """The review that is open; there is at most one."""
    return AccessReview.objects.filter(state=State.OPEN).first()


def opens_at() -> datetime | None:
    """When the next review opens itself; None while one is open, and where nobody works any more."""
    here = schemas.current() if not schemas.is_platform() else tenancy.platform()
    if running() is not None or getattr(here, "state", "") == TenantState.CLOSED:
        return None
    last = AccessReview.objects.order_by("-state_changed_at").first()
    begun: datetime | None = last.state_changed_at if last else getattr(here, "created_at", None)
    return begun + EVERY if begun else None


def next_due() -> datetime | None:
    """When a review is next to be opened, or its reviewers to be reminded."""
    review = running()
    return catalogue.next_reminder(review.due_at, review.reminded_at) if review else opens_at()


def reviewers() -> list[User]:
    """Who reviews access here and can come in to do so."""
    holders = accounts.with_permission("members.review_access")
    return [user for user in holders if user.has_usable_password() or user.last_sign_in_at is not None]


def lines(review: AccessReview) -> list[Line]:
    return [read(stored) for stored in review.rows]


def people_of(review: AccessReview) -> dict[str, User]:
    """Everybody named in the review, by id as text: who is looked at, and who decided."""
    ids = {one for line in lines(review) for one in (line.person, line.decided_by) if one}
    return {str(user.pk): user for user in User.objects.filter(pk__in=ids)}


def holds(line: Line, user: User | None) -> bool:
    """Whether what was decided is still what the person has; nothing is left to decide about somebody deactivated."""
    if user is None or not user.is_active:
        return True
    # Somebody brought them back: what was decided is undone.
    if line.decision == Decision.DEACTIVATE:
        return False
    return bool(line.decision) and tuple(user.role_keys) == line.holds and contents(user) == line.contents


def contents(user: User) -> dict[str, str]:
    """A digest of what each role allows that was made here, by key: such a role can be given another content."""
    made = [grant for grant in user.grants.all() if grant.custom is not None]
    return {grant.role: _digest(grant.permissions) for grant in made}


def redefined(line: Line, user: User) -> list[str]:
    """The roles that the person still has and that allow something else than when the line was written."""
    written = set(line.holds or line.roles)
    return sorted(key for key, now in contents(user).items() if key in written and now != line.contents.get(key))


def sole_reviewer() -> str:
    """Whoever reviews alone here: nobody decides on themselves, so the review says that of them. Else empty."""
    found = reviewers()
    return str(found[0].pk) if len(found) == 1 else ""


def waiting(review: AccessReview) -> list[Line]:
    """The lines that keep the review from being signed off."""
    people, alone = people_of(review), sole_reviewer()
    return [line for line in lines(review) if line.person != alone and not holds(line, people.get(line.person))]


def joined_since(review: AccessReview) -> int:
    """How many active people the review does not name: they came after it was opened, and stand in the next one."""
    named = {line.person for line in lines(review)}
    return sum(str(pk) not in named for pk in User.objects.filter(is_active=True).values_list("pk", flat=True))


def snapshot(now: datetime) -> list[dict[str, Any]]:
    """A line for every active person, as stored."""
    strong = set(
        Factor.objects.filter(removed_at=None, confirmed_at__isnull=False).values_list("user_id", flat=True).distinct()
    )
    people = User.objects.filter(is_active=True).order_by("created_at", "pk")
    return [stored(_line(user, now, second_factor=user.pk in strong)) for user in people]


def stored(line: Line) -> dict[str, Any]:
    """A line as JSON."""
    return asdict(line) | {"roles": [*line.roles], "holds": [*line.holds]}


def machines(now: datetime) -> list[dict[str, Any]]:
    """Every token with which a machine can come in now: non-human access is reviewed as well."""
    tokens = AccessToken.objects.filter(revoked_at=None, expires_at__gt=now).order_by("created_at", "pk")
    return [
        {
            "token": str(token.pk),
            "name": token.name,
            "purpose": token.purpose,
            "scopes": [*token.scopes],
            "expires_at": token.expires_at.isoformat(),
            "last_used_at": _iso(token.last_used_at),
        }
        for token in tokens
    ]


def visits(since: datetime | None) -> list[dict[str, Any]]:
    """Entries of Complere's staff since then, oldest first."""
    entries = StaffEntry.objects.order_by("starts_at", "pk")
    if since is not None:
        entries = entries.filter(ends_at__gte=since)
    return [
        {
            "entry": str(entry.pk),
            "ticket": entry.ticket,
            "reason": entry.reason,
            "starts_at": entry.starts_at.isoformat(),
            "ends_at": entry.ends_at.isoformat(),
            "entered_at": _iso(entry.entered_at),
            "may_write": entry.may_write,
        }
        for entry in entries
    ]


def visitors(review: AccessReview) -> dict[str, str]:
    """Who visited, by the id of the entry."""
    ids = [one["entry"] for one in review.visits]
    if not ids:
        return {}
    return {str(entry.pk): entry.visitor for entry in StaffEntry.objects.filter(pk__in=ids)}


def last_signed_off() -> datetime | None:
    found = AccessReview.objects.filter(state=State.SIGNED_OFF).order_by("-state_changed_at").first()
    return found.state_changed_at if found else None


def decided(found: Iterable[Line]) -> int:
    return sum(line.decision not in ("", Decision.NOBODY) for line in found)


def _line(user: User, now: datetime, *, second_factor: bool) -> Line:
    return Line(
        person=str(user.pk),
        roles=tuple(user.role_keys),
        last_sign_in=_iso(user.last_sign_in_at),
        second_factor=second_factor,
        dormant=now - (user.last_sign_in_at or user.created_at) > DORMANT,
        contents=contents(user),
    )


def _digest(permissions: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(permissions)).encode()).hexdigest()[:16]


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""
