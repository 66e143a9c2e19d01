"""Who has been verified, and on what terms people sign here."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from audit.subject_keys.hashing import fold
from tenants.members.accounts.models import User
from tenants.members.signing_rights import catalogue
from tenants.members.signing_rights.models import IdentityCheck, PolicyAcceptance, SigningPolicy

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


def standing_check(user: User) -> IdentityCheck | None:
    """The verification that nobody withdrew, the newest where there are several."""
    found = IdentityCheck.objects.filter(user_id=user.pk, withdrawn_at=None).order_by("-verified_at")
    return found.select_related("subject_key", "verified_by__subject_key").first()


def check_by_id(number: UUID) -> IdentityCheck | None:
    return IdentityCheck.objects.select_related("subject_key", "user__subject_key").filter(pk=number).first()


def holds(check: IdentityCheck | None, user: User) -> bool:
    """Whether the identity is verified under the name that signatures would print (§11.50(a)(1), §11.100(b))."""
    return check is not None and fold(check.full_name) == fold(user.full_name)


def policy_in_force(now: datetime) -> SigningPolicy:
    """The terms that hold at `now`; the text that every workspace begins with while nobody published another."""
    found = SigningPolicy.objects.filter(effective_at__lte=now).order_by("-version").first()
    return found or SigningPolicy(
        version=catalogue.FIRST_VERSION, text=catalogue.FIRST_TEXT, effective_at=ALWAYS, published_by=None
    )


def newest_policy(now: datetime) -> SigningPolicy:
    """The last version published, in force or coming."""
    return SigningPolicy.objects.order_by("-version").first() or policy_in_force(now)


def versions() -> list[SigningPolicy]:
    """Every version there has been, newest first; empty while the first text was neither accepted nor replaced."""
    return list(SigningPolicy.objects.select_related("published_by__subject_key").order_by("-version"))


def series_window(now: datetime) -> timedelta:
    """How long a series of signatures may last on one full authentication; zero is off (§11.200(a)(1)(i))."""
    return timedelta(minutes=policy_in_force(now).series_minutes)


def acceptance(user: User, policy: SigningPolicy) -> PolicyAcceptance | None:
    return PolicyAcceptance.objects.filter(user_id=user.pk, policy_id=policy.version).order_by("accepted_at").first()
