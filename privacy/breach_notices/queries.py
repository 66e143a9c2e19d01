import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q, QuerySet

from privacy.breach_notices.catalogue import Stranger
from privacy.breach_notices.models import Delivery, Notice, ReceivedNotice
from privacy.breach_notices.states import UNSENT, State
from privacy.deadlines import queries as deadlines
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import Kind
from privacy.incidents import catalogue
from privacy.incidents import queries as incidents
from privacy.incidents.models import AffectedTenant, Incident

RECEIVED_SORTS = ("reference", "delivered_at", "acknowledged_at")


def notices() -> QuerySet[Notice]:
    """Every notice that Complere wrote, with what it is about."""
    return Notice.objects.select_related("subject_key", "affected__incident__subject_key").order_by("-version")


def of_tenant(row: AffectedTenant) -> QuerySet[Notice]:
    """The versions of the notice to one tenant, the newest first."""
    return notices().filter(affected=row)


def unsent(row: AffectedTenant) -> Notice | None:
    return of_tenant(row).filter(state__in=UNSENT).first()


def wording_digest(notice: Notice) -> str:
    """Tells whether somebody changed what a notice says between reading and approving it."""
    said = [str(notice.pk), notice.version, notice.content, notice.what_is_new, notice.next_update_hours]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def sent_of_many(rows: Iterable[Incident]) -> dict[Any, list[Notice]]:
    """Every sent notice of a page of incidents, in one query, by the incident's id."""
    found: dict[Any, list[Notice]] = {incident.pk: [] for incident in rows}
    sent = Notice.objects.filter(affected__incident__in=found, sent_at__isnull=False)
    for notice in sent.select_related("affected", "subject_key").order_by("sent_at"):
        found[notice.affected.incident_id].append(notice)
    return found


def received() -> QuerySet[ReceivedNotice]:
    """Every notice that this tenant received, the newest first."""
    return ReceivedNotice.objects.select_related("subject_key", "case").order_by("-delivered_at", "-version")


def received_filtered(*, text: str = "", state: str = "", sort: str = "") -> QuerySet[ReceivedNotice]:
    found = received().filter(reference__icontains=text) if text else received()
    if state:
        found = found.filter(state=state)
    return found.order_by(sort, "-delivered_at") if sort.removeprefix("-") in RECEIVED_SORTS else found


def received_of_many(rows: Iterable[Incident]) -> dict[Any, list[ReceivedNotice]]:
    """The notices received about a page of cases, in one query, by the case's id."""
    found: dict[Any, list[ReceivedNotice]] = {incident.pk: [] for incident in rows}
    for notice in ReceivedNotice.objects.filter(case__in=found).select_related("subject_key").order_by("version"):
        found[notice.case_id].append(notice)
    return found


def newest_received(case: Incident) -> ReceivedNotice | None:
    return received().filter(case=case).order_by("-version").first()


def controller_clock(case: Incident) -> Deadline | None:
    """The running or ended hours of Art. 33(1) of a case; the newest where they were computed anew."""
    return deadlines.of(case).filter(kind=Kind.BREACH_CONTROLLER).order_by("-state_changed_at").first()


def promised_until(row: AffectedTenant) -> datetime | None:
    """The last moment of our promise to tell this tenant, from our awareness (BRE-02); None before there is any."""
    aware_at = row.incident.aware_at
    if aware_at is None:
        return None
    return aware_at + timedelta(hours=incidents.hours("breach.processor_promise_hours", aware_at))


def strangers(row: AffectedTenant) -> list[Stranger]:
    """What may not be found in a notice to this tenant (BRE-10)."""
    rows = [*incidents.others_affected(row)]
    found = [Stranger(other.tenant_name, _figures(other)) for other in rows]
    whole = _figures(row.incident)
    return [*found, Stranger("all tenants together", whole)] if whole and rows else found


def own_figures(row: AffectedTenant) -> frozenset[int]:
    return _figures(row)


def prefilled(row: AffectedTenant) -> dict[str, Any]:
    """The form of a first draft: common texts of the incident, figures and particulars of this tenant alone."""
    incident = row.incident
    own = {name: getattr(row, name) for name in _SCALE}
    texts = {name: getattr(incident, name) for name in (*catalogue.TEXTS, "natures")}
    contact = {f"contact_{way}": getattr(incident, f"contact_{way}") for way in ("name", "email", "phone")}
    common = [name for name in incident.unknown_yet if name in catalogue.TEXTS]
    return {
        **own,
        **texts,
        **contact,
        "nature_text": row.particulars or incident.description,
        "unknown_yet": [*row.unknown_yet, *common],
    }


def troubled(now: datetime) -> QuerySet[Delivery]:
    """Mails of notices that bounced, failed, or have not gone out in time, and were not escalated yet (BRE-09)."""
    return Delivery.objects.filter(escalated_at=None).filter(_lost() | Q(email__state="queued", escalate_at__lte=now))


def to_remind(now: datetime) -> QuerySet[ReceivedNotice]:
    return received().filter(remind_at__lte=now).order_by("remind_at")


def next_follow_up() -> datetime | None:
    """When somebody has to look after a notice that arrived here."""
    waiting = Delivery.objects.filter(escalated_at=None).filter(_lost() | Q(email__state="queued"))
    lost = waiting.filter(_lost()).aggregate(at=Min("queued_at"))["at"]
    late = waiting.aggregate(at=Min("escalate_at"))["at"]
    remind = ReceivedNotice.objects.filter(remind_at__isnull=False).aggregate(at=Min("remind_at"))["at"]
    return min((at for at in (lost, late, remind) if at is not None), default=None)


def unacknowledged() -> int:
    return ReceivedNotice.objects.filter(state=State.DELIVERED).count()


_SCALE = (
    "subject_categories",
    "subjects_number",
    "subjects_unknown_because",
    "record_categories",
    "records_number",
    "records_unknown_because",
)


def _lost() -> Q:
    return Q(email__state="failed") | Q(email__bounced_at__isnull=False)


def _figures(scale: Any) -> frozenset[int]:
    return frozenset(n for n in (scale.subjects_number, scale.records_number) if n is not None)
