"""The register as the public, tenants and the DPA read it."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Min, QuerySet

from privacy.deadlines import catalogue, clock
from tenants.tenancy import queries as tenancy
from trust_center.subprocessor_register import hashing
from trust_center.subprocessor_register.models import Edition, Listing
from trust_center.subprocessor_register.states import MATERIAL, Change, State, change

# What the public reads; the vendor's identity is for tenants and the DPA (SUB-07).
PUBLIC_FIELDS = ("code", "category", "purpose", "personal_data", "region", "location", "transfer_tool")
WORDING = (
    "category",
    "purpose",
    "personal_data",
    "region",
    "location",
    "transfer_tool",
    "vendor",
    "vendor_address",
    "vendor_contact",
    "chain",
    "effective_on",
    "position",
)


def current() -> QuerySet[Listing]:
    """The sub-processors in use, with their vendors: what a DPA lists."""
    return Listing.objects.filter(state=State.CURRENT).order_by("position", "code")


def announced() -> QuerySet[Listing]:
    """Changes that were announced and are not in force yet, the next one first."""
    return Listing.objects.filter(state=State.ANNOUNCED).order_by("effective_on", "position", "code")


def announced_until(day: date) -> QuerySet[Listing]:
    """Announced changes that take effect on `day` or before."""
    return announced().filter(effective_on__lte=day)


def next_effective_at() -> datetime | None:
    """The local midnight, in UTC, at which the next announced change takes effect."""
    day = announced().aggregate(on=Min("effective_on"))["on"]
    return None if day is None else clock.first_instant(day, zone())


def rows() -> list[Listing]:
    """One row a sub-processor for the desk: the draft where there is one, then announced, then current."""
    order = [State.DRAFT, State.ANNOUNCED, State.CURRENT]
    found = Listing.objects.filter(state__in=order).order_by("position", "code")
    by_code: dict[str, Listing] = {}
    for row in sorted(found, key=lambda row: order.index(State(row.state)), reverse=True):
        by_code[row.code] = row
    return sorted(by_code.values(), key=lambda row: (row.position, row.code))


def versions(code: str) -> QuerySet[Listing]:
    """Every version of one entry, newest first."""
    return Listing.objects.filter(code=code).order_by("-version")


def newest(code: str) -> Listing | None:
    return versions(code).exclude(state__in=[State.DISCARDED, State.WITHDRAWN]).first()


def in_state(code: str, state: State) -> Listing | None:
    return Listing.objects.filter(code=code, state=state).first()


def is_empty() -> bool:
    return not Listing.objects.exists()


def next_code() -> str:
    """The code of a new entry: SP- and the next number."""
    numbers = [
        int(code[3:]) for code in Listing.objects.values_list("code", flat=True).distinct() if code[3:].isdigit()
    ]
    return f"SP-{max(numbers, default=0) + 1:02}"


def wording_digest(listing: Listing) -> str:
    """Tells whether somebody changed the entry between reading and writing it."""
    content = {"version": listing.version, **{name: str(getattr(listing, name)) for name in WORDING}}
    return hashing.digest([content])


def identity(listing: Listing) -> dict[str, str]:
    return {field: str(getattr(listing, field)) for field in MATERIAL}


def change_of(draft: Listing) -> tuple[Change, list[str]]:
    """What publishing this draft would change, and the words for the material fields."""
    before = in_state(draft.code, State.CURRENT)
    return change(identity(before) if before else None, identity(draft))


def zone() -> ZoneInfo:
    return ZoneInfo(tenancy.platform().time_zone)


def today(now: datetime) -> date:
    """The civil date at the platform's seat."""
    return clock.local_day(now, zone())


def notice_days(on: date) -> int:
    """How many clear days a change is announced before it takes effect (SUB-04, SUB-05)."""
    place = tenancy.platform().calendar
    return catalogue.parameter("subprocessor.notice_days", catalogue.jurisdiction(place), on).value


def earliest_effect(now: datetime) -> date:
    """The first day on which a change published now may take effect, never rolled (SUB-05)."""
    day = today(now)
    return clock.later(day, notice_days(day) + 1)


def public_row(listing: Listing) -> dict[str, object]:
    values: dict[str, object] = {field: getattr(listing, field) for field in PUBLIC_FIELDS}
    return {
        **values,
        "engaged_on": listing.engaged_on.isoformat(),
        "status": str(listing.state),
        "effective_on": listing.effective_on.isoformat(),
    }


def public_rows(listings: Sequence[Listing] | None = None) -> list[dict[str, object]]:
    """What the digest is made over: current entries, then announced ones."""
    return [public_row(row) for row in (listings if listings is not None else [*current(), *announced()])]


def edition() -> Edition | None:
    """The newest edition of the public register."""
    return Edition.objects.order_by("-number").first()


def editions() -> QuerySet[Edition]:
    return Edition.objects.order_by("-number")


def is_true_to_edition() -> bool:
    """Whether the rows in the database still have the digest that was published (SUB-09)."""
    newest_edition = edition()
    return newest_edition is not None and hashing.digest(public_rows()) == newest_edition.digest
