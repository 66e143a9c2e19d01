"""A tenant chooses who comes in, how, and for how long."""

from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction

from audit import context
from audit.transitions import MoveRefused
from tenants.members.access_policies import queries
from tenants.members.access_policies.catalogue import (
    MOST_NETWORKS,
    Rules,
    SecondFactor,
    bounds,
    in_minutes,
    is_within,
    network,
)
from tenants.members.access_policies.models import AccessPolicy
from tenants.schemas import is_platform

# Time, rather than a number.
TIMES = ("idle", "admin_idle", "absolute")
NO_RECOVERY = "Choose at least one person who manages access, has a password and has set up a second factor."


class PolicyRefused(ValueError):
    """These rules cannot be set; `field` names what is wrong with them, empty for the whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def change(wanted: Rules, *, address: str, actor: context.Actor, now: datetime, reason: str) -> AccessPolicy:
    """Make these the rules; they hold with everybody's next request.

    `address` is where whoever decides sits: rules that would shut them out at once are refused. Raises
    `PolicyRefused`, and `MoveRefused` when somebody else sets the first rules at the same moment.
    """
    with context.regulated_write(actor=actor, reason=reason):
        row = AccessPolicy.objects.select_for_update().filter(pk=1).first()
        _check(wanted, address, sso_before=row.sso_required if row else False)
        said = _columns(wanted)
        if row is not None and all(getattr(row, name) == value for name, value in said.items()):
            raise PolicyRefused("", "Nothing is changed: these are the rules that hold.")
        said |= {"changed_at": now, "changed_by": f"{actor.name} ({actor.role})"}
        row = _set(row, said)
        # At once for what this transaction still asks, and for everybody when it is done.
        cache.delete(queries.KEY)
        kept = queries.kept_form(row)
        transaction.on_commit(lambda: cache.set(queries.KEY, kept, timeout=queries.KEPT_SECONDS))
    return row


def require_no_provider(*, actor: context.Actor, now: datetime, reason: str) -> bool:
    """Let passwords open again where a provider was required, as none can be used any more. Says whether one was."""
    with context.regulated_write(actor=actor, reason=reason):
        row = AccessPolicy.objects.select_for_update().filter(pk=1, sso_required=True).first()
        if row is None:
            return False
        _set(row, {"sso_required": False, "changed_at": now, "changed_by": f"{actor.name} ({actor.role})"})
        transaction.on_commit(lambda: cache.delete(queries.KEY))
    return True


def _set(row: AccessPolicy | None, said: dict[str, Any]) -> AccessPolicy:
    if row is None:
        try:
            with transaction.atomic():
                return AccessPolicy.objects.create(**said)
        except IntegrityError as there:
            raise MoveRefused("Somebody else has just set the first rules. Look at them, then change them.") from there
    for name, value in said.items():
        setattr(row, name, value)
    row.save(update_fields=[*said])
    return row


def _columns(wanted: Rules) -> dict[str, Any]:
    by_role = wanted.second_factor is SecondFactor.BY_ROLE
    said: dict[str, Any] = {f"{name}_minutes": in_minutes(getattr(wanted, name)) for name in TIMES}
    return said | {
        "second_factor": str(wanted.second_factor),
        "second_factor_roles": sorted(wanted.second_factor_roles) if by_role else [],
        "sessions_at_once": wanted.sessions_at_once,
        "networks": [network(one) for one in wanted.networks],
        "sso_required": wanted.sso_required,
        "recovery_accounts": sorted(wanted.recovery_accounts) if wanted.sso_required else [],
        "password_length": wanted.password_length,
    }


def _check(wanted: Rules, address: str, *, sso_before: bool) -> None:
    _check_bounds(wanted)
    _check_second(wanted)
    _check_networks(wanted, address)
    _check_sso(wanted, sso_before=sso_before)


def _check_bounds(wanted: Rules) -> None:
    for name, (least, most) in bounds(platform=is_platform()).items():
        value = getattr(wanted, name)
        number = in_minutes(value) if name in TIMES else value
        if not least <= number <= most:
            raise PolicyRefused(name, f"Choose between {least} and {most}.")
    if wanted.admin_idle > wanted.idle:
        raise PolicyRefused("admin_idle", "Who manages people or access may not rest longer than everybody else.")
    if wanted.idle > wanted.absolute:
        raise PolicyRefused("idle", "A session cannot rest longer than it lasts at all.")


def _check_second(wanted: Rules) -> None:
    if is_platform() and wanted.second_factor is not SecondFactor.REQUIRED:
        raise PolicyRefused("second_factor", "Complere's staff always show a second factor.")
    if wanted.second_factor is not SecondFactor.BY_ROLE:
        return
    known = {key for key, _ in queries.roles()}
    if not wanted.second_factor_roles or not known.issuperset(wanted.second_factor_roles):
        raise PolicyRefused("second_factor_roles", "Choose at least one of the roles that there are here.")


def _check_networks(wanted: Rules, address: str) -> None:
    if len(wanted.networks) > MOST_NETWORKS:
        raise PolicyRefused("networks", f"Name at most {MOST_NETWORKS} networks.")
    for one in wanted.networks:
        try:
            network(one)
        except ValueError as wrong:
            said = f"“{one}” is no network. Write it as 203.0.113.0/24 or 2001:db8::/32, without host bits."
            raise PolicyRefused("networks", said) from wrong
    if not is_within(wanted.networks, address):
        raise PolicyRefused("networks", f"This would shut you out: you are at {address}. Add its network, too.")


def _check_sso(wanted: Rules, *, sso_before: bool) -> None:
    """Nobody is locked out by a provider that fails: it works before it is required, and somebody can come past it."""
    if not wanted.sso_required:
        return
    if not sso_before and not queries.enforceable():
        raise PolicyRefused("sso_required", "First set up an identity provider, test it, and let it in use.")
    able = {str(user.pk) for user in queries.who_can_recover()}
    if not wanted.recovery_accounts or not able.issuperset(wanted.recovery_accounts):
        raise PolicyRefused("recovery_accounts", NO_RECOVERY)
