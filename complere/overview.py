"""What the overview of a desk tells, assembled from all apps (see tenants/figures.py)."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from privacy.breach_notices import queries as notices
from privacy.incidents import presenters as incident_words
from privacy.incidents import queries as incidents
from privacy.subject_requests import presenters as request_words
from privacy.subject_requests import queries as requests
from tenants import figures, schemas
from tenants.figures import Duty, Figure, Told
from tenants.members.contacts import queries as contacts
from trust_center.document_requests import queries as document_requests

NEXT = figures.NEXT
# The duties of so many incidents are looked through.
MOST = 100


def register() -> None:
    """Name each teller with the permission that opens what it tells of."""
    figures.register("privacy.view_requests", subject_requests)
    figures.register("privacy.view_incidents", open_incidents)
    figures.register("privacy.acknowledge_notices", breach_notices)
    figures.register("members.manage_contacts", dead_contacts)
    figures.register("trust.view_document_requests", asked_documents)


def subject_requests(now: datetime) -> Told:
    url, load = reverse("subject-requests"), requests.load(now)
    told = [Figure("Open requests", load.open, url, _week(load.week))]
    if load.overdue:
        told.append(Figure("Requests overdue", load.overdue, f"{url}?due=overdue", "answer them first", "failed"))
    rows = request_words.rows(requests.soonest(NEXT), now)
    return Told(told, [duty for row in rows if (duty := _duty(f"{row.reference} {row.type}", row.url, row.clock))])


def open_incidents(now: datetime) -> Told:
    found = list(incidents.open_incidents()[:MOST])
    count = len(found) if len(found) < MOST else incidents.open_incidents().count()
    clocks = incidents.clocks_of(found)
    duties = []
    for incident in found:
        row = incident_words.row(incident, clocks[incident.pk], [], now)
        url = reverse("incident", args=[incident.pk])
        if duty := _duty(f"{incident.reference} {incident.title}", url, row["clock"]):
            duties.append(duty)
    return Told([Figure("Open incidents", count, reverse("incidents"), tone="attention" if found else "")], duties)


def breach_notices(now: datetime) -> Told:
    """Notices wait for acknowledgement in a tenant only: the platform sends them."""
    waiting = 0 if schemas.is_platform() else notices.unacknowledged()
    if not waiting:
        return Told()
    return Told(
        [Figure("Notices to acknowledge", waiting, reverse("breach-notices"), "read and confirm them", "failed")]
    )


def dead_contacts(now: datetime) -> Told:
    waiting = len(contacts.needs_attention(now))
    if not waiting:
        return Told()
    note = "a breach notice must reach somebody"
    return Told([Figure("Contacts to confirm", waiting, reverse("contacts"), note, "attention")])


def asked_documents(now: datetime) -> Told:
    """The queue of the console, as the promise of one business day sees it (DOC-06)."""
    url, figures_now = reverse("document-requests"), document_requests.on_time(now)
    note = f"{figures_now.rate} answered on time in 90 days" if figures_now.rate else "none answered in 90 days"
    told = [Figure("Document requests", figures_now.open_now, url, note)]
    if figures_now.overdue:
        told.append(Figure("Documents overdue", figures_now.overdue, url, "answer them first", "failed"))
    return Told(told)


def _duty(title: str, url: str, clock: dict[str, Any] | None) -> Duty | None:
    if clock is None or clock.get("done_at"):
        return None
    return Duty(title, str(clock["title"]), url, clock["at"], clock)


def _week(count: int) -> str:
    return f"{count} due within 7 days" if count else "none due within 7 days"
