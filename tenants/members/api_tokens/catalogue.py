"""What a token may do, how long it holds and how often it may ask. Pure: no Django."""

from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final

from tenants.members.api_tokens.states import Purpose

# Each scope with the purpose it belongs to, and its sentence.
SCOPES: Final[dict[str, tuple[Purpose, str]]] = {
    "scim.users": (Purpose.SCIM, "read, create, change and deactivate people"),
    "scim.groups": (Purpose.SCIM, "read, create, change and delete groups of the directory"),
    "api.read_self": (Purpose.API, "read what the token itself may do"),
}
PURPOSES: Final = {
    Purpose.SCIM: "Directory (SCIM): your identity provider keeps people and groups here",
    Purpose.API: "API: programs of yours ask this workspace",
}

# What whoever makes a token must be allowed to do themselves: a directory does all of it in their place.
NEEDED_TO_MAKE: Final[dict[str, tuple[str, ...]]] = {
    Purpose.SCIM: ("members.manage_people", "members.manage_access"),
}
# A machine acts as the service of this name, followed by its token's.
ACTS_AS: Final = "token "

DEFAULT_DAYS: Final = 90
LONGEST_DAYS: Final = 365
WARNED_BEFORE: Final = timedelta(days=14)
MOST_NETWORKS: Final = 20
MOST_TOKENS: Final = 50

# Of one token; Entra ID asks about 25 times a second at its peak.
REQUESTS_A_MINUTE: Final = 1_800
MINUTE: Final = timedelta(minutes=1)
# From one address, with no or no good token; what opens is never held up by it.
REFUSALS_PER_ADDRESS: Final = 30
REFUSALS_WINDOW: Final = timedelta(minutes=10)


class Standing(StrEnum):
    ACTIVE = "Active"
    EXPIRING = "Expires soon"
    EXPIRED = "Expired"
    REVOKED = "Revoked"


TONES: Final = {
    Standing.ACTIVE: "verified",
    Standing.EXPIRING: "attention",
    Standing.EXPIRED: "closed",
    Standing.REVOKED: "closed",
}


def standing(*, expires_at: datetime, revoked_at: datetime | None, now: datetime) -> Standing:
    if revoked_at is not None:
        return Standing.REVOKED
    if expires_at <= now:
        return Standing.EXPIRED
    return Standing.EXPIRING if expires_at - WARNED_BEFORE <= now else Standing.ACTIVE


def warn_at(*, created_at: datetime, expires_at: datetime) -> datetime | None:
    """When its end is announced; None for a token that lives no longer than the warning would come before."""
    moment = expires_at - WARNED_BEFORE
    return moment if moment > created_at else None


def of_purpose(purpose: str) -> list[str]:
    return [scope for scope, (belongs, _) in SCOPES.items() if belongs == purpose]


def network(text: str) -> str:
    """The network in its usual spelling; raises `ValueError` for what is none, or has bits beyond its length."""
    return str(ip_network(text.strip()))


def is_within(address: str, networks: list[str]) -> bool:
    """Whether a token with these networks may be used from there; none named: from everywhere."""
    if not networks:
        return True
    try:
        asked = ip_address(address)
    except ValueError:
        return False
    return any(asked in ip_network(one) for one in networks)
