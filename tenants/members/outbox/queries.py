from datetime import datetime
from uuid import UUID

from django.db.models import Min, QuerySet

from tenants.members.outbox.models import Email
from tenants.members.outbox.states import State


def due(now: datetime) -> QuerySet[Email]:
    """Mails to be tried now, longest waiting first."""
    return Email.objects.filter(next_try_at__lte=now).order_by("next_try_at")


def next_due() -> datetime | None:
    return Email.objects.filter(next_try_at__isnull=False).aggregate(at=Min("next_try_at"))["at"]


def about(subject: str) -> QuerySet[Email]:
    """Mails about one record, newest first."""
    return Email.objects.filter(about=subject).select_related("subject_key").order_by("-created_at")


def failed() -> QuerySet[Email]:
    """Mails that will not be tried again, newest failure first."""
    return Email.objects.filter(state=State.FAILED).order_by("-state_changed_at")


def failures_to(subject_key_id: UUID, since: datetime) -> QuerySet[Email]:
    """Mails to this person that failed for good since then, whatever they were about."""
    return failed().filter(subject_key_id=subject_key_id, state_changed_at__gte=since)
