"""Requests for documents: who asks, what waits, how fast we were."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, F, IntegerField, Min, Q, QuerySet

from audit.subject_keys.queries import blind_index, word_indexes
from privacy.deadlines import catalogue as law
from privacy.deadlines import clock
from tenants import schemas
from trust_center.document_requests.catalogue import Filing
from trust_center.document_requests.clock import business_minutes
from trust_center.document_requests.models import DocumentRequest, Enquiry, Grant, Pass
from trust_center.document_requests.states import ANSWERED, FIGURES_OVER, KEPT_AFTER_EXPIRY, OPEN, SEEN, Link, State
from trust_center.documents import queries as documents
from trust_center.documents.states import Kind
from trust_center.documents.states import State as VersionState

MAIL = "trust.document_request.email"
WORDS = "trust.document_request.words"
CONTENT = "trust.document_request.content"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def email_index(email: str) -> str:
    return blind_index(email, MAIL)


def content_index(parts: Iterable[object]) -> str:
    """Keyed digest of everything that was asked: equal for the same form sent twice."""
    return blind_index("\x1f".join(str(part) for part in parts), CONTENT)


def content_of(filing: Filing) -> str:
    """The digest of what somebody asks."""
    fields = (filing.email, filing.name, filing.company, filing.country, filing.purpose, filing.message)
    return content_index([*fields, filing.is_customer, *sorted(filing.kinds)])


def words_of(*texts: str) -> list[str]:
    return word_indexes(" ".join(texts), WORDS)


def hours(calendar: str, time_zone: str) -> law.ServiceHours:
    """When the serving region answers: its own holidays, sub-national ones included (clocks A.3)."""
    return law.ServiceHours(law.holiday_calendar(calendar), ZoneInfo(time_zone))


def promise(received_at: datetime, calendar: str, time_zone: str) -> clock.BusinessDeadline:
    """When a request received at this instant is answered at the latest (DOC-01 to DOC-03)."""
    served = hours(calendar, time_zone)
    day = clock.local_day(received_at, served.zone)
    days = law.parameter("doc.business_days", law.jurisdiction(calendar), day).value
    return clock.business_days(received_at, days, served.cutoff, clock.Place(served.calendar, served.zone))


def minutes_taken(record: DocumentRequest, until: datetime) -> int:
    """Business minutes from the start of the clock that runs, or ran last."""
    served = hours(record.calendar, record.time_zone)
    start = record.clock_started_at or until
    return business_minutes(
        start, until, calendar=served.calendar, zone=served.zone, opens=served.opens, cutoff=served.cutoff
    )


def by_nonce(nonce: str) -> DocumentRequest | None:
    return DocumentRequest.objects.filter(form_nonce=nonce).select_related("subject_key").first()


def same_unconfirmed(content: str, now: datetime) -> DocumentRequest | None:
    """A request with exactly this content that still waits for its confirmation."""
    waiting = DocumentRequest.objects.filter(
        content_index=content, state=State.AWAITING_CONFIRMATION, confirm_by__gt=now
    )
    return waiting.select_related("subject_key").first()


def twin_of(record: DocumentRequest) -> DocumentRequest | None:
    """An open request of the same mailbox for the same documents, from the same door: a tenant sees only its own."""
    same = {"email_index": record.email_index, "kinds": record.kinds, "tenant_id": record.tenant_id}
    twins = DocumentRequest.objects.filter(**same, state__in=OPEN)
    return twins.exclude(pk=record.pk).select_related("subject_key").first()


def behind(token: str, now: datetime) -> DocumentRequest | None:
    """The request that a mailed link opens while it lives, or the one that it was merged into."""
    found = Pass.objects.filter(token_hash=digest(token), expires_at__gt=now)
    mailed = found.select_related("request__subject_key", "request__merged_into__subject_key").first()
    if mailed is None:
        return None
    record = mailed.request.merged_into or mailed.request
    # An unconfirmed request that ended was erased: nothing is left to be shown.
    return None if record.state == State.EXPIRED and record.received_at is None else record


def passes_over(now: datetime) -> QuerySet[Pass]:
    """Mailed links that expired so long ago that nobody asks any more why they do not work."""
    return Pass.objects.filter(expires_at__lte=now - KEPT_AFTER_EXPIRY)


def next_pass_over() -> datetime | None:
    oldest: datetime | None = Pass.objects.aggregate(at=Min("expires_at"))["at"]
    return oldest + KEPT_AFTER_EXPIRY if oldest else None


def request(request_id: UUID | str) -> DocumentRequest | None:
    """A request that staff may see."""
    seen = DocumentRequest.objects.filter(pk=request_id, state__in=SEEN, received_at__isnull=False)
    return seen.select_related("subject_key").first()


def by_subject(subject: str) -> DocumentRequest | None:
    """The request that a deadline names, as `app.model:id`."""
    label, _, key = subject.partition(":")
    found = label == DocumentRequest._meta.label_lower
    return DocumentRequest.objects.select_related("subject_key").filter(pk=key).first() if found else None


def queue(*, state: str = "open", kind: str = "", text: str = "", overdue_at: datetime | None = None) -> QuerySet[Any]:
    """What staff see: open ones by due time, the stopped ones last; closed ones newest first."""
    rows = DocumentRequest.objects.filter(received_at__isnull=False, state__in=SEEN).select_related("subject_key")
    if text:
        rows = rows.filter(_matching(text))
    if kind:
        rows = rows.filter(kinds__contains=[kind])
    if overdue_at is not None:
        rows = rows.filter(due_at__lte=overdue_at)
    if state == "open":
        return rows.filter(state__in=OPEN).order_by(F("due_at").asc(nulls_last=True), "received_at", "pk")
    if state == "closed":
        return rows.filter(closed_at__isnull=False).order_by("-closed_at", "pk")
    return (rows.filter(state=state) if state else rows).order_by("-received_at", "pk")


def _matching(text: str) -> Q:
    """By reference, by address, or by whole words of name and company: they are stored as digests only."""
    found = Q(reference=text.strip().upper()) | Q(email_index=email_index(text))
    words = words_of(text)
    return found | Q(words__contains=words) if words else found


def of_tenant(tenant_id: UUID) -> QuerySet[DocumentRequest]:
    """The requests that people of one tenant made, newest first."""
    return DocumentRequest.objects.filter(tenant_id=tenant_id).select_related("subject_key").order_by("-created_at")


def grants_of(record: DocumentRequest) -> list[Grant]:
    """The links that answered a request, each with its downloads, in the order of the catalogue."""
    rows = record.grants.select_related("version__document").defer("version__pdf", "version__facts")
    found = rows.prefetch_related("log__subject_key")
    return sorted(found, key=lambda row: (row.granted_at, documents.ORDER[Kind(row.version.document.kind)]))


def grant(grant_id: UUID | str) -> Grant | None:
    rows = Grant.objects.select_related("request__subject_key", "version__document")
    return rows.defer("version__pdf", "version__facts").filter(pk=grant_id).first()


def grant_of(token: str) -> Grant | None:
    rows = Grant.objects.select_related("request__subject_key", "version__document")
    return rows.defer("version__pdf", "version__facts").filter(token_hash=digest(token)).first()


def why_over(given: Grant, now: datetime) -> str:
    """Why the link does not work any more, in one sentence; empty while it does."""
    if given.state == Link.REVOKED:
        return "It was revoked."
    if given.version.state == VersionState.RETIRED:
        return "The version that it leads to was withdrawn."
    if now >= given.expires_at:
        return f"It expired on {given.expires_at:%-d %B %Y at %H:%M} UTC."
    if given.downloads >= given.max_downloads:
        return f"It was used {given.max_downloads} times, which is as often as it may be."
    return ""


def enquiries_of(record: DocumentRequest) -> QuerySet[Enquiry]:
    return record.enquiries.select_related("subject_key").order_by("asked_at")


def open_enquiry(record: DocumentRequest) -> Enquiry | None:
    return enquiries_of(record).filter(answered_at=None).first()


def to_expire(now: datetime) -> QuerySet[DocumentRequest]:
    """Requests that waited too long for somebody outside."""
    unconfirmed = Q(state=State.AWAITING_CONFIRMATION, confirm_by__lte=now)
    unanswered = Q(state=State.INFORMATION_ASKED, answer_by__lte=now)
    return DocumentRequest.objects.filter(unconfirmed | unanswered).order_by("pk")


def next_expiry() -> datetime | None:
    waiting = DocumentRequest.objects.filter(state=State.AWAITING_CONFIRMATION).aggregate(at=Min("confirm_by"))["at"]
    asked = DocumentRequest.objects.filter(state=State.INFORMATION_ASKED).aggregate(at=Min("answer_by"))["at"]
    return min((at for at in (waiting, asked) if at is not None), default=None)


class PercentileDisc(Aggregate):
    """The nearest-rank percentile, reckoned by the database."""

    function = "PERCENTILE_DISC"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: str, *, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=float(fraction), output_field=IntegerField(), **extra)


@dataclass(frozen=True, slots=True)
class Figures:
    """How the promise was kept over the last 90 days (DOC-06); times in business minutes."""

    closed: int
    on_time: int
    open_now: int
    overdue: int
    p50: int | None
    p95: int | None

    @property
    def rate(self) -> str:
        """On time of all closed, in percent, never rounded up to a hundred."""
        if not self.closed:
            return ""
        return f"{self.on_time * 1000 // self.closed / 10:g} %"


def on_time(now: datetime) -> Figures:
    """Answered before the due instant, of all answered or closed late in the last 90 days (DOC-06). One query."""
    closed = Q(closed_at__gt=now - FIGURES_OVER, closed_at__lte=now)
    # Withdrawn in time is no answer and no miss; what ended after its due instant is a miss whatever ended it.
    counted = closed & (Q(state__in=ANSWERED) | Q(was_late=True))
    answered = closed & Q(answer_minutes__isnull=False)
    found = DocumentRequest.objects.filter(Q(state__in=OPEN) | closed).aggregate(
        closed=Count("pk", filter=counted),
        on_time=Count("pk", filter=counted & Q(was_late=False)),
        open_now=Count("pk", filter=Q(state__in=OPEN)),
        overdue=Count("pk", filter=Q(state__in=OPEN, due_at__lte=now)),
        p50=PercentileDisc("answer_minutes", fraction=0.5, filter=answered),
        p95=PercentileDisc("answer_minutes", fraction=0.95, filter=answered),
    )
    return Figures(**found)


def misses(now: datetime) -> QuerySet[DocumentRequest]:
    """What was closed late in the last 90 days, newest first."""
    return DocumentRequest.objects.filter(was_late=True, closed_at__gt=now - FIGURES_OVER).order_by("-closed_at")


def held_about(email: str) -> list[str]:
    """What is held about the person with this address, a line each (GDPR Art. 15). Empty in a tenant's schema."""
    if not schemas.is_platform():
        return []
    rows = DocumentRequest.objects.filter(email_index=email_index(email)).order_by("created_at")
    return [f"{row.reference}, {row.created_at:%-d %B %Y}: asked for {', '.join(row.kinds)}" for row in rows]
