from datetime import datetime

from django.db.models import Min, QuerySet

from tenants.tenancy import queries as tenancy
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import State
from tenants.wakeups.models import WakeUp


def due(now: datetime) -> QuerySet[WakeUp]:
    """Wake-ups whose moment has come, longest waiting first. One indexed question."""
    return WakeUp.objects.filter(due_at__lte=now).order_by("due_at")


def of(schema: str) -> QuerySet[WakeUp]:
    return WakeUp.objects.filter(schema_name=schema)


def free(wakeups: QuerySet[WakeUp]) -> QuerySet[WakeUp]:
    """Those that no other sweeper holds, locked for us; so nothing here ever waits or deadlocks."""
    return WakeUp.objects.filter(pk__in=wakeups.select_for_update(skip_locked=True).values("pk"))


def next_of(schema: str) -> datetime | None:
    """When a schema is next looked into."""
    found: datetime | None = of(schema).aggregate(at=Min("due_at"))["at"]
    return found


def sleepers() -> list[Tenant]:
    """Complere itself and every tenant that is not closed: whoever can have something to do."""
    return [tenancy.platform(), *tenancy.customers().exclude(state=State.CLOSED)]
