"""What a directory does here: people come, change and go; groups give the roles that an administrator chose."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from audit import context
from audit.subject_keys.queries import blind_index
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.roles import actions as roles
from tenants.members.roles import queries as role_queries
from tenants.members.roles.models import RoleGrant
from tenants.members.scim import queries
from tenants.members.scim.catalogue import MANAGED, MOST_MEMBERS, Group, Person, ScimRefused
from tenants.members.scim.models import ProvisionedGroup
from tenants.members.sessions import actions as sessions

log = structlog.get_logger(__name__)
BY_DIRECTORY = "Kept by the directory (SCIM)"
TAKEN = "An account with this userName is here already."
SHUT = "An account with this userName was deactivated here. Only an administrator of this workspace opens it again."
OWN_PASSWORD = "This person signs in with a password of their own: an administrator changes the address."  # noqa: S105


def create_person(*, said: Person, actor: context.Actor, now: datetime) -> User:
    """An account that nobody can sign in to until it is linked with an identity provider or invited.

    Raises `ScimRefused` (409, uniqueness), also for the address of an account that was shut: nobody inherits one
    (§11.100(a)).
    """
    with context.regulated_write(actor=actor, reason=BY_DIRECTORY):
        try:
            user = accounts.create_user(
                email=said.user_name,
                full_name=said.full_name,
                job_title=said.job_title,
                actor=actor,
                now=now,
                reason=BY_DIRECTORY,
            )
        except accounts.AccountRefused as known:
            raise ScimRefused(409, SHUT if queries.is_shut(said.user_name) else TAKEN, "uniqueness") from known
        user.managed_by, user.external_id = MANAGED, said.external_id
        user.save(update_fields=["managed_by", "external_id"])
        if not said.active:
            roles.deactivate(user, actor=actor, now=now, reason=BY_DIRECTORY)
    return User.objects.get(pk=user.pk)


def change_person(user: User, *, change: Callable[[Person], Person], actor: context.Actor, now: datetime) -> User:
    """Make of the person what `change` says; the directory looks after the account from now on.

    Shutting it ends every session at once (ASVS 7.4.2). Raises `ScimRefused`, `RoleRefused` for the last admin,
    `User.DoesNotExist` for an account that a person shut meanwhile: the directory does not open it again.
    """
    with context.regulated_write(actor=actor, reason=BY_DIRECTORY):
        role_queries.lock_admins()
        held = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        fresh = queries.people().get(pk=held.pk)
        before = queries.said_of(fresh)
        after = change(before)
        if fields := _take_over(fresh, before, after):
            _save_person(fresh, fields)
        if before.active and not after.active:
            _shut(fresh, actor, now)
        elif after.active and not before.active:
            roles.reactivate(fresh, actor=actor, now=now, reason=BY_DIRECTORY)
    return User.objects.get(pk=user.pk)


def release_person(user: User, *, actor: context.Actor, now: datetime) -> None:
    """The directory deletes a person: the account is shut and stays, with all that was done under it (§11.100(a)).

    Raises `RoleRefused` for the last admin.
    """
    with context.regulated_write(actor=actor, reason="Deleted in the directory (SCIM)"):
        # Before any other row, as everywhere: two that lock in different orders wait for each other.
        role_queries.lock_admins()
        joined = ProvisionedGroup.objects.filter(members__contains=[user.pk]).order_by("pk")
        for pk in list(joined.values_list("pk", flat=True)):
            # Read one by one: leaving the group before may have handed the role over to this one.
            group = ProvisionedGroup.objects.select_for_update().get(pk=pk)
            group.members = [one for one in group.members if one != user.pk]
            _follow(group, actor, now, BY_DIRECTORY)
            _save_group(group, now)
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if fresh.is_active:
            _shut(fresh, actor, now)
        # Read anew: shutting it has changed the row.
        shut = User.objects.get(pk=user.pk)
        shut.managed_by, shut.external_id = "", ""
        shut.save(update_fields=["managed_by", "external_id"])


def create_group(*, said: Group, actor: context.Actor, now: datetime) -> ProvisionedGroup:
    """Raises `ScimRefused`: 409 for a name that is taken, 400 for members who are not here."""
    with context.regulated_write(actor=actor, reason=BY_DIRECTORY):
        # One at a time: two at once must not take the same name.
        role_queries.lock_admins()
        _check_group(said, but=None, joined=said.members)
        group = ProvisionedGroup(
            display_name=said.display_name,
            external_id=said.external_id,
            members=[*said.members],
            created_at=now,
            changed_at=now,
        )
        group.save(force_insert=True)
    return group


def change_group(
    group: ProvisionedGroup, *, change: Callable[[Group], Group], actor: context.Actor, now: datetime
) -> ProvisionedGroup:
    """Make of the group what `change` says; members get and lose its role.

    Raises `ScimRefused`, and `RoleRefused` where nobody would be left to manage people.
    """
    with context.regulated_write(actor=actor, reason=BY_DIRECTORY):
        role_queries.lock_admins()
        fresh = ProvisionedGroup.objects.select_for_update().get(pk=group.pk)
        before = queries.said_of_group(fresh)
        after = change(before)
        _check_group(after, but=fresh.pk, joined={*after.members} - {*before.members})
        if after != before:
            fresh.display_name, fresh.external_id = after.display_name, after.external_id
            fresh.members = [*after.members]
            _follow(fresh, actor, now, BY_DIRECTORY)
            _save_group(fresh, now)
    return fresh


def delete_group(group: ProvisionedGroup, *, actor: context.Actor, now: datetime) -> None:
    """The group goes, and with it the role of whoever had it from there. Raises `RoleRefused` for the last admin."""
    with context.regulated_write(actor=actor, reason="Deleted in the directory (SCIM)"):
        role_queries.lock_admins()
        fresh = ProvisionedGroup.objects.select_for_update().get(pk=group.pk)
        fresh.members = []
        _follow(fresh, actor, now, BY_DIRECTORY)
        fresh.delete()


def choose_role(
    group: ProvisionedGroup, *, role: str, actor: context.Actor, now: datetime, reason: str
) -> ProvisionedGroup:
    """From now on the group's members have this role; empty: none. The role it gave before is taken away again.

    Raises `RoleRefused`: for what `actor` may not do themselves, for a group that `actor` belongs to (§11.10(g):
    authority is given by another), and for the last admin.
    """
    with context.regulated_write(actor=actor, reason=reason):
        role_queries.lock_admins()
        fresh = ProvisionedGroup.objects.select_for_update().get(pk=group.pk)
        if actor.id in fresh.members:
            raise roles.RoleRefused("You belong to this group yourself. Another administrator chooses its role.")
        if role:
            roles.check_may_give([role], actor=actor)
        if role != fresh.role:
            _take_back(fresh, [*fresh.given_to], actor, now, reason)
            fresh.role, fresh.given_to = role, []
            _follow(fresh, actor, now, reason)
            _save_group(fresh, now)
    return fresh


def _take_over(user: User, before: Person, after: Person) -> list[str]:
    """Put what the directory says onto the row; which columns changed."""
    fields = [] if user.managed_by == MANAGED else ["managed_by"]
    user.managed_by = MANAGED
    if after.full_name != before.full_name:
        user.full_name = after.full_name
        fields.append("full_name")
    if after.job_title != before.job_title:
        user.job_title = after.job_title
        fields.append("job_title")
    if after.external_id != before.external_id:
        user.external_id = after.external_id
        fields.append("external_id")
    if after.user_name != before.user_name:
        if user.has_usable_password() and after.user_name.casefold() != before.user_name.casefold():
            raise ScimRefused(400, OWN_PASSWORD, "mutability")
        user.email, user.email_index = after.user_name, blind_index(after.user_name, "user.email")
        fields += ["email", "email_index"]
    return fields


def _save_person(user: User, fields: list[str]) -> None:
    try:
        with transaction.atomic():
            user.save(update_fields=fields)
    except IntegrityError as known:
        raise ScimRefused(409, TAKEN, "uniqueness") from known


def _shut(user: User, actor: context.Actor, now: datetime) -> None:
    roles.deactivate(user, actor=actor, now=now, reason="Deactivated in the directory (SCIM)")
    ended = sessions.end_all_of(user)
    log.info("account shut by the directory", account=str(user.pk), sessions=ended)


def _check_group(said: Group, *, but: UUID | None, joined: Collection[UUID]) -> None:
    named = queries.groups().filter(display_name__iexact=said.display_name)
    if any(one.pk != but for one in named):
        raise ScimRefused(409, "A group with this displayName is here already.", "uniqueness")
    if joined and len(said.members) > MOST_MEMBERS:
        raise ScimRefused(400, f"A group has at most {MOST_MEMBERS} members.", "invalidValue")
    if queries.unknown_among(joined):
        raise ScimRefused(400, "There is no such member.", "invalidValue")


def _save_group(group: ProvisionedGroup, now: datetime) -> None:
    group.changed_at = now
    group.save()


def _follow(group: ProvisionedGroup, actor: context.Actor, now: datetime, reason: str) -> None:
    """Who left loses the role they had from here; who came gets it.

    Who got it from here once and lost it by an administrator's hand does not get it again.
    """
    left = [one for one in group.given_to if one not in group.members]
    _take_back(group, left, actor, now, reason)
    group.given_to = [one for one in group.given_to if one not in left]
    if not group.role or not group.members or not queries.can_be_given(group.role):
        return
    holders = set(RoleGrant.objects.filter(role=group.role).values_list("user_id", flat=True))
    for user in User.objects.filter(pk__in=group.members).exclude(pk__in=holders | {*group.given_to}):
        roles.grant(user, role=group.role, actor=actor, now=now, reason=reason)
        group.given_to = [*group.given_to, user.pk]


def _take_back(
    group: ProvisionedGroup, people: Collection[UUID], actor: context.Actor, now: datetime, reason: str
) -> None:
    """The group's role, from those who got it from here; another group that gives it to them keeps it for them."""
    if not people:
        return
    others = ProvisionedGroup.objects.select_for_update().filter(role=group.role).exclude(pk=group.pk).order_by("pk")
    for user in User.objects.filter(pk__in=people):
        keeper = next((other for other in others if user.pk in other.members), None)
        if keeper is not None:
            keeper.given_to = list(dict.fromkeys((*keeper.given_to, user.pk)))
            _save_group(keeper, now)
        elif group.role in user.role_keys:
            remaining = [role for role in user.role_keys if role != group.role]
            roles.change_roles(user, roles=remaining, actor=actor, now=now, reason=reason)
