"""Who works here and as what."""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from audit import context
from audit.transitions import MoveRefused
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.roles import catalogue, queries
from tenants.members.roles.models import CustomRole, RoleGrant
from tenants.members.sessions import actions as sessions
from tenants.schemas import is_platform


class RoleRefused(ValueError):
    """The role cannot be given or taken as asked."""


class MakingRefused(ValueError):
    """A role like this cannot be made here; `field` is what it is about."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def make(
    *, name: str, purpose: str, permissions: Collection[str], actor: context.Actor, now: datetime, reason: str
) -> CustomRole:
    """A role of this workspace's own. Raises `MakingRefused`, also for what `actor` may not do themselves (P11-10g)."""
    with context.regulated_write(actor=actor, reason=reason):
        # One at a time: two at once must not take the same name.
        queries.lock_admins()
        said = _checked(name, purpose, permissions, before=frozenset(), actor=actor)
        _check_name(said["name"], but="")
        by = f"{actor.name} ({actor.role})"
        return CustomRole.objects.create(key=f"c_{secrets.token_hex(4)}", created_at=now, created_by=by, **said)


def change(
    role: CustomRole,
    *,
    name: str,
    purpose: str,
    permissions: Collection[str],
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> CustomRole:
    """Another name, purpose or content; it holds with the next request of everybody who has the role.

    Raises `MakingRefused`, and `MoveRefused` for a retired one.
    """
    with context.regulated_write(actor=actor, reason=reason):
        queries.lock_admins()
        fresh = _live(role)
        said = _checked(name, purpose, permissions, before=fresh.carries, actor=actor)
        _check_name(said["name"], but=fresh.key)
        for field, value in said.items():
            setattr(fresh, field, value)
        fresh.save(update_fields=[*said])
    return fresh


def retire(role: CustomRole, *, actor: context.Actor, now: datetime, reason: str) -> CustomRole:
    """Give it to nobody any more; it stays readable. Raises `RoleRefused` while somebody holds it, `MoveRefused`."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _live(role)
        if held := queries.holders(fresh.key):
            people = "1 person holds" if len(held) == 1 else f"{len(held)} people hold"
            raise RoleRefused(f"{people} this role. Give them another one first.")
        fresh.retired_at, fresh.retired_by = now, f"{actor.name} ({actor.role})"
        fresh.save(update_fields=["retired_at", "retired_by"])
    return fresh


def check_may_give(roles: Collection[str], *, actor: context.Actor) -> None:
    """Nobody gives a permission they do not have themselves (P11-10g). Raises `RoleRefused`.

    On the platform, roles are kept apart on purpose: who manages people there gives them, and has few of their
    permissions. Whoever makes a rule by which roles are given (groups of a directory) is asked the same.
    """
    known = {role.key: role for role in queries.roles_here()}
    for key in roles:
        if key not in known:
            raise RoleRefused(f"There is no role “{key}” here.")
        if not is_platform() and (beyond := known[key].permissions - _held(actor)):
            raise RoleRefused(
                f"The role “{known[key].name}” may {_sentences(beyond)}. You may not yourself, so you cannot give it."
            )


def grant(user: User, *, role: str, actor: context.Actor, now: datetime, reason: str) -> RoleGrant:
    """Give a role; a role that the person has already stays as it is. Raises `RoleRefused`."""
    with context.regulated_write(actor=actor, reason=reason):
        # Held: a role that is being retired is given to nobody in between.
        made_here = CustomRole.objects.select_for_update().filter(pk=role).first()
        check_may_give([role], actor=actor)
        said = {"custom": made_here, "granted_at": now, "granted_by": f"{actor.name} ({actor.role})"}
        granted, _ = RoleGrant.objects.get_or_create(user=user, role=role, defaults=said)
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
        sessions.end_all_of(fresh)
    return fresh


def reactivate(user: User, *, actor: context.Actor, now: datetime, reason: str) -> User:
    """Open the account again with the roles it had, which `actor` must be able to give.

    Raises `RoleRefused`, and `MoveRefused` when it is open already.
    """
    with context.regulated_write(actor=actor, reason=reason):
        check_may_give(user.role_keys, actor=actor)
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


def _held(actor: context.Actor) -> frozenset[str]:
    """What `actor` may hand on: a service what its own rules say, Complere the first administrator."""
    nobody_yet = not RoleGrant.objects.filter(role=queries.admin_role().key).exists()
    # Complere lets the first administrator in; nobody of the workspace gains by its admins being gone.
    if actor.kind == "service" or (nobody_yet and actor.home == "public"):
        return catalogue.FOR_TENANTS
    return queries.permissions_held_by(actor.id)


def _checked(
    name: str, purpose: str, permissions: Collection[str], *, before: frozenset[str], actor: context.Actor
) -> dict[str, Any]:
    """What a role may hold and `actor` may put into it, as columns."""
    wanted = frozenset(permissions)
    if is_platform() or not wanted <= catalogue.FOR_TENANTS:
        raise MakingRefused("permissions", "A role of a workspace carries what roles of workspaces may, nothing else.")
    if not wanted:
        raise MakingRefused("permissions", "Choose at least one permission.")
    if beyond := wanted - before - _held(actor):
        raise MakingRefused("permissions", f"You may not {_sentences(beyond)} yourself, so no role gets it from you.")
    return {"name": name.strip(), "purpose": purpose.strip(), "permissions": sorted(wanted)}


def _check_name(name: str, *, but: str) -> None:
    taken = {role.name.casefold() for role in queries.roles_here() if role.key != but}
    if name.casefold() in taken:
        raise MakingRefused("name", f"There is a role “{name}” already. Choose another name.")


def _live(role: CustomRole) -> CustomRole:
    fresh = CustomRole.objects.select_for_update().get(pk=role.pk)
    if fresh.retired_at is not None:
        raise MoveRefused("This role is retired.")
    return fresh


def _sentences(permissions: Collection[str]) -> str:
    return "; ".join(catalogue.PERMISSIONS[key] for key in catalogue.PERMISSIONS if key in permissions)


def _not_oneself(user: User, actor: context.Actor, message: str) -> None:
    if actor.id == user.pk:
        raise RoleRefused(message)


def _leave_an_admin(user: User) -> None:
    """Refuse when `user` is an admin and nobody else who can come in manages people."""
    if queries.is_only_admin(user):
        name = queries.admin_role().name.lower()
        raise RoleRefused(f"This is the last {name} who can sign in. Make somebody else {name} first.")
