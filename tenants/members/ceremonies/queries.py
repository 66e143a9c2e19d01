from datetime import datetime

from django.db.models import Min

from tenants.members.ceremonies.models import Ceremony


def next_end() -> datetime | None:
    """When the oldest ceremony of this schema is over."""
    found: datetime | None = Ceremony.objects.aggregate(at=Min("expires_at"))["at"]
    return found
