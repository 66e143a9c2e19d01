"""Waking schemas and doing what is due in them.

The transaction that writes work adds a wake-up for its schema. A sweeper takes the earliest one that is due, leases
the schema, runs its chores, and replaces the wake-ups it saw by the next moment that the chores name. Nobody waits
for anybody: writers only add rows, sweepers take only rows that no other sweeper holds.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction

from tenants import chores, schemas
from tenants.tenancy import queries as tenancy
from tenants.wakeups import queries
from tenants.wakeups.models import WakeUp

log = structlog.get_logger(__name__)

# One chore may leave work for another: a bell queues a mail. More rounds than this wait for the next visit.
PASSES = 3
# A chore that fails is tried again after this, not at every sweep.
AFTER_FAILURE = timedelta(minutes=5)
# How long one sweep goes on while more is due; the next message of beat goes on from there.
SWEEP_SECONDS = 20.0
# Measured: a database backend keeps about 0.4 MB of catalogue for each schema it has been in.
SCHEMAS_PER_CONNECTION = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased schema, and the moment at which somebody wanted it looked into."""

    schema: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """What was done in one schema: pieces of work, the names of chores that failed, when to come again."""

    done: int
    failed: frozenset[str]
    again_at: datetime | None


@dataclass(slots=True)
class Sweep:
    """What one sweep did: schemas visited, pieces of work, chores that failed, the longest delay in seconds."""

    schemas: int = 0
    done: int = 0
    failed: int = 0
    latest: float = 0.0


def wake(at: datetime) -> None:
    """Make sure that the sweep looks into this schema at `at` (aware) or before; call it where the work is written.

    The SQL stands in tenants/postgresql/doors.sql: a tenant's role sees no public table, so it knocks at a door that
    knows the caller's role.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT doors.wake(%s)", [at])


def sweep(*, clock: Callable[[], datetime], seconds: float = SWEEP_SECONDS) -> Sweep:
    """Visit schema after schema until none is due or `seconds` have passed. Costs one query when nothing is due."""
    swept, began = Sweep(), clock()
    until = began + timedelta(seconds=seconds)
    while (claim := claim_next(now=clock())) is not None:
        _visit(claim, swept, clock())
        if swept.schemas % SCHEMAS_PER_CONNECTION == 0:
            connection.close()
        if clock() >= until:
            break
    level = log.info if swept.schemas else log.debug
    level(
        "sweep ended",
        schemas=swept.schemas,
        done=swept.done,
        failed=swept.failed,
        latest_seconds=round(swept.latest, 3),
        seconds=round((clock() - began).total_seconds(), 3),
    )
    return swept


def claim_next(*, now: datetime) -> Claim | None:
    """Lease one due schema, or None. If this process dies, another looks again when the lease is over."""
    with schemas.on_platform(), transaction.atomic():
        # skip_locked: a second sweeper takes the next schema instead of waiting for this one.
        wakeup = queries.due(now).select_for_update(skip_locked=True).first()
        if wakeup is None:
            return None
        claim = Claim(wakeup.schema_name, wakeup.due_at)
        wakeup.due_at = now + _lease()
        wakeup.save(update_fields=["due_at"])
        # The others of this schema: whatever they were written for is seen by the visit that begins now.
        queries.free(queries.of(claim.schema).filter(due_at__lte=now)).delete()
    return claim


def work(schema: schemas.HasSchema, *, now: datetime) -> Visit:
    """Run every chore of one schema until nothing is left, then settle."""
    failed: set[str] = set()
    total = 0
    with schemas.inside(schema):
        for _ in range(PASSES):
            done = sum(_run(chore, now, failed) for chore in chores.every() if chore.name not in failed)
            total += done
            if not done:
                break
    again_at = settle(schema, now=now, idle=total == 0, failed=failed)
    return Visit(total, frozenset(failed), again_at)


def settle(
    schema: schemas.HasSchema, *, now: datetime, idle: bool = False, failed: Collection[str] = ()
) -> datetime | None:
    """Replace the wake-ups of a schema by the next moment that its chores name, and return that.

    A wake-up is dropped only after the work behind it could be seen: first the wake-ups are read, then the chores are
    asked. A writer that commits in between, or later, has added a wake-up that stays. `idle`: what was due could not
    be done (another sweeper is at it), so look again after a lease.
    """
    with schemas.on_platform():
        seen = list(queries.of(schema.schema_name).values_list("pk", flat=True))
    with schemas.inside(schema):
        moments = [moment for chore in chores.every() if (moment := _next_due(chore, now, failed)) is not None]
    at = min(moments, default=None)
    if at is not None and at <= now:
        at = now + _lease() if idle else now
    with schemas.on_platform(), transaction.atomic():
        queries.free(WakeUp.objects.filter(pk__in=seen)).delete()
        if at is not None:
            WakeUp.objects.create(schema_name=schema.schema_name, due_at=at)
    return at


def reconcile(schema: schemas.HasSchema, *, now: datetime) -> bool:
    """Work out anew when a schema is next due; True when its wake-up was lost or late, as after editing by hand."""
    with schemas.on_platform():
        known = queries.next_of(schema.schema_name)
    wanted = settle(schema, now=now)
    lost = wanted is not None and (known is None or known > wanted)
    if lost:
        log.warning("wake-up was lost", schema=schema.schema_name, known=known, wanted=wanted)
    return lost


def _visit(claim: Claim, swept: Sweep, now: datetime) -> None:
    swept.schemas += 1
    swept.latest = max(swept.latest, (now - claim.due_at).total_seconds())
    with schemas.on_platform():
        tenant = tenancy.by_schema(claim.schema)
    if tenant is None:
        _forget(claim.schema)
        return
    visit = work(tenant, now=now)
    swept.done += visit.done
    swept.failed += len(visit.failed)


def _run(chore: chores.Chore, now: datetime, failed: set[str]) -> int:
    line = _line()
    try:
        return chore.run(now)
    except Exception:
        if _lost(line):
            raise
        # One broken chore must not keep the others of this schema from their work.
        log.exception("chore failed", chore=chore.name, schema=schemas.current_schema())
        failed.add(chore.name)
        return 0


def _next_due(chore: chores.Chore, now: datetime, failed: Collection[str]) -> datetime | None:
    if chore.name in failed:
        return now + AFTER_FAILURE
    line = _line()
    try:
        return chore.next_due()
    except Exception:
        if _lost(line):
            raise
        log.exception("chore cannot tell when it is due", chore=chore.name, schema=schemas.current_schema())
        return now + AFTER_FAILURE


def _line() -> object:
    connection.ensure_connection()
    return connection.connection


def _lost(line: object) -> bool:
    """Whether the server went away meanwhile; Django replaces a lost connection unseen.

    A chore that failed for that reason is not put off: the visit ends, and the lease brings somebody back soon.
    """
    return connection.connection is not line or not connection.is_usable()


def _forget(schema: str) -> None:
    """A closed tenant has nothing to do any more."""
    with schemas.on_platform(), transaction.atomic():
        queries.free(queries.of(schema)).delete()


def _lease() -> timedelta:
    return timedelta(seconds=settings.SWEEP_LEASE_SECONDS)
