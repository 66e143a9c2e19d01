"""The rules in force, and what features above say on their page: who stands above registers in `ready()`."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.cache import cache

from tenants.members.access_policies.catalogue import STAFF, TENANT, Card, Rules, SecondFactor
from tenants.members.access_policies.models import AccessPolicy
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.models import User
from tenants.schemas import is_platform

# Asked with every request: kept for a moment, and dropped as soon as the rules change.
KEY = "access-policy"
KEPT_SECONDS = 60


def policy() -> AccessPolicy | None:
    """The rules as they were last changed here; None while they are those everybody starts with."""
    return AccessPolicy.objects.filter(pk=1).first()


def rules() -> Rules:
    """What holds in this schema now. Complere's own staff may tighten what is set for them, never loosen it."""
    kept = cache.get(KEY)
    if kept is None:
        kept = kept_form(policy())
        # Only where nothing is: what was read before a change must not take the place of the change.
        cache.add(KEY, kept, timeout=KEPT_SECONDS)
    start = STAFF if is_platform() else TENANT
    chosen = _read(kept) if kept else start
    return _tightened(chosen) if is_platform() else chosen


def second_is_required(user: User) -> bool:
    """Whether this person shows a second factor at each sign-in, and sets one up before anything else (ASVS 6.3.3)."""
    here = rules()
    if here.second_factor is SecondFactor.REQUIRED:
        return True
    if here.second_factor is SecondFactor.BY_ROLE and not set(user.role_keys).isdisjoint(here.second_factor_roles):
        return True
    # Past the provider, a password alone opens nothing (`recovery_accounts`).
    return here.sso_required and str(user.pk) in here.recovery_accounts


# How the page is filled by features that stand above this one.
_cards: list[Callable[[datetime], Card | None]] = []
_enforceable: list[Callable[[], bool]] = []
_roles: list[Callable[[], list[tuple[str, str]]]] = []
_has_second: list[Callable[[User], bool]] = []


def register_card(teller: Callable[[datetime], Card | None]) -> None:
    """A part of the page “Sign-in and access”; the teller gives None where there is nothing to say."""
    _cards.append(teller)


def register_enforceable(answer: Callable[[], bool]) -> None:
    """`answer()` says whether an identity provider works well enough to be the only way in."""
    _enforceable.append(answer)


def register_roles(tellers: Callable[[], list[tuple[str, str]]]) -> None:
    """Key and name of every role that can be given here."""
    _roles.append(tellers)


def register_has_second(answer: Callable[[User], bool]) -> None:
    """`answer(user)` says whether the person has set a second factor up."""
    _has_second.append(answer)


def cards(now: datetime) -> list[Card]:
    return [card for teller in _cards if (card := teller(now)) is not None]


def enforceable() -> bool:
    return any(answer() for answer in _enforceable)


def roles() -> list[tuple[str, str]]:
    return [role for teller in _roles for role in teller()]


def has_second(user: User) -> bool:
    return any(answer(user) for answer in _has_second)


def who_can_recover() -> list[User]:
    """Who could come in by password and second factor when the identity provider fails, and set its use right."""
    managers = accounts.with_permission("members.manage_access")
    return [user for user in managers if user.has_usable_password() and has_second(user)]


def kept_form(row: AccessPolicy | None) -> dict[str, object]:
    """The rules as the cache keeps them; empty while nobody changed any."""
    if row is None:
        return {}
    return {
        "second_factor": row.second_factor,
        "second_factor_roles": row.second_factor_roles,
        "idle": row.idle_minutes,
        "admin_idle": row.admin_idle_minutes,
        "absolute": row.absolute_minutes,
        "sessions_at_once": row.sessions_at_once,
        "networks": row.networks,
        "sso_required": row.sso_required,
        "password_length": row.password_length,
        "recovery_accounts": [str(one) for one in row.recovery_accounts],
    }


def _read(kept: dict[str, object]) -> Rules:
    values: dict[str, object] = dict(kept)
    for name in ("idle", "admin_idle", "absolute"):
        values[name] = timedelta(minutes=int(str(values[name])))
    for name in ("second_factor_roles", "networks", "recovery_accounts"):
        values[name] = tuple(values[name])  # type: ignore[arg-type]
    values["second_factor"] = SecondFactor(str(values["second_factor"]))
    return Rules(**values)  # type: ignore[arg-type]


def _tightened(chosen: Rules) -> Rules:
    return Rules(
        second_factor=STAFF.second_factor,
        idle=min(chosen.idle, STAFF.idle),
        admin_idle=min(chosen.admin_idle, STAFF.admin_idle),
        absolute=min(chosen.absolute, STAFF.absolute),
        sessions_at_once=min(chosen.sessions_at_once, STAFF.sessions_at_once),
        networks=chosen.networks,
        sso_required=chosen.sso_required,
        password_length=max(chosen.password_length, STAFF.password_length),
        recovery_accounts=chosen.recovery_accounts,
    )
