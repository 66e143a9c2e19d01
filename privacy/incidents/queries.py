from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from privacy.deadlines import catalogue as parameters
from privacy.deadlines import clock
from privacy.deadlines import queries as deadlines
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import OPEN, Basis, Kind
from privacy.incidents.models import AffectedTenant, Incident
from privacy.incidents.states import State
from tenants import schemas
from tenants.tenancy import queries as tenancy

SORTS = ("reference", "title", "detected_at", "aware_at", "logged_at")


def incidents() -> QuerySet[Incident]:
    """Every incident of this schema, newest first."""
    return Incident.objects.select_related("subject_key").order_by("-logged_at", "-reference")


def filtered(*, text: str = "", state: str = "", year: int | None = None, sort: str = "") -> QuerySet[Incident]:
    """Incidents by words of their reference or title, by state, by year of logging."""
    found = incidents()
    if text:
        found = found.filter(Q(reference__icontains=text) | Q(title__icontains=text))
    if state:
        found = found.filter(state=state)
    if year:
        found = found.filter(logged_at__year=year)
    return found.order_by(sort, "-logged_at", "-reference") if sort.removeprefix("-") in SORTS else found


def logged_by(user_id: UUID) -> QuerySet[Incident]:
    """What one person logged: all that somebody may see who may log but not read."""
    return incidents().filter(logged_by_id=user_id)


def by_token(token: UUID) -> Incident | None:
    return incidents().filter(form_token=token).first()


def affected(incident: Incident) -> QuerySet[AffectedTenant]:
    """The tenants an incident concerns, by name, with the notices to each."""
    return incident.affected.filter(removed_at=None).prefetch_related("notices").order_by("tenant_name")


def affected_of_many(incidents: Iterable[Incident]) -> dict[UUID, list[AffectedTenant]]:
    """The affected tenants of a page of incidents, in one query; in a tenant, which has none, without one."""
    found: dict[UUID, list[AffectedTenant]] = {incident.pk: [] for incident in incidents}
    if not schemas.is_platform():
        return found
    for row in AffectedTenant.objects.filter(incident__in=found, removed_at=None).order_by("tenant_name"):
        found[row.incident_id].append(row)
    return found


def affected_rows() -> QuerySet[AffectedTenant]:
    return AffectedTenant.objects.filter(removed_at=None).select_related("incident__subject_key")


def others_affected(row: AffectedTenant) -> QuerySet[AffectedTenant]:
    """The other tenants of the same incident, of whom a notice to this one must hold nothing (BRE-10)."""
    return AffectedTenant.objects.filter(incident=row.incident_id).exclude(pk=row.pk)


def next_reference(now: datetime) -> str:
    """The next number of this year, as `INC-2026-0003`. Holds a lock until the transaction ends: no gaps, no twins."""
    place = f"incident reference {schemas.current_schema()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [place])
    prefix = f"INC-{now.astimezone(zone()).year}-"
    # By length first: INC-2026-10000 comes after INC-2026-9999.
    taken = Incident.objects.filter(reference__startswith=prefix).order_by(Length("reference").desc(), "-reference")
    last = taken.values_list("reference", flat=True).first() or prefix + "0"
    return f"{prefix}{int(last.removeprefix(prefix)) + 1:04d}"


def here() -> Any:
    """The tenant whose schema we are in; Complere's own row on the platform."""
    return tenancy.platform() if schemas.is_platform() else schemas.current()


def zone() -> ZoneInfo:
    return ZoneInfo(here().time_zone)


def hours(key: str, on: datetime, tenant: Any = None) -> int:
    """A number of hours from the legal parameters in force for a tenant (the current one) at this moment (BRE-16)."""
    owner = tenant or here()
    day = clock.local_day(on, ZoneInfo(owner.time_zone))
    return parameters.parameter(key, parameters.jurisdiction(owner.calendar), day).value


def clocks_of(
    rows: Iterable[Incident], tenants: dict[UUID, list[AffectedTenant]] | None = None
) -> dict[UUID, list[Deadline]]:
    """Every deadline of a page of incidents, those of their affected tenants included, in one query each."""
    listed = list(rows)
    affected = affected_of_many(listed) if tenants is None else tenants
    found = deadlines.of_many([*listed, *(row for rows in affected.values() for row in rows)])
    return {
        incident.pk: [
            deadline for record in (incident, *affected[incident.pk]) for deadline in found[deadlines.key(record)]
        ]
        for incident in listed
    }


def open_duties(incident: Incident) -> list[Deadline]:
    """What still has to be done before the incident may be closed."""
    return [deadline for deadline in clocks_of([incident])[incident.pk] if deadline.state in OPEN]


def record_of(subject: str) -> Incident | AffectedTenant | None:
    """The record that a deadline is about, from `label:id`."""
    label, _, pk = subject.partition(":")
    if label == Incident._meta.label_lower:
        return incidents().filter(pk=pk).first()
    if label == AffectedTenant._meta.label_lower:
        return affected_rows().filter(pk=pk).first()
    return None


def years() -> list[int]:
    """The years that have incidents, the newest first."""
    return [day.year for day in Incident.objects.datetimes("logged_at", "year", order="DESC")]


def open_incidents() -> QuerySet[Incident]:
    """What is still worked on, newest first."""
    return incidents().exclude(state__in=[State.CLOSED, State.NO_BREACH])


def alarm_key(incident: Incident, deadline: Deadline, now: datetime) -> str:
    """Names one alarm of one incident, so that many tenants with the same clock make one mail."""
    return f"{incident.pk}|{deadline.kind}|{deadline.due_at:%m%d%H%M}|{hours_left(deadline, now)}"


def hours_left(deadline: Deadline, now: datetime) -> int:
    """Full hours until the due moment, to the nearest; 0 once it is too late."""
    return max(round((deadline.due_at - now).total_seconds() / 3600), 0)


def alarm(incident: Incident, deadline: Deadline, now: datetime) -> dict[str, Any]:
    """What the mail of an alarm tells."""
    rows = list(affected(incident))
    clocks = deadlines.of_many(rows)
    waiting = [
        row.tenant_name
        for row in rows
        if any(c.kind == deadline.kind and c.state in OPEN for c in clocks[deadlines.key(row)])
    ]
    left = hours_left(deadline, now)
    return {
        "incident": incident,
        "title": deadline.title,
        "waiting": waiting if deadline.kind != Kind.BREACH_CONTROLLER else [],
        "overdue": now >= deadline.due_at,
        "left": "1 hour" if left == 1 else f"{left} hours",
        "target": deadline.basis == Basis.TARGET,
        "due_at": deadline.due_at,
        "zone": deadline.time_zone,
    }


def selectable(incident: Incident, text: str, ticked: Iterable[str], most: int) -> list[tuple[str, str]]:
    """Customers that may be added to an incident, as choices: those ticked before, then those whose name matches."""
    listed = set(affected(incident).values_list("tenant_id", flat=True))
    chosen = [pk for pk in ticked if _is_uuid(pk)]
    kept = tenancy.customers().filter(pk__in=chosen)
    # PostgreSQL refuses NUL inside a text.
    matching = tenancy.customers().filter(name__icontains=text.replace("\x00", "")).exclude(pk__in=[*listed, *chosen])
    return [(str(tenant.pk), tenant.name) for tenant in (*kept, *matching[:most])]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
