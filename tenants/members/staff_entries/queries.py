"""Who of Complere's staff is, or was, in this tenant, and what they did here."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.signing import BadSignature
from django.db.models import QuerySet
from django.http import HttpRequest

from audit import context
from audit.access_log import queries as access_log
from audit.ledger import queries as ledger
from tenants import schemas, signing
from tenants.members.accounts.models import User
from tenants.members.staff_entries import catalogue
from tenants.members.staff_entries.models import StaffEntry

if TYPE_CHECKING:
    from audit.ledger.models import Access, Event

ASKS = "tenants.ask_to_enter"
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Part:
    """Stands where a member's role stands."""

    role: str
    name: str
    purpose: str
    permissions: frozenset[str]


class Parts(tuple[Part, ...]):
    __slots__ = ()

    def all(self) -> "Parts":
        return self


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member of Complere's staff inside a tenant: `request.user` there, though no user of the tenant.

    `actor` is of the public schema and so can sign nothing here (§11.100(a)): it is nobody's account in this one.
    """

    visit: StaffEntry
    actor: context.Actor
    email: str
    # Raised in the console when all sessions of this person are ended there: those of the visit end with them.
    epoch: int = 0
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    job_title: str = ""
    locked_until: datetime | None = None
    managed_by: str = ""
    last_sign_in_at: datetime | None = None

    @property
    def pk(self) -> UUID:
        return self.visit.visitor_id

    @property
    def id(self) -> UUID:
        return self.visit.visitor_id

    @property
    def full_name(self) -> str:
        return self.visit.visitor

    @property
    def role_names(self) -> str:
        return catalogue.role(may_write=self.visit.may_write)

    @property
    def role_keys(self) -> list[str]:
        return []

    @property
    def grants(self) -> Parts:
        may_write = self.visit.may_write
        return Parts([Part("", self.role_names, catalogue.purpose(may_write=may_write), frozenset(self.permissions()))])

    def get_username(self) -> str:
        return self.visit.visitor

    def has_usable_password(self) -> bool:
        return False

    def permissions(self) -> set[str]:
        return set(catalogue.permissions(may_write=self.visit.may_write))

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return permission in self.permissions()


def entries() -> QuerySet[StaffEntry]:
    """Every entry, the newest first."""
    return StaffEntry.objects.order_by("-approved_at", "pk")


def by_id(number: UUID) -> StaffEntry | None:
    return StaffEntry.objects.filter(pk=number).first()


def standing() -> QuerySet[StaffEntry]:
    """Entries that nobody has ended; their time may be over."""
    return StaffEntry.objects.filter(ended_at=None)


def is_over(entry: StaffEntry, now: datetime) -> bool:
    return entry.ended_at is not None or entry.ends_at <= now


def visitor(entry_id: UUID | str) -> Visitor | None:
    """Who comes for this entry; None once it has ended, or when its visitor may enter no tenant any more."""
    entry = standing().filter(pk=entry_id).first()
    if entry is None:
        return None
    with schemas.on_platform():
        person = User.objects.filter(pk=entry.visitor_id, is_active=True).first()
        if person is None or not person.has_perm(ASKS):
            return None
        actor = replace(person.actor, name=entry.visitor, role=catalogue.role(may_write=entry.may_write))
        # Opened here: the person's key is of this schema.
        return Visitor(entry, actor, person.email, epoch=person.session_epoch)


def visitor_of(request: HttpRequest) -> Visitor | None:
    """The visitor of this request; None for everybody else."""
    who: object = request.user
    return who if isinstance(who, Visitor) else None


def ticket_holds(token: str) -> tuple[UUID, str] | None:
    """Entry and secret of a ticket of this schema that is not late; None for every other. Uses nothing up."""
    life = int(catalogue.TICKET_LIFE.total_seconds())
    try:
        found = signing.unsign(token, purpose=catalogue.TICKET, max_age_seconds=life)
        return UUID(found["entry"]), str(found["secret"])
    except (BadSignature, KeyError, TypeError, ValueError):
        return None


def reference(entry_id: UUID) -> str:
    """How the access log and the trail name a visit."""
    return f"visit:{entry_id}"


@dataclass(frozen=True, slots=True)
class Traces:
    """What was done on a visit: pages opened, the newest of them first, and changes of records."""

    pages: "list[Access]"
    writes: "list[Event]"
    more_pages: int

    @property
    def opened(self) -> int:
        return len(self.pages) + self.more_pages


def traces(entry: StaffEntry) -> Traces:
    """From the access log and the ledger of this schema."""
    search = access_log.Search(records=(reference(entry.pk),))
    pages = access_log.page(search, size=MOST_SHOWN).entries
    return Traces(pages, _writes(entry), max(access_log.count(search) - len(pages), 0))


def _writes(entry: StaffEntry) -> "list[Event]":
    """Events that name this visit, looked for between the first and the last event of the entry itself."""
    table = StaffEntry._meta.db_table
    own = list(ledger.events_of(table, str(entry.pk)).values_list("seq", flat=True))
    if not own:
        return []
    until = None if entry.ended_at is None else own[-1]
    return [*ledger.came_by(reference(entry.pk), after=own[0], until=until).exclude(obj=table)]
