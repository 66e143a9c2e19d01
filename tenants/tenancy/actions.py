"""Making and keeping tenants."""

import secrets
import string
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from audit import context
from audit.subject_keys import actions as subject_keys
from audit.transitions import MoveRefused, move
from tenants import schemas
from tenants.regions import catalogue
from tenants.tenancy import queries
from tenants.tenancy.models import Domain, Tenant
from tenants.tenancy.states import PUBLIC, Plan, State

ALPHABET = string.ascii_lowercase + string.digits
RESERVED_HOSTS = {"www", "console", "admin", "api", "mail", "trust", "status"}


class ProvisioningRefused(ValueError):
    """The tenant cannot be made as asked; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def new_schema_name() -> str:
    """Generated, never typed in: `t_` and twelve random characters."""
    return "t_" + "".join(secrets.choice(ALPHABET) for _ in range(12))


def provision(
    *,
    name: str,
    origin: str,
    region: str,
    actor: context.Actor,
    now: datetime,
    reason: str,
    plan: Plan = Plan.STANDARD,
) -> Tenant:
    """Make a tenant with its schema, role and keys, in one transaction: half-way failures leave nothing.

    `origin` is scheme, host and port, as links will show it. Raises `ProvisioningRefused`.
    """
    host = _checked_host(origin)
    place = _checked_region(region)
    with schemas.on_platform(), context.regulated_write(actor=actor, reason=reason):
        tenant = Tenant(
            schema_name=new_schema_name(),
            name=name.strip(),
            origin=origin.rstrip("/"),
            region=place.code,
            calendar=place.calendar,
            time_zone=place.time_zone,
            plan=plan,
            state_changed_at=now,
            created_at=now,
        )
        _claim_host(tenant, host)
        _create_schema(tenant.schema_name)
        with schemas.inside(tenant):
            subject_keys.create_tenant_keys(now=now)
    return tenant


def install_platform(*, origin: str, region: str, actor: context.Actor, now: datetime) -> Tenant:
    """Make sure that Complere's own row and keys exist and that its origin is the configured one."""
    place = catalogue.region(region)
    with schemas.on_platform(), context.regulated_write(actor=actor, reason="Install the platform"):
        tenant = Tenant.objects.filter(schema_name=PUBLIC).first() or Tenant(
            schema_name=PUBLIC, name="Complere", created_at=now, state_changed_at=now
        )
        tenant.region, tenant.calendar, tenant.time_zone = place.code, place.calendar, place.time_zone
        if tenant._state.adding or tenant.origin != origin:
            tenant.origin = origin
            tenant.save()
        _point_host(tenant, origin)
        subject_keys.create_tenant_keys(now=now)
    return tenant


def change_origin(tenant: Tenant, *, origin: str, actor: context.Actor, now: datetime, reason: str) -> Tenant:
    """Links of this tenant are built from `origin` from now on."""
    with schemas.on_platform(), context.regulated_write(actor=actor, reason=reason):
        if tenant.origin != origin:
            tenant.origin = origin
            tenant.save(update_fields=["origin"])
            _point_host(tenant, origin)
    return tenant


def change_plan(tenant: Tenant, *, plan: Plan, actor: context.Actor, now: datetime, reason: str) -> Tenant:
    """What the tenant's contract includes from now on. Raises `MoveRefused` for the plan it has, or once it is closed.

    With less, nothing is deleted: who came in by single sign-on comes in so no more, and their sessions end.
    """
    with schemas.on_platform(), context.regulated_write(actor=actor, reason=reason):
        fresh = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if fresh.state == State.CLOSED:
            raise MoveRefused("This tenant is closed.")
        if fresh.plan == plan:
            raise MoveRefused(f"This tenant has the plan {fresh.plan.capitalize()} already.")
        fresh.plan = plan
        fresh.save(update_fields=["plan"])
    return fresh


def suspend(tenant: Tenant, *, actor: context.Actor, now: datetime, reason: str) -> Tenant:
    with schemas.on_platform():
        return move(tenant, State.SUSPENDED, actor=actor, now=now, reason=reason)


def resume(tenant: Tenant, *, actor: context.Actor, now: datetime, reason: str) -> Tenant:
    with schemas.on_platform():
        return move(tenant, State.ACTIVE, actor=actor, now=now, reason=reason)


def close(tenant: Tenant, *, actor: context.Actor, now: datetime, reason: str) -> Tenant:
    """The tenant answers nothing any more; its schema stays until its data is returned or deleted (Art. 28(3)(g))."""
    with schemas.on_platform():
        return move(tenant, State.CLOSED, actor=actor, now=now, reason=reason)


def _claim_host(tenant: Tenant, host: str) -> None:
    """Write the tenant and its host; the unique columns decide between two that want the same one."""
    try:
        with transaction.atomic():
            tenant.save(force_insert=True)
            Domain.objects.create(domain=host, tenant=tenant, is_primary=True)
    except IntegrityError as taken:
        raise ProvisioningRefused("host", f"{host} already leads to another tenant. Choose another host.") from taken


def _point_host(tenant: Tenant, origin: str) -> None:
    host = urlsplit(origin).hostname or ""
    if not Domain.objects.filter(domain=host, tenant=tenant).exists():
        Domain.objects.create(domain=host, tenant=tenant, is_primary=True)


def _create_schema(schema_name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT doors.provision(%s)", [schema_name])


def _checked_host(origin: str) -> str:
    parts = urlsplit(origin)
    host = (parts.hostname or "").lower()
    labels = host.split(".")
    well_formed = len(host) <= 253 and all(label and label.strip("-").replace("-", "").isalnum() for label in labels)
    if parts.scheme not in ("http", "https") or not host.isascii() or not well_formed or len(labels) < 2:
        raise ProvisioningRefused("host", "Give a full host name, for example acme.trust.example.")
    if labels[0] in RESERVED_HOSTS or host == urlsplit(settings.PLATFORM_ORIGIN).hostname:
        raise ProvisioningRefused("host", f"{host} is reserved. Choose another host.")
    return host


def _checked_region(code: str) -> catalogue.Region:
    try:
        place = catalogue.region(code)
    except catalogue.UnknownRegion as unknown:
        raise ProvisioningRefused("region", str(unknown)) from unknown
    own = queries.platform().region
    if place.code != own:
        raise ProvisioningRefused(
            "region",
            f"This deployment serves {own} only. Provision a {place.code} tenant in the deployment of that region.",
        )
    return place
