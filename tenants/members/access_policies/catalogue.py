"""What a tenant can choose about who comes in, and where it starts. Pure: no framework."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final


class SecondFactor(StrEnum):
    """When a second factor is asked for at sign-in."""

    OPTIONAL = "optional"
    BY_ROLE = "by_role"
    REQUIRED = "required"


FACTOR_WORDS: Final = {
    SecondFactor.OPTIONAL: "Whoever has set one up is asked for it",
    SecondFactor.BY_ROLE: "Required for the roles chosen below",
    SecondFactor.REQUIRED: "Required for everybody",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force in a schema, whoever set them. Times are durations; `networks` are CIDR, empty is anywhere.

    `admin_idle` holds for people who manage people or access.
    """

    second_factor: SecondFactor = SecondFactor.OPTIONAL
    second_factor_roles: tuple[str, ...] = ()
    idle: timedelta = timedelta(hours=8)
    admin_idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)
    sessions_at_once: int = 5
    networks: tuple[str, ...] = ()
    sso_required: bool = False
    password_length: int = 12
    recovery_accounts: tuple[str, ...] = field(default=())


# Complere's own staff: stricter, and nobody can loosen them (ASVS 8.4.2).
STAFF: Final = Rules(
    second_factor=SecondFactor.REQUIRED,
    idle=timedelta(minutes=15),
    admin_idle=timedelta(minutes=15),
    absolute=timedelta(hours=8),
    sessions_at_once=3,
    password_length=15,
)
TENANT: Final = Rules()
# Between proving who one is and a dangerous act (ASVS 7.5.1).
STEP_UP: Final = timedelta(minutes=10)
# A page that was opened in time may be sent a little later.
STEP_UP_TO_SEND: Final = timedelta(minutes=30)

# What can be chosen at all: least and most. Times in minutes.
BOUNDS: Final = {
    "idle": (5, 24 * 60),
    "admin_idle": (5, 24 * 60),
    "absolute": (15, 24 * 60),
    "sessions_at_once": (1, 50),
    "password_length": (12, 64),
}
MOST_NETWORKS: Final = 100


@dataclass(frozen=True, slots=True)
class Card:
    """One part of “Sign-in and access”, as the page where all of them meet shows it; `permission` opens it."""

    title: str
    url_name: str
    tone: str
    word: str
    note: str = ""
    permission: str = "members.manage_access"


def bounds(*, platform: bool) -> dict[str, tuple[int, int]]:
    """What can be chosen here: staff may tighten what is set for them, never loosen it."""
    if not platform:
        return BOUNDS
    most = {name: in_minutes(getattr(STAFF, name)) for name in ("idle", "admin_idle", "absolute")}
    most["sessions_at_once"] = STAFF.sessions_at_once
    narrowed = {name: (low, min(high, most.get(name, high))) for name, (low, high) in BOUNDS.items()}
    return narrowed | {"password_length": (STAFF.password_length, BOUNDS["password_length"][1])}


def in_minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)


def in_words(time: timedelta) -> str:
    """“8 hours”, “90 minutes”."""
    minutes = in_minutes(time)
    count, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def network(text: str) -> str:
    """A network in CIDR notation as it is kept; an address alone is a network of one. Raises `ValueError`."""
    return str(_network(text.strip()))


def is_within(networks: Iterable[str], address: str) -> bool:
    """Whether sign-in is allowed from this address; where no network is named, it is from anywhere.

    An address that cannot be read is nowhere. IPv4 that arrives in IPv6's clothes counts as what it is.
    """
    named = [*networks]
    if not named:
        return True
    try:
        where = _plain(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return any(where in _network(one) for one in named)


def _network(text: str) -> IPv4Network | IPv6Network:
    found = ip_network(text)
    if isinstance(found, IPv6Network) and (inner := found.network_address.ipv4_mapped) and found.prefixlen >= 96:
        return ip_network(f"{inner}/{found.prefixlen - 96}")
    return found


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
