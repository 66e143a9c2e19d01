from datetime import datetime

from django.db.models import Min, QuerySet
from django.db.models.functions import Coalesce

from tenants.members.email_domains.catalogue import CHECKED_EVERY, DomainRefused, normalised
from tenants.members.email_domains.models import EmailDomain


def domains() -> QuerySet[EmailDomain]:
    """Every domain that this workspace names as its own, by name."""
    return EmailDomain.objects.order_by("domain")


def is_verified(domain: str) -> bool:
    """Whether the workspace proved that this domain, in whatever spelling, is its own."""
    try:
        name = normalised(domain)
    except DomainRefused:
        return False
    return EmailDomain.objects.filter(domain=name, verified_at__isnull=False).exists()


def next_check() -> datetime | None:
    """When the domain that was looked up longest ago is due again."""
    verified = EmailDomain.objects.filter(verified_at__isnull=False)
    found: datetime | None = verified.aggregate(at=Min(Coalesce("checked_at", "verified_at")))["at"]
    return found + CHECKED_EVERY if found else None


def due(now: datetime) -> list[EmailDomain]:
    """Proved domains whose record was not looked up for a day."""
    before = now - CHECKED_EVERY
    verified = EmailDomain.objects.filter(verified_at__isnull=False).order_by("domain")
    return [one for one in verified if (one.checked_at or one.verified_at) <= before]  # type: ignore[operator]
