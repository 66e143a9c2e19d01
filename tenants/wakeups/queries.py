from datetime import datetime

from django.db.models import Min, QuerySet

from tenants.tenancy import queries as tenancy
from tenants.tenancy.models import Tenant
from tenants.wakeups.models import WakeUp


def of(schema: str) -> QuerySet[WakeUp]:
    return WakeUp.objects.filter(schema_name=schema)


def next_of(schema: str) -> datetime | None:
    """When a schema is next looked into."""
    found: datetime | None = of(schema).aggregate(at=Min("due_at"))["at"]
    return found


def sleepers() -> list[Tenant]:
    """Complere itself and every tenant, closed ones included: duties last as long as the data do."""
    return [tenancy.platform(), *tenancy.customers()]
