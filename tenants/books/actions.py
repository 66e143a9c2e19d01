"""All books at once: placing what waits, collecting heads into the log of logs, having that log time-stamped."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, connection, transaction

from audit import context
from audit.log_keys import actions as log_keys
from audit.log_keys import queries as keys
from audit.merkle import notes
from audit.merkle.tree import Frontier, TreeRefused
from audit.reconciliation import actions as reconciliation
from audit.reconciliation.catalogue import Difference
from audit.sequencer import actions as sequencer
from audit.sequencer import queries as sequencing
from audit.sequencer.actions import SequencingRefused
from audit.sequencer.queries import Head
from audit.verification import actions as verification
from audit.verification import queries as trail_checks
from audit.verification.adapters import checker
from tenants import schemas
from tenants.books import queries
from tenants.books.adapters import timestamping
from tenants.tenancy import queries as tenancy
from tenants.wakeups.actions import SCHEMAS_PER_CONNECTION, wake

if TYPE_CHECKING:
    from audit.verification.models import TrailCheck

log = structlog.get_logger(__name__)

# Somebody should look when an event waits this long for its place.
LATE = timedelta(seconds=60)
SECONDS = 20.0
PUBLISHER = context.service("publisher")
DOORS = Path(__file__).resolve().parents[1] / "postgresql" / "doors.sql"


@dataclass(slots=True)
class Round:
    """What one round over the waiting schemas did."""

    schemas: int = 0
    placed: int = 0
    failed: int = 0


def sequence_all(*, clock: Callable[[], datetime], seconds: float = SECONDS) -> Round:
    """Place what waits, schema after schema, the longest waiting first. One query when nothing waits."""
    done, began = Round(), clock()
    found = queries.waiting()
    _alarm(found, began)
    for each in found:
        if clock() - began > timedelta(seconds=seconds):
            break
        _sequence(each.schema, done, clock())
        if done.schemas and done.schemas % SCHEMAS_PER_CONNECTION == 0:
            connection.close()
    if done.schemas:
        log.info("events placed", schemas=done.schemas, placed=done.placed, failed=done.failed)
    return done


def collect_heads(*, now: datetime) -> int:
    """New heads of all books become leaves of the log of logs, whose head is signed; how many.

    Each of those books keeps the proof that its head is in it. Zero as well while somebody else collects.
    Raises SequencingRefused, SigningRefused.
    """
    with schemas.on_platform(), transaction.atomic():
        if not _claim_heads():
            return 0
        key = keys.signing_key(keys.HEADS) or log_keys.create(
            actor=PUBLISHER, now=now, reason="The log of logs begins", purpose=keys.HEADS
        )
        frontier = _trusted()
        first, size = _collect()
        if size > frontier.size:
            _publish(key.epoch, keys.signer(key), frontier, size, now)
    for head in queries.collected(first, size):
        _anchor(head.schema, now)
    return size - first


def stamp(*, now: datetime) -> bool:
    """Have the newest head over all logs time-stamped (RFC 3161); False when it is, or when there is none.

    Raises StampRefused, and keeps nothing that does not verify.
    """
    head = queries.head_over_all()
    with schemas.on_platform():
        if head is None or queries.stamps().filter(size=head.size, about=_origin(head.note)).exists():
            return False
        stamped = timestamping.stamp(head.note.encode())
        values = (head.size, queries.STAMP, stamped.at, stamped.token, _origin(head.note))
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_add_anchor(%s, %s, %s, %s, %s)", values)
    log.info("head over all logs time-stamped", size=head.size, at=stamped.at, asked_at=now)
    return True


def adopt_heads(text: str, *, actor: context.Actor, now: datetime) -> list[str]:
    """After a restore: compare every log with the heads that were published before, as heads.json tells them.

    A log that does not continue its published head begins a new epoch, whose first event names that head.
    Returns the names of those logs. Raises ValueError for a text of another form, NoteRefused for a forged head.
    """
    heads, over_all = _read(text)
    begun = []
    for tenant in queries.keepers():
        with schemas.inside(tenant):
            begun += _adopt(heads, actor, now)
    if over_all:
        with schemas.on_platform():
            begun += _adopt_over_all(over_all, actor, now)
    return begun


def request_check(*, actor: context.Actor, now: datetime) -> "TrailCheck":
    """Have the trail of the schema that the connection is in checked as soon as a worker is free."""
    with transaction.atomic():
        check = verification.request_check(actor=actor, now=now)
        wake(now)
    return check


def check_trail(
    *, actor: context.Actor, now: datetime, progress: checker.Progress | None = None
) -> "TrailCheck | None":
    """Check it here and now; None when somebody is at it."""
    check = verification.request_check(actor=actor, now=now)
    known = queries.known_heads(schemas.current_schema())
    return verification.run_check(check, known=known, now=now, progress=progress)


def compare(*, now: datetime) -> list[Difference]:
    """Compare the two captures, the records and the structure of the schema that the connection is in.

    On the platform also what all schemas share, our own doors among it. What does not agree is kept as findings.
    """
    return reconciliation.check(now=now, houses={"doors": DOORS.read_text()})


def run_waiting_checks(now: datetime) -> int:
    """The chore: what people asked for in the schema that the connection is in."""
    known = queries.known_heads(schemas.current_schema())
    done = [verification.run_check(check, known=known, now=now) for check in trail_checks.waiting()]
    return sum(each is not None for each in done)


def next_waiting_check() -> datetime | None:
    """When the chore has something to do."""
    return trail_checks.waiting().values_list("requested_at", flat=True).first()


def rotate_keys(*, actor: context.Actor, now: datetime, reason: str, lost: bool = False) -> list[str]:
    """A new key for the log of the schema that the connection is in; on the platform for the log of logs as well.

    Returns the new verifier keys. Raises SigningRefused.
    """
    purposes = [keys.BOOK, keys.HEADS] if schemas.is_platform() else [keys.BOOK]
    signing = [purpose for purpose in purposes if keys.signing_key(purpose)]
    return [
        log_keys.rotate(actor=actor, now=now, reason=reason, purpose=purpose, lost=lost).vkey for purpose in signing
    ]


def _sequence(schema: str, done: Round, now: datetime) -> None:
    with schemas.on_platform():
        tenant = tenancy.with_data_in(schema)
    if tenant is None:
        return
    done.schemas += 1
    try:
        with schemas.inside(tenant):
            done.placed += sequencer.sequence(now=now)
    except (SequencingRefused, keys.SigningRefused, DatabaseError):
        # One damaged book must not keep the others from being signed.
        log.exception("events cannot be placed", schema=schema)
        done.failed += 1


def _alarm(found: list[queries.Waiting], now: datetime) -> None:
    late = [each for each in found if now - each.since > LATE]
    if late:
        seconds = round((now - late[0].since).total_seconds())
        log.error("events wait for their place in the log", schemas=len(late), first=late[0].schema, seconds=seconds)


def _claim_heads() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('ledger.head', 0))")
        return bool(cursor.fetchone()[0])


def _trusted() -> Frontier:
    last = queries.head_over_all()
    if last is None:
        return Frontier()
    try:
        sequencing.check_head(last, keys.vkeys(keys.HEADS))
        frontier = Frontier.rebuilt(last.size, queries.read)
    except (TreeRefused, notes.NoteRefused) as refused:
        raise SequencingRefused(f"the last head over all logs does not hold: {refused}") from refused
    if frontier.root() != last.root:
        raise SequencingRefused("the log of logs has another root than the one that was signed")
    return frontier


def _collect() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT first_idx, size FROM ledger.collect_heads()")
        first, size = cursor.fetchone()
    return int(first), int(size)


def _publish(epoch: int, signer: notes.SignerKey, frontier: Frontier, size: int, now: datetime) -> None:
    blocks = frontier.extend(queries.read(0, frontier.size, size))
    checkpoint = notes.Checkpoint(signer.verifier.name, frontier.size, frontier.root())
    note = notes.sign(checkpoint.text, signer)
    tiles = json.dumps([[block.level, block.n, block.hash.hex()] for block in blocks])
    with connection.cursor() as cursor:
        values = (epoch, checkpoint.size, checkpoint.root, now, note, tiles)
        cursor.execute("SELECT ledger.publish_heads(%s, %s, %s, %s, %s, %s)", values)


def _anchor(schema: str, now: datetime) -> None:
    """The book keeps the proof itself: an export of it must stand without us."""
    with schemas.on_platform():
        tenant = tenancy.with_data_in(schema)
    anchored = queries.anchor_of(schema)
    if tenant is None or anchored is None:
        return
    with schemas.inside(tenant), connection.cursor() as cursor:
        values = (anchored.head.size, queries.TRANSPARENCY, now, anchored.proof.text.encode(), anchored.origin)
        cursor.execute("SELECT ledger_add_anchor(%s, %s, %s, %s, %s)", values)


def _read(text: str) -> tuple[dict[str, str], str]:
    try:
        told = json.loads(text)
        heads = {_origin(head["checkpoint"]): str(head["checkpoint"]) for head in told["logs"]}
        return heads, str(told["over_all"]["checkpoint"]) if told["over_all"] else ""
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError("this is no copy of heads.json") from wrong


def _adopt(heads: dict[str, str], actor: context.Actor, now: datetime) -> list[str]:
    ours = {key.name: key.epoch for key in keys.keys_of()}
    first, newest = next(iter(ours), ""), max(ours.values(), default=0)
    found = [name for name in heads if first and (name == first or name.startswith(f"{first}/"))]
    if not found:
        return []
    name = found[0]
    epoch = ours.get(name) or int(name.removeprefix(f"{first}/"))
    published = _opened(heads[name], name, keys.BOOK, epoch, now) if name in ours else _told(heads[name], epoch, now)
    if epoch < newest or (epoch == newest and _continues(published)):
        return []
    reason = "the database was restored and does not continue what had been published."
    sequencer.begin_epoch(published=published, actor=actor, now=now, reason=reason)
    return [name]


def _adopt_over_all(note: str, actor: context.Actor, now: datetime) -> list[str]:
    key = keys.signing_key(keys.HEADS)
    if key is None or key.name != _origin(note):
        return []
    published = _opened(note, key.name, keys.HEADS, key.epoch, now)
    last = queries.head_over_all()
    if last and last.size >= published.size and _root_over_all(published.size) == published.root:
        return []
    reason = (
        f"Epoch {key.epoch + 1} begins: the database was restored behind the published head of {published.size} heads."
    )
    log_keys.rotate(actor=actor, now=now, reason=reason, purpose=keys.HEADS, epoch=key.epoch + 1)
    return [key.name]


def _opened(note: str, origin: str, purpose: str, epoch: int, now: datetime) -> Head:
    """A head from outside, once one of our keys is found to have signed it. Raises NoteRefused."""
    checkpoint = notes.open_checkpoint(note, origin, keys.vkeys(purpose))
    return Head(epoch, checkpoint.size, checkpoint.root, now, note)


def _told(note: str, epoch: int, now: datetime) -> Head:
    """A head whose key the restore took away: the word of whoever restores, in a log of their own name."""
    checkpoint = notes.Checkpoint.parse(note.partition("\n\n")[0] + "\n")
    return Head(epoch, checkpoint.size, checkpoint.root, now, note)


def _continues(published: Head) -> bool:
    last = sequencing.last_head()
    return last is not None and last.size >= published.size and sequencing.root_at(published.size) == published.root


def _root_over_all(size: int) -> bytes:
    return Frontier.rebuilt(size, queries.read).root()


def _origin(note: str) -> str:
    return note.split("\n", 1)[0]
