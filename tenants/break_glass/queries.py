from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Min, QuerySet

from audit.access_log import queries as access_log
from tenants.break_glass import catalogue
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import with_permission
from tenants.members.staff_entries.queries import reference
from tenants.schemas import is_platform
from tenants.tenancy import queries as tenancy
from tenants.tenancy.models import Tenant

if TYPE_CHECKING:
    from audit.ledger.models import Access

DECIDES = "tenants.decide_on_entry"


def requests() -> QuerySet[EntryRequest]:
    """Every request, the newest first."""
    return EntryRequest.objects.select_related("tenant").order_by("-requested_at", "pk")


def matching(*, state: str = "", tenant: str = "") -> QuerySet[EntryRequest]:
    found = requests().filter(state=state) if state else requests()
    return found.filter(tenant_id=tenant) if tenant else found


def by_id(number: UUID) -> EntryRequest | None:
    return requests().filter(pk=number).first()


def waiting(visitor_id: UUID, tenant: Tenant, ticket: str) -> QuerySet[EntryRequest]:
    """What this person asked for under this ticket, and nobody has decided on."""
    return EntryRequest.objects.filter(state=State.REQUESTED, visitor_id=visitor_id, tenant_id=tenant.pk, ticket=ticket)


def enterable() -> QuerySet[Tenant]:
    return tenancy.active_customers()


def deciders(visitor_id: UUID) -> list[User]:
    """Who may decide on a request of this person: never they themselves (ASVS 2.3.5)."""
    return [person for person in with_permission(DECIDES) if person.pk != visitor_id]


def is_late(entry: EntryRequest, now: datetime) -> bool:
    """Whether it waited too long for a decision."""
    return entry.requested_at + catalogue.REQUEST_LIFE <= now


def over(now: datetime) -> list[EntryRequest]:
    """What has to be brought to its end."""
    waiting = requests().filter(state=State.REQUESTED, requested_at__lte=now - catalogue.REQUEST_LIFE)
    return [*waiting, *requests().filter(state=State.APPROVED, ends_at__lte=now)]


def next_due() -> datetime | None:
    """When a request or an entry is next over; None in every schema but Complere's."""
    if not is_platform():
        return None
    asked = EntryRequest.objects.filter(state=State.REQUESTED).aggregate(at=Min("requested_at"))["at"]
    ends = EntryRequest.objects.filter(state=State.APPROVED).aggregate(at=Min("ends_at"))["at"]
    moments = [asked + catalogue.REQUEST_LIFE if asked else None, ends]
    return min((moment for moment in moments if moment is not None), default=None)


def pages(entry: EntryRequest, size: int) -> "list[Access]":
    """The newest pages that were opened on this visit, as Complere's own access log has them."""
    return access_log.page(access_log.Search(records=(reference(entry.pk),)), size=size).entries
