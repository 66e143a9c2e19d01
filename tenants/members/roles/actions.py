"""Who works here and as what."""

from collections.abc import Collection
from datetime import datetime

from audit import context
from audit.transitions import MoveRefused
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.roles import queries
from tenants.members.roles.models import RoleGrant


class RoleRefused(ValueError):
    """The role cannot be given or taken as asked."""


def grant(user: User, *, role: str, actor: context.Actor, now: datetime, reason: str) -> RoleGrant:
    """Give a role; a role that the person has already stays as it is."""
    if role not in {known.key for known in queries.roles_here()}:
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


def invite(
    *,
    email: str,
    full_name: str,
    roles: Collection[str],
    actor: context.Actor,
    now: datetime,
    reason: str,
    job_title: str = "",
) -> User:
    """Make an account with roles and mail the link that opens it. Raises `AccountRefused`, `RoleRefused`."""
    with context.regulated_write(actor=actor, reason=reason):
        user = accounts.create_user(
            email=email, full_name=full_name, job_title=job_title, actor=actor, now=now, reason=reason
        )
        for role in roles:
            grant(user, role=role, actor=actor, now=now, reason=reason)
        invited = User.objects.get(pk=user.pk)
        accounts.send_invitation(invited, actor=actor, now=now, reason=reason)
    return invited


def change_roles(user: User, *, roles: Collection[str], actor: context.Actor, now: datetime, reason: str) -> User:
    """Make these the person's roles, no more and no fewer. Raises `RoleRefused`.

    Refused for oneself (§11.10(g): authority is given by another) and when nobody would be
    left to manage people.
    """
    _not_oneself(user, actor, "Nobody changes their own roles. Ask another administrator.")
    with context.regulated_write(actor=actor, reason=reason):
        if queries.admin_role().key not in roles:
            _leave_an_admin(user)
        held = set(RoleGrant.objects.filter(user=user).values_list("role", flat=True))
        for role in sorted(set(roles) - held):
            grant(user, role=role, actor=actor, now=now, reason=reason)
        for role in sorted(held - set(roles)):
            revoke(user, role=role, actor=actor, now=now, reason=reason)
    return User.objects.get(pk=user.pk)


def deactivate(user: User, *, actor: context.Actor, now: datetime, reason: str) -> User:
    """Shut the account: sessions and open invitations end at once, the record stays (§11.10(d)).

    Raises `RoleRefused` for oneself and for the last admin, `MoveRefused` when it is shut already.
    """
    _not_oneself(user, actor, "Nobody deactivates their own account. Ask another administrator.")
    with context.regulated_write(actor=actor, reason=reason):
        _leave_an_admin(user)
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not fresh.is_active:
            raise MoveRefused("This person is deactivated already.")
        fresh.is_active, fresh.deactivated_at = False, now
        fresh.deactivated_by = f"{actor.name} ({actor.role})"
        fresh.session_epoch += 1
        fresh.save(update_fields=["is_active", "deactivated_at", "deactivated_by", "session_epoch"])
        accounts.revoke_invitations(fresh, actor=actor, now=now, reason=reason)
    return fresh


def reactivate(user: User, *, actor: context.Actor, now: datetime, reason: str) -> User:
    """Open the account again with the roles it had. Raises `MoveRefused` when it is open already."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if fresh.is_active:
            raise MoveRefused("This person is active already.")
        fresh.is_active, fresh.deactivated_at, fresh.deactivated_by = True, None, None
        fresh.save(update_fields=["is_active", "deactivated_at", "deactivated_by"])
    return fresh


def invite_again(user: User, *, actor: context.Actor, now: datetime, reason: str) -> None:
    """Mail a fresh link; the earlier one ends. Raises `MoveRefused` for who is in already or deactivated."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if fresh.has_usable_password() or not fresh.is_active:
            raise MoveRefused("This person has accepted an invitation already, or is deactivated.")
        accounts.send_invitation(fresh, actor=actor, now=now, reason=reason)


def take_back_invitation(user: User, *, actor: context.Actor, now: datetime, reason: str) -> None:
    """End the mailed link. Raises `MoveRefused` when none stands."""
    with context.regulated_write(actor=actor, reason=reason):
        if not accounts.revoke_invitations(user, actor=actor, now=now, reason=reason):
            raise MoveRefused("No invitation of this person is open.")


def _not_oneself(user: User, actor: context.Actor, message: str) -> None:
    if actor.id == user.pk:
        raise RoleRefused(message)


def _leave_an_admin(user: User) -> None:
    """Refuse when `user` is the only one left who can sign in and manage people."""
    if [admin.pk for admin in queries.lock_admins()] == [user.pk]:
        name = queries.admin_role().name.lower()
        raise RoleRefused(f"This is the last {name} who can sign in. Make somebody else {name} first.")
