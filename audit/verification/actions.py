"""Checking the trail of the schema that the connection is in, and keeping what was found."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection, transaction

from audit import context
from audit.sequencer.queries import Head
from audit.verification import queries
from audit.verification.adapters import checker
from audit.verification.models import TrailCheck

log = structlog.get_logger(__name__)

# How often a page can show how far a check is.
TOLD_EVERY = 0.5


def request_check(*, actor: context.Actor, now: datetime) -> TrailCheck:
    """Somebody wants the trail checked; the check that waits already where there is one."""
    waiting = queries.waiting().first()
    if waiting is not None:
        return waiting
    name, key = actor.written_in(context.current_schema())
    return TrailCheck.objects.create(requested_at=now, asker=name, asker_key_id=key)


def run_check(
    check: TrailCheck, *, known: Sequence[Head], now: datetime, progress: checker.Progress | None = None
) -> TrailCheck | None:
    """Do it and keep the findings; None when another process is at it. `known` are heads kept outside of this book."""
    claimed = _claim(check, now)
    if claimed is None:
        return None
    began = time.monotonic()
    try:
        report = checker.check(
            schema=context.current_schema(), now=now, known=known, progress=_teller(claimed, progress)
        )
    except (DatabaseError, ValueError) as failure:
        log.exception("the trail cannot be checked", schema=context.current_schema())
        claimed.failure = f"The check could not be finished: {type(failure).__name__}."
    else:
        claimed.size, claimed.root, claimed.heads = report.size, report.root, report.heads
        claimed.findings = [[found.kind.value, found.record, found.text] for found in report.findings]
        if report.findings:
            log.error("the trail is damaged", schema=report.schema, findings=len(report.findings))
    claimed.seconds = time.monotonic() - began
    claimed.finished_at = now + timedelta(seconds=claimed.seconds)
    claimed.save()
    _recover()
    return claimed


def _claim(check: TrailCheck, now: datetime) -> TrailCheck | None:
    with transaction.atomic():
        fresh = TrailCheck.objects.select_for_update(skip_locked=True).filter(pk=check.pk, finished_at=None).first()
        if fresh is None or (fresh.started_at is not None and now - fresh.started_at < timedelta(minutes=10)):
            return None
        fresh.started_at, fresh.done, fresh.total = now, 0, 0
        fresh.save(update_fields=["started_at", "done", "total"])
        return fresh


def _teller(check: TrailCheck, progress: checker.Progress | None) -> checker.Progress:
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if progress is not None:
            progress(done, total)
        if time.monotonic() - told >= TOLD_EVERY:
            told = time.monotonic()
            check.done, check.total = done, total
            check.save(update_fields=["done", "total"])

    return tell


def _recover() -> None:
    """Events that wait although nothing says so go back into the queue."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_recover()")
        found = int(cursor.fetchone()[0])
    if found:
        log.error("events had been forgotten by the queue", schema=context.current_schema(), events=found)
