from collections.abc import Callable, Collection
from datetime import datetime

from django.db.models import F, QuerySet

from tenants import signing
from tenants.members.api_tokens import catalogue, hashing
from tenants.members.api_tokens.models import AccessToken

# Compared where no row is found, so that time does not tell which ids exist.
NOBODYS = "0" * 64

_given_roles: list[Callable[[], Collection[str]]] = []


def register_given_roles(teller: Callable[[], Collection[str]]) -> None:
    """`teller()` gives the keys of the roles that a directory gives here without being asked again."""
    _given_roles.append(teller)


def given_roles() -> list[str]:
    return sorted({role for teller in _given_roles for role in teller()})


def tokens() -> QuerySet[AccessToken]:
    """Every token of this schema: those that hold first, the newest of them first."""
    return AccessToken.objects.order_by(F("revoked_at").asc(nulls_first=True), "-expires_at", "-created_at", "pk")


def of_purpose(purpose: str, now: datetime) -> list[AccessToken]:
    """Tokens of this purpose that still open something."""
    return list(tokens().filter(purpose=purpose, revoked_at=None, expires_at__gt=now))


def holding(now: datetime) -> int:
    return AccessToken.objects.filter(revoked_at=None, expires_at__gt=now).count()


def digest_of(token_id: object, secret: str) -> str:
    """How a secret is kept: keyed, and bound to this schema and this row."""
    return signing.digest(str(token_id), secret, purpose="access-token")


def by_text(text: str) -> AccessToken | None:
    """The token somebody brought, whatever its state; None for a forged one or one of another schema."""
    parts = hashing.read(text)
    if parts is None:
        return None
    token_id, secret = parts
    found = AccessToken.objects.filter(pk=token_id).first()
    held = found.digest if found is not None else NOBODYS
    return found if hashing.same(digest_of(token_id, secret), held) else None


def to_warn(now: datetime) -> QuerySet[AccessToken]:
    """Tokens whose coming end was not announced yet."""
    return _unrevoked().filter(warned_at=None, expires_at__gt=now, expires_at__lte=now + catalogue.WARNED_BEFORE)


def to_end(now: datetime) -> QuerySet[AccessToken]:
    """Tokens that expired, and nobody was told."""
    return _unrevoked().filter(ended_at=None, expires_at__lte=now)


def next_due() -> datetime | None:
    """When the next mail about the end of a token is due."""
    moments = []
    for token in _unrevoked().filter(ended_at=None):
        warn_at = catalogue.warn_at(created_at=token.created_at, expires_at=token.expires_at)
        moments.append(warn_at if warn_at is not None and token.warned_at is None else token.expires_at)
    return min(moments, default=None)


def _unrevoked() -> QuerySet[AccessToken]:
    return AccessToken.objects.filter(revoked_at=None)
