"""Comparing what was captured twice, and keeping what does not agree until it does."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import connection, transaction

from audit import context
from audit.reconciliation import queries
from audit.reconciliation.adapters import inventory
from audit.reconciliation.catalogue import Difference
from audit.reconciliation.models import Finding

log = structlog.get_logger(__name__)

RECONCILER = context.service("reconciler")
REASON = "Ledger, history, records and the database's structure were compared"


def check(*, now: datetime, houses: dict[str, str] | None = None) -> list[Difference]:
    """Compare everything in the schema that the connection is in; what is new, and what has gone, is written down."""
    with transaction.atomic():
        _alone()
        found = sorted({*queries.differences(), *inventory.faults(houses)})
        keep(found, now=now)
    return found


def check_structure(*, now: datetime) -> list[str]:
    """The quick look at every start: is any trigger of capture switched off? Writes nothing but the log."""
    disabled = inventory.disabled()
    if disabled:
        log.error("capture is switched off", triggers=disabled[:20], number=len(disabled), at=now)
    return disabled


def keep(found: Iterable[Difference], *, now: datetime) -> None:
    """Finding rows for these differences; those that are no longer there are resolved."""
    standing = {(finding.kind, finding.place): finding for finding in queries.open_findings()}
    by_place = {(difference.kind.value, difference.place): difference for difference in found}
    new = [by_place[place] for place in sorted(by_place.keys() - standing.keys())]
    gone = [standing[place] for place in sorted(standing.keys() - by_place.keys())]
    if by_place:
        log.error(
            "the trail does not agree with itself",
            schema=context.current_schema(),
            findings=len(by_place),
            new=len(new),
        )
    if not new and not gone:
        return
    with context.regulated_write(actor=RECONCILER, reason=REASON):
        for difference in new:
            _note(difference, now)
        for finding in gone:
            _resolve(finding, now)


def _note(difference: Difference, now: datetime) -> None:
    log.error("finding", kind=difference.kind.value, place=difference.place, text=difference.text)
    Finding.objects.create(kind=difference.kind.value, place=difference.place, text=difference.text, first_seen_at=now)


def _resolve(finding: Finding, now: datetime) -> None:
    finding.resolved_at = max(now, finding.first_seen_at)
    finding.save(update_fields=["resolved_at"])


def _alone() -> None:
    """Two comparisons at once would write each finding twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"reconciliation {context.current_schema()}"]
        )
