from datetime import datetime

from django.db.models import QuerySet

from tenants.wakeups.models import WakeUp


def due(now: datetime) -> QuerySet[WakeUp]:
    """Schemas in which something is due, longest waiting first. One indexed question."""
    return WakeUp.objects.filter(due_at__lte=now).order_by("due_at")
