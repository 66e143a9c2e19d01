"""Keeping what browsers tell, so that a page that breaks its policy is seen before somebody is hurt by it."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db.models import F

from tenants import schemas
from tenants.browser_reports.models import BrowserReport
from tenants.browser_reports.queries import Told

# What strangers send must not fill the disk.
KEPT_AT_MOST = 500
KEPT_FOR = timedelta(days=90)

log = structlog.get_logger(__name__)


def keep(reports: Iterable[Told], *, now: datetime) -> None:
    """Count each violation; a new one takes the place of the rarest when there is no room."""
    with schemas.on_platform():
        for report in reports:
            key = hashlib.sha256("\x00".join((report.page, report.directive, report.blocked)).encode()).hexdigest()
            if BrowserReport.objects.filter(pk=key).update(times=F("times") + 1, last_at=now):
                continue
            BrowserReport.objects.filter(last_at__lt=now - KEPT_FOR).delete()
            _make_room()
            _add(key, report, now)


def _make_room() -> None:
    """What came once and long ago goes first: strangers who fill the table push out each other's inventions."""
    surplus = BrowserReport.objects.count() - KEPT_AT_MOST + 1
    if surplus > 0:
        least = BrowserReport.objects.order_by("times", "first_at").values_list("pk", flat=True)[:surplus]
        BrowserReport.objects.filter(pk__in=[*least]).delete()


def _add(key: str, report: Told, now: datetime) -> None:
    log.warning("a page broke its policy", page=report.page, directive=report.directive, blocked=report.blocked)
    values = {
        "page": report.page,
        "directive": report.directive,
        "blocked": report.blocked,
        "source": report.source,
        "first_at": now,
        "last_at": now,
    }
    BrowserReport.objects.get_or_create(key=key, defaults=values)
