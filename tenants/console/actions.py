"""What staff does with tenants beyond their register."""

from datetime import datetime

from audit import context
from tenants import schemas
from tenants.members.access_policies import actions as policies
from tenants.members.roles import actions as roles
from tenants.members.roles.catalogue import TenantAdmin
from tenants.tenancy import actions as tenancy
from tenants.tenancy.models import Tenant
from tenants.tenancy.queries import origin_of
from tenants.tenancy.states import Plan


def provision_with_admin(
    *,
    name: str,
    host: str,
    region: str,
    admin_name: str,
    admin_email: str,
    actor: context.Actor,
    now: datetime,
    reason: str,
    plan: str = Plan.STANDARD,
) -> Tenant:
    """Make a tenant and invite its first admin, in one transaction. Raises `ProvisioningRefused`."""
    with schemas.on_platform(), context.regulated_write(actor=actor, reason=reason):
        tenant = tenancy.provision(
            name=name, origin=origin_of(host), region=region, plan=Plan(plan), actor=actor, now=now, reason=reason
        )
        with schemas.inside(tenant):
            roles.invite(
                email=admin_email, full_name=admin_name, roles=[TenantAdmin.key], actor=actor, now=now, reason=reason
            )
    return tenant


def change_plan(tenant: Tenant, *, plan: Plan, actor: context.Actor, now: datetime, reason: str) -> Tenant:
    """What the contract includes from now on. Without providers, none is required: nobody is shut out by a rule.

    Raises `MoveRefused`.
    """
    with schemas.on_platform(), context.regulated_write(actor=actor, reason=reason):
        fresh = tenancy.change_plan(tenant, plan=plan, actor=actor, now=now, reason=reason)
        if plan == Plan.STANDARD:
            with schemas.inside(fresh):
                policies.require_no_provider(actor=actor, now=now, reason=reason)
    return fresh
