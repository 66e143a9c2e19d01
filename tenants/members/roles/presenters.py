"""People as the pages show them."""

from dataclasses import dataclass
from datetime import datetime

from tenants.members.accounts.models import User
from tenants.members.accounts.queries import latest_invitation


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands: a word, a tone, and what it means."""

    word: str
    tone: str
    note: str = ""
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    user: User
    standing: Standing


def standing(user: User, now: datetime) -> Standing:
    if not user.is_active:
        return Standing("Deactivated", "closed", f"by {user.deactivated_by}")
    if user.has_usable_password():
        return Standing("Active", "verified")
    invitation = latest_invitation(user)
    if invitation is None or invitation.revoked_at is not None:
        return Standing("Invitation taken back", "closed", "Nobody can sign in with this account")
    if invitation.expires_at <= now:
        return Standing("Invitation expired", "attention", "Send it again")
    return Standing("Invited", "active", f"by {invitation.invited_by}", open_until=invitation.expires_at)


def rows(people: list[User], now: datetime) -> list[PersonRow]:
    return [PersonRow(user, standing(user, now)) for user in people]
