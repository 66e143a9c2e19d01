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
    """Count each violation; a new one is kept while there is room, after those of long ago have gone."""
    with schemas.on_platform():
        for report in reports:
            key = hashlib.sha256("\x00".join((report.page, report.directive, report.blocked)).encode()).hexdigest()
            if BrowserReport.objects.filter(pk=key).update(times=F("times") + 1, last_at=now):
                continue
            BrowserReport.objects.filter(last_at__lt=now - KEPT_FOR).delete()
            if BrowserReport.objects.count() < KEPT_AT_MOST:
                _add(key, report, now)


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
