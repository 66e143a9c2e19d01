from datetime import datetime

from audit import context
from tenants.members.accounts.models import User
from tenants.members.roles import catalogue
from tenants.members.roles.models import RoleGrant
from tenants.schemas import is_platform


class RoleRefused(ValueError):
    """The role does not exist here."""


def grant(user: User, *, role: str, actor: context.Actor, now: datetime, reason: str) -> RoleGrant:
    """Give a role; a role that the person has already stays as it is."""
    if role not in {known.key for known in catalogue.of_schema(platform=is_platform())}:
        raise RoleRefused(f"There is no role “{role}” here.")
    with context.regulated_write(actor=actor, reason=reason):
        granted, _ = RoleGrant.objects.get_or_create(
            user=user, role=role, defaults={"granted_at": now, "granted_by": f"{actor.name} ({actor.role})"}
        )
    return granted


def revoke(user: User, *, role: str, actor: context.Actor, now: datetime, reason: str) -> None:
    """Take a role away; it ends with the person's next request."""
    with context.regulated_write(actor=actor, reason=reason):
        for held in RoleGrant.objects.filter(user=user, role=role):
            held.delete()
