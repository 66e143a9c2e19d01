"""Giving events their place in the log, and signing what the log has become.

Nothing of this happens in a writer's transaction: writers never wait for each other because of the log.
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from audit import context
from audit.log_keys import actions as log_keys
from audit.log_keys import queries as keys
from audit.log_keys.models import LogKey
from audit.merkle import notes
from audit.merkle.tree import Block, Frontier, TreeRefused
from audit.sequencer import queries
from audit.sequencer.queries import Head

# Events in one transaction, which then signs a head of its own.
BATCH = 20_000
SEQUENCER = context.service("sequencer")


class SequencingRefused(Exception):
    """The stored log is not what was signed last: nothing more is signed until somebody has looked."""


def sequence(*, now: datetime, batch: int = BATCH) -> int:
    """Place every event that waits in this schema and sign the head; how many. Zero as well while another is at it.

    Raises SequencingRefused, SigningRefused, and DatabaseError (AU301) for events altered while they waited.
    """
    total = 0
    while (placed := _place(now, batch)) > 0:
        total += placed
        if placed < batch:
            break
    return total


def begin_epoch(*, published: Head, actor: context.Actor, now: datetime, reason: str) -> LogKey:
    """The log begins anew under a name of its own, because it no longer continues a head that was published.

    The event that says so names that head. Raises SigningRefused.
    """
    current = keys.signing_key() or log_keys.create(actor=actor, now=now, reason="The log begins")
    epoch = max(published.epoch, current.epoch) + 1
    root = base64.b64encode(published.root).decode()
    told = f"Epoch {epoch} begins: {reason} The published head of epoch {published.epoch} had {published.size} events"
    return log_keys.rotate(actor=actor, now=now, reason=f"{told} and root {root}.", epoch=epoch)


def _place(now: datetime, batch: int) -> int:
    with transaction.atomic():
        if not _claim():
            return 0
        last, published = queries.last_head(), queries.standing().published
        frontier = _trusted(last, published)
        key = _key(last, published, now)
        first, size = _append(batch)
        if size == frontier.size:
            return 0
        if size < frontier.size:
            raise SequencingRefused(f"the log has {size} events, but {frontier.size} were signed")
        blocks = frontier.extend(_checked_leaves(frontier.size, first, size))
        _publish(key, frontier, blocks, now)
        return size - first


def _claim() -> bool:
    """The lock that ledger_append takes, without waiting: somebody who holds it does our work."""
    with connection.cursor() as cursor:
        name = f"audit_{context.current_schema()}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


def _trusted(last: Head | None, published: Head | None) -> Frontier:
    """The right edge of the tree, once it has reproduced what was signed last."""
    if last is None:
        return Frontier()
    try:
        queries.check_head(last, keys.vkeys())
        frontier = Frontier.rebuilt(last.size, queries.read)
    except (TreeRefused, notes.NoteRefused) as refused:
        raise SequencingRefused(f"the last signed head does not hold: {refused}") from refused
    known = published.root if published and (published.epoch, published.size) == (last.epoch, last.size) else last.root
    if not frontier.root() == last.root == known:
        raise SequencingRefused(f"the stored tree of {last.size} events has another root than the one that was signed")
    return frontier


def _key(last: Head | None, published: Head | None, now: datetime) -> LogKey:
    if published is not None and queries.is_behind(last, published):
        stored = last.size if last else 0
        reason = f"the log was restored with {stored} events, behind what had been published."
        return begin_epoch(published=published, actor=SEQUENCER, now=now, reason=reason)
    return keys.signing_key() or log_keys.create(actor=SEQUENCER, now=now, reason="The log begins")


def _append(batch: int) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT first_idx, size FROM ledger_append(%s)", [batch])
        first, size = cursor.fetchone()
    return int(first), int(size)


def _checked_leaves(start: int, first: int, size: int) -> Sequence[bytes]:
    """All that no head covers yet. What was there before `first` was not checked when it was added."""
    unsound = queries.unsound_leaves(start, first) if start < first else []
    leaves = queries.read(0, start, size)
    if unsound or len(leaves) != size - start:
        raise SequencingRefused(f"leaves after event {start} are not what was written: {', '.join(unsound)}")
    return leaves


def _publish(key: LogKey, frontier: Frontier, blocks: Sequence[Block], now: datetime) -> None:
    checkpoint = notes.Checkpoint(key.name, frontier.size, frontier.root())
    note = notes.sign(checkpoint.text, keys.signer(key))
    tiles = json.dumps([[block.level, block.n, block.hash.hex()] for block in blocks])
    with connection.cursor() as cursor:
        values = (key.epoch, checkpoint.size, checkpoint.root, now, note, tiles)
        cursor.execute("SELECT ledger_publish(%s, %s, %s, %s, %s, %s)", values)
