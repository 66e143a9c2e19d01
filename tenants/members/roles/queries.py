from tenants.members.accounts import queries as accounts
from tenants.members.accounts.models import User
from tenants.members.roles import catalogue
from tenants.members.roles.models import RoleGrant
from tenants.schemas import is_platform


def admin_role() -> type[catalogue.Role]:
    """The role that manages people here."""
    return catalogue.PlatformAdmin if is_platform() else catalogue.TenantAdmin


def roles_here() -> list[type[catalogue.Role]]:
    return catalogue.of_schema(platform=is_platform())


def admins() -> list[User]:
    """Who manages people here and can sign in, longest here first.

    While nobody has accepted yet: the admins who are invited.
    """
    holders = User.objects.filter(is_active=True, grants__role=admin_role().key).order_by("created_at", "pk")
    return list(holders.filter(accounts.ACCEPTED)) or list(holders)


def lock_admins() -> list[User]:
    """The admins who can sign in, held until the transaction ends, so that two cannot remove each other at once."""
    role = admin_role().key
    list(RoleGrant.objects.select_for_update().filter(role=role).order_by("pk"))
    # Asked anew: what another transaction changed while this one waited must count.
    return list(accounts.who_can_sign_in().filter(grants__role=role))
