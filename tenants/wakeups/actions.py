"""Waking schemas and doing what is due in them.

The transaction that writes work adds a wake-up for its schema. A sweeper takes the earliest one that is due, leases
the schema, runs its chores, and replaces the wake-ups it saw by the next moment that the chores name. Nobody waits
for anybody: writers only add rows, sweepers take only rows that no other sweeper holds.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection

from tenants import chores, schemas
from tenants.tenancy import queries as tenancy
from tenants.wakeups import queries

log = structlog.get_logger(__name__)

# One chore may leave work for another: a bell queues a mail. More rounds than this wait for the next visit.
PASSES = 3
# A chore that fails is tried again after this, not at every sweep.
AFTER_FAILURE = timedelta(minutes=5)
# How long one sweep goes on while more is due; the next message of beat goes on from there.
SWEEP_SECONDS = 20.0
# Measured: a database backend keeps about 0.4 MB of catalogue for each schema it has been in.
SCHEMAS_PER_CONNECTION = 200

# Each in one statement, and none that waits: a row that another sweeper holds is left to that one.
CLAIM = """
    WITH first AS (
        SELECT id, schema_name, due_at FROM tenants_wakeup WHERE due_at <= %(now)s
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), others AS (
        SELECT id FROM tenants_wakeup
        WHERE schema_name = (SELECT schema_name FROM first) AND due_at <= %(now)s AND id <> (SELECT id FROM first)
        FOR UPDATE SKIP LOCKED
    ), dropped AS (
        DELETE FROM tenants_wakeup WHERE id IN (SELECT id FROM others)
    ), leased AS (
        UPDATE tenants_wakeup SET due_at = %(lease)s WHERE id IN (SELECT id FROM first)
    )
    SELECT schema_name, due_at FROM first
"""
REPLACE = """
    WITH dropped AS (
        DELETE FROM tenants_wakeup WHERE id IN (
            SELECT id FROM tenants_wakeup WHERE id = ANY(%(seen)s) FOR UPDATE SKIP LOCKED
        )
    )
    INSERT INTO tenants_wakeup (schema_name, due_at)
    SELECT %(schema)s, at FROM (SELECT %(at)s::timestamptz AS at) AS next WHERE at IS NOT NULL
"""


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
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "lease": now + _lease()})
        row = cursor.fetchone()
    return Claim(*row) if row else None


def work(schema: schemas.HasSchema, *, now: datetime) -> Visit:
    """Run the chores of one schema that are due, until none is, and replace its wake-ups by the next moment.

    A wake-up may be dropped only when the work behind it could be seen: wake-ups are read first, chores are asked when
    they are due after that. A writer that commits between the two looks, or later, has added a wake-up that stays.
    """
    failed: set[str] = set()
    total, done = 0, 1
    seen = _wakeups(schema)
    moments = _ask(schema, now, failed)
    for _ in range(PASSES):
        due = [chore for chore in chores.every() if chore.name not in failed and _is_due(moments[chore.name], now)]
        if not due or not done:
            break
        with schemas.inside(schema):
            done = sum(_run(chore, now, failed) for chore in due)
        total += done
        # All of them: a mail that bounced, for one, is news to whoever follows it up.
        seen = _wakeups(schema)
        moments = _ask(schema, now, failed)
    again_at = _replace(schema, seen, _next(moments, now, idle=not done))
    return Visit(total, frozenset(failed), again_at)


def settle(schema: schemas.HasSchema, *, now: datetime) -> datetime | None:
    """Replace the wake-ups of a schema by the next moment that its chores name, and return that."""
    seen = _wakeups(schema)
    moments = _ask(schema, now, failed=())
    return _replace(schema, seen, _next(moments, now, idle=False))


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
        tenant = tenancy.with_data_in(claim.schema)
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


def _wakeups(schema: schemas.HasSchema) -> set[int]:
    with schemas.on_platform():
        return set(queries.of(schema.schema_name).values_list("pk", flat=True))


def _ask(schema: schemas.HasSchema, now: datetime, failed: Collection[str]) -> dict[str, datetime | None]:
    """When each chore is due, by its name."""
    with schemas.inside(schema):
        return {chore.name: _next_due(chore, now, failed) for chore in chores.every()}


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _next(moments: Mapping[str, datetime | None], now: datetime, *, idle: bool) -> datetime | None:
    """The earliest moment. What is due and could not be done (another sweeper is at it) waits for a lease."""
    earliest = min((moment for moment in moments.values() if moment is not None), default=None)
    if not _is_due(earliest, now):
        return earliest
    return now + _lease() if idle else now


def _replace(schema: schemas.HasSchema, seen: Collection[int], at: datetime | None) -> datetime | None:
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(REPLACE, {"schema": schema.schema_name, "seen": list(seen), "at": at})
    return at


def _forget(schema: str) -> None:
    """A schema that belongs to no tenant has nothing to do any more."""
    with schemas.on_platform():
        queries.of(schema).delete()


def _lease() -> timedelta:
    return timedelta(seconds=settings.SWEEP_LEASE_SECONDS)
