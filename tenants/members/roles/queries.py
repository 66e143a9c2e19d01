from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet

from audit.signatures.catalogue import Meaning
from audit.signatures.queries import rule_of
from tenants.members.access_policies import queries as policies
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.models import User
from tenants.members.roles import catalogue
from tenants.members.roles.models import CustomRole, RoleGrant
from tenants.schemas import is_platform


@dataclass(frozen=True, slots=True)
class Named:
    """A role, whether the catalogue names it or this workspace made it."""

    key: str
    name: str
    purpose: str
    permissions: frozenset[str]
    custom: bool = False


@dataclass(frozen=True, slots=True)
class SignedMove:
    """A move of a kind of record that takes an electronic signature; `was` is "*" where any state leads there."""

    record: str
    was: str
    to: str
    meanings: tuple[Meaning, ...]


def admin_role() -> type[catalogue.Role]:
    """The role that manages people here."""
    return catalogue.PlatformAdmin if is_platform() else catalogue.TenantAdmin


def shipped(*, platform: bool) -> list[Named]:
    """The roles of the catalogue."""
    return [_shipped(role) for role in catalogue.of_schema(platform=platform)]


def roles_here() -> list[Named]:
    """Every role that can be given in this schema: those of the catalogue, then those made here and not retired."""
    made = CustomRole.objects.filter(retired_at=None).order_by("name", "key")
    return [*shipped(platform=is_platform()), *map(made_here, made)]


def role_named(key: str) -> Named | None:
    """The role of this key, also one that is retired or not of this host: for telling what somebody had."""
    if key in catalogue.ROLES:
        return _shipped(catalogue.ROLES[key])
    found = CustomRole.objects.filter(pk=key).first()
    return made_here(found) if found else None


def name_of(key: str) -> str:
    """A role that is in no catalogue any more keeps its key as its name."""
    found = role_named(key)
    return found.name if found else key


def made_here(role: CustomRole) -> Named:
    return Named(role.key, role.name, role.purpose, role.carries, custom=True)


def custom_roles() -> QuerySet[CustomRole]:
    """Every role that was made here, retired ones last."""
    return CustomRole.objects.order_by(models.F("retired_at").asc(nulls_first=True), "name", "key")


def holders(key: str) -> list[User]:
    """Who holds the role, also who is deactivated: they would come back with it."""
    return list(User.objects.filter(grants__role=key).order_by("created_at", "pk"))


def held_by_how_many() -> dict[str, int]:
    """Number of people, by role."""
    counted = RoleGrant.objects.order_by().values("role").annotate(people=models.Count("pk"))
    return {row["role"]: row["people"] for row in counted}


def permissions_held_by(person_id: UUID | None) -> frozenset[str]:
    """What a person of this schema may do now; nothing for anybody else."""
    person = User.objects.filter(pk=person_id, is_active=True).first() if person_id else None
    return frozenset(person.permissions()) if person else frozenset()


def signed_moves() -> dict[str, list[SignedMove]]:
    """What takes an electronic signature, by the permission that opens it: read from the SIGNING of every model."""
    found: dict[str, list[SignedMove]] = {}
    for label, permission in catalogue.SIGNED.items():
        found.setdefault(permission, []).extend(_signed_moves(apps.get_model(label)))
    return found


def admins() -> list[User]:
    """Who manages people here and can sign in, longest here first.

    While nobody has accepted yet: the admins who are invited.
    """
    holders = User.objects.filter(is_active=True, grants__role=admin_role().key).order_by("created_at", "pk")
    return list(holders.filter(accounts.ACCEPTED)) or list(holders)


def lock_admins() -> list[User]:
    """The admins who can come in, held until the transaction ends, so that two cannot remove each other at once."""
    role = admin_role().key
    list(RoleGrant.objects.select_for_update().filter(role=role).order_by("pk"))
    # Asked anew: what another transaction changed while this one waited must count.
    return list(_who_can_come_in().filter(grants__role=role))


def is_only_admin(user: User) -> bool:
    """Whether `user` is an admin and nobody else who can come in is one; held until the transaction ends."""
    others = [admin for admin in lock_admins() if admin.pk != user.pk]
    return not others and RoleGrant.objects.filter(user=user, role=admin_role().key).exists()


def _who_can_come_in() -> QuerySet[User]:
    """Active people with a password that opens the door here, or an identity at a provider in use."""
    rules, by_password = policies.rules(), accounts.ACCEPTED
    if rules.sso_required:
        by_password &= Q(pk__in=rules.recovery_accounts)
    # Providers stand above roles: asked for by name.
    by_provider = Q(pk__in=User.objects.filter(identities__provider__state="active").values("pk"))
    return User.objects.filter(by_password | by_provider, is_active=True)


def _shipped(role: type[catalogue.Role]) -> Named:
    return Named(role.key, role.name, role.purpose, role.permissions)


def _signed_moves(model: type[models.Model]) -> Iterable[SignedMove]:
    rule = rule_of(model)
    name = str(model._meta.verbose_name)
    return [SignedMove(name, was, to, tuple(said)) for (was, to), said in rule.moves.items()] if rule else []
