from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Min, Prefetch, Q, QuerySet
from django.http import HttpRequest

from audit.subject_keys.queries import blind_index
from tenants.members.accounts import hashing
from tenants.members.accounts.models import Invitation, PasswordReset, User

# A used or late link is answered as such for a while, not as one that never was.
KEPT_AFTER_EXPIRY = timedelta(days=30)
ACCEPTED = ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)


class LinkUnknown(LookupError):
    """No such link was ever sent from this schema."""


class LinkOver(Exception):
    """The link was used, taken back, or is too old; the message says which."""


def signed_in(request: HttpRequest) -> User:
    """Who is signed in. For views behind `@may` or `@signed_in` only."""
    return cast("User", request.user)


def by_email(email: str) -> User | None:
    return User.objects.filter(email_index=blind_index(email, "user.email")).first()


def by_id(user_id: UUID | str) -> User:
    """Raises `User.DoesNotExist`."""
    return User.objects.get(pk=user_id)


def people(*, email: str = "", state: str = "", role: str = "") -> QuerySet[User]:
    """Everybody of this schema, newest last. `state`: active, invited or deactivated."""
    found = User.objects.order_by("created_at", "pk").prefetch_related(_newest_invitations())
    if email:
        found = found.filter(email_index=blind_index(email, "user.email"))
    if role:
        found = found.filter(grants__role=role)
    if state == "deactivated":
        return found.filter(is_active=False)
    if state == "active":
        return found.filter(ACCEPTED, is_active=True)
    return found.filter(~ACCEPTED, is_active=True) if state == "invited" else found


def with_invitations() -> QuerySet[User]:
    """People with their invitations at hand, newest first."""
    return User.objects.prefetch_related(_newest_invitations())


def with_permission(permission: str) -> list[User]:
    """Active people of this schema whose roles carry `permission`."""
    return [user for user in User.objects.filter(is_active=True) if user.has_perm(permission)]


def who_can_sign_in() -> QuerySet[User]:
    """Active people who have set a password."""
    return User.objects.filter(ACCEPTED, is_active=True)


def open_invitation(token: str, now: datetime, *, lock: bool = False) -> Invitation:
    """Raises `LinkUnknown` or `LinkOver`. `lock` holds the row until the transaction ends."""
    rows = Invitation.objects.select_for_update() if lock else Invitation.objects.all()
    invitation = rows.filter(token_hash=hashing.digest(token)).first()
    if invitation is None:
        raise LinkUnknown
    if invitation.accepted_at is not None:
        raise LinkOver("This invitation has been accepted already.")
    if invitation.revoked_at is not None or not invitation.user.is_active:
        raise LinkOver("This invitation was taken back or replaced by a newer one.")
    if invitation.expires_at <= now:
        raise LinkOver("This invitation has expired. Invitations hold for 7 days.")
    return invitation


def open_reset(token: str, now: datetime, *, lock: bool = False) -> PasswordReset:
    """Raises `LinkUnknown` or `LinkOver`. `lock` holds the row until the transaction ends."""
    rows = PasswordReset.objects.select_for_update() if lock else PasswordReset.objects.all()
    reset = rows.filter(token_hash=hashing.digest(token)).first()
    if reset is None:
        raise LinkUnknown
    if reset.used_at is not None or not reset.user.is_active:
        raise LinkOver("This link has been used already or was replaced by a newer one.")
    if reset.expires_at <= now:
        raise LinkOver("This link has expired. Links to set a new password hold for one hour.")
    return reset


def latest_invitation(user: User) -> Invitation | None:
    """Reads what `people` or `with_invitations` brought along."""
    return next(iter(user.invitations.all()), None)


def _newest_invitations() -> "Prefetch[str]":
    return Prefetch("invitations", queryset=Invitation.objects.order_by("-created_at"))


def next_forgetting() -> datetime | None:
    """When the oldest link to set a new password has been over for long enough."""
    found: datetime | None = PasswordReset.objects.aggregate(at=Min("expires_at"))["at"]
    return found + KEPT_AFTER_EXPIRY if found else None
