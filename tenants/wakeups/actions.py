"""Waking schemas: the same transaction that writes work lowers the schema's wake-up.

The SQL stands in tenants/postgresql/doors.sql: a tenant's role sees no public table, so it
knocks at a door that knows the caller's role.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction

from tenants import chores, schemas
from tenants.wakeups import queries
from tenants.wakeups.models import WakeUp

log = structlog.get_logger(__name__)


def wake(at: datetime) -> None:
    """Make sure that the sweep looks into this schema at `at` (aware) or before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT doors.wake(%s)", [at])


def claim_next(*, now: datetime) -> str | None:
    """Take one due schema, or None. Its wake-up moves by a lease: if this process dies, another looks again."""
    with schemas.on_platform(), transaction.atomic():
        # skip_locked: a second sweeper takes the next schema instead of waiting for this one.
        wakeup = queries.due(now).select_for_update(skip_locked=True).first()
        if wakeup is None:
            return None
        wakeup.due_at = now + timedelta(seconds=settings.SWEEP_LEASE_SECONDS)
        wakeup.save(update_fields=["due_at"])
        return wakeup.schema_name


def work(schema: schemas.HasSchema, *, now: datetime) -> int:
    """Run every chore of one claimed schema, then settle when to look again. Returns how much was done."""
    done = 0
    with schemas.inside(schema):
        for chore in chores.every():
            done += _run(chore, schema.schema_name, now)
        with transaction.atomic():
            _settle(now)
    return done


def _run(chore: chores.Chore, schema: str, now: datetime) -> int:
    try:
        return chore.run(now)
    except Exception:
        # One broken chore must not keep the others of this schema from their work.
        log.exception("chore failed", chore=chore.name, schema=schema)
        return 0


def _settle(now: datetime) -> None:
    """Write the next due moment, unless a writer is still at it: then look again at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT doors.try_settle()")
        alone = cursor.fetchone()[0]
        if alone:
            moments = [moment for chore in chores.every() if (moment := chore.next_due()) is not None]
            due_at = max(min(moments), now + timedelta(seconds=1)) if moments else None
        else:
            due_at = now + timedelta(seconds=1)
        cursor.execute("SELECT doors.settle(%s)", [due_at])


@transaction.atomic
def register_schema(schema: str) -> None:
    """Give a new schema its wake-up row. Only on the platform."""
    WakeUp.objects.get_or_create(schema_name=schema)
