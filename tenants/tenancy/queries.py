from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tenants import schemas
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import PUBLIC, State


def platform() -> Tenant:
    """Complere's own row: the tenant whose schema is `public`."""
    return Tenant.objects.get(schema_name=PUBLIC)


def customers() -> QuerySet[Tenant]:
    """Every tenant but Complere itself, by name."""
    return Tenant.objects.exclude(schema_name=PUBLIC).order_by("name")


def customers_matching(*, text: str = "", state: str = "", region: str = "", plan: str = "") -> QuerySet[Tenant]:
    """Customers whose name or host holds `text`, narrowed by what is given."""
    found = customers()
    if text:
        found = found.filter(Q(name__icontains=text) | Q(origin__icontains=text))
    given = {"state": state, "region": region, "plan": plan}
    return found.filter(**{field: value for field, value in given.items() if value})


def origin_of(host: str) -> str:
    """The origin a tenant has at `host`: scheme and port are those of the platform."""
    parts = urlsplit(settings.PLATFORM_ORIGIN)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def active_customers() -> QuerySet[Tenant]:
    return customers().filter(state=State.ACTIVE)


def by_id(tenant_id: UUID | str) -> Tenant:
    """Raises `Tenant.DoesNotExist`."""
    return Tenant.objects.get(pk=tenant_id)


def by_schema(schema: str) -> Tenant | None:
    """The tenant of a schema that still lives; None when it is unknown or closed."""
    return Tenant.objects.filter(schema_name=schema).exclude(state=State.CLOSED).first()


def with_data_in(schema: str) -> Tenant | None:
    """The tenant whose data a schema holds, also once it is closed: duties towards it last as long as its data do."""
    return Tenant.objects.filter(schema_name=schema).first()


def by_host(host: str) -> Tenant | None:
    return Tenant.objects.filter(domains__domain=host).exclude(state=State.CLOSED).first()


def of_request(request: HttpRequest) -> Tenant:
    """The tenant whose host the request came in on; Complere's own row on the platform host."""
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


def zone_here() -> str:
    """The time zone of this schema's owner, an IANA name."""
    return str(getattr(schemas.current(), "time_zone", "")) or platform().time_zone


def plan_here() -> str:
    """The plan of this schema's owner."""
    known = str(getattr(schemas.current(), "plan", ""))
    if known:
        return known
    here = schemas.current_schema()
    with schemas.on_platform():
        owner = with_data_in(here)
    return owner.plan if owner else ""


def name_here() -> str:
    """What this schema's owner is called, for pages and mails."""
    return str(getattr(schemas.current(), "name", "Complere"))
