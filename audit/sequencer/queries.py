"""The log of the schema that the connection is in, as whoever signs, proves or exports reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from audit.ledger.models import Anchor, Checkpoint
from audit.log_keys import queries as log_keys
from audit.merkle import notes, proofs
from audit.merkle.tree import Frontier, Reader, TreeRefused


@dataclass(frozen=True, slots=True)
class Head:
    """The size of a log at a moment, and the root over it; `note` is the signed text, word for word."""

    epoch: int
    size: int
    root: bytes
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the world knows of this book: its lasting name, and the newest head that left it."""

    origin: UUID
    published: Head | None


@dataclass(frozen=True, slots=True)
class EpochBegin:
    """A log that had to begin anew under another name, as after a restore: why, and the old head it names."""

    epoch: int
    at: datetime
    because: str


def reader() -> Reader:
    """The stored hashes: leaves at level 0, roots of full blocks above."""
    return read


def read(level: int, start: int, stop: int) -> Sequence[bytes]:
    leaves = "SELECT hash FROM ledger_leaf WHERE idx >= %s AND idx < %s ORDER BY idx"
    tiles = "SELECT hash FROM ledger_tile WHERE n >= %s AND n < %s AND level = %s ORDER BY n"
    with connection.cursor() as cursor:
        if level == 0:
            cursor.execute(leaves, [start, stop])
        else:
            cursor.execute(tiles, [start, stop, level])
        return [bytes(hash_) for (hash_,) in cursor.fetchall()]


def checkpoints() -> "QuerySet[Checkpoint]":
    """Every signed head, oldest first."""
    return Checkpoint.objects.order_by("epoch", "size")


def last_head() -> Head | None:
    found = checkpoints().last()
    return None if found is None else Head(found.epoch, found.size, bytes(found.root), found.at, found.note)


def standing() -> Standing:
    with connection.cursor() as cursor:
        cursor.execute("SELECT origin, epoch, size, root, at, note FROM ledger_standing()")
        origin, epoch, size, root, at, note = cursor.fetchone()
    published = None if epoch is None else Head(epoch, size, bytes(root), at, note)
    return Standing(UUID(str(origin)), published)


def is_behind(last: Head | None, published: Head | None) -> bool:
    """Whether what was published is more than what is stored: the schema was restored from a backup."""
    if published is None:
        return False
    return last is None or (last.epoch, last.size) < (published.epoch, published.size)


def anchors(kind: str) -> "QuerySet[Anchor]":
    """Evidence from outside for heads of this log, newest first."""
    return Anchor.objects.filter(kind=kind).order_by("-id")


def root_at(size: int) -> bytes:
    """The root that the stored hashes have at this size. Raises TreeRefused."""
    return Frontier.rebuilt(size, read).root()


def inclusion(index: int, head: Head) -> list[bytes]:
    """The hashes from an entry up to the root of a head. Raises ProofRefused, TreeRefused."""
    return proofs.inclusion(index, head.size, read)


def consistency(old: Head, new: Head) -> list[bytes]:
    """That the older head is the start of the newer. Raises ProofRefused, TreeRefused."""
    return proofs.consistency(old.size, new.size, read)


def record_proof(index: int, head: Head) -> proofs.RecordProof:
    """What proves one entry without us (C2SP tlog-proof). Raises ProofRefused, TreeRefused."""
    return proofs.RecordProof(index, tuple(inclusion(index, head)), head.note)


def check_head(head: Head, vkeys: Sequence[str]) -> None:
    """That the stored row says what its signed text says. Raises NoteRefused, TreeRefused."""
    signed = notes.Checkpoint.parse(notes.open(head.note, vkeys).text)
    if (signed.size, signed.root) != (head.size, head.root):
        raise TreeRefused(f"the stored head of {head.size} events is not the one that was signed")


def epochs() -> list[EpochBegin]:
    """When and why this log began anew, oldest first; empty for a log that never had to."""
    begun = []
    known = {1}
    for key in log_keys.keys_of():
        if key.epoch not in known:
            known.add(key.epoch)
            first = key.history.earliest()
            begun.append(EpochBegin(key.epoch, key.created_at, first.history_change_reason))
    return begun


def unsound_leaves(start: int, stop: int) -> list[str]:
    """Leaves whose event is missing, or is not what they were made from."""
    query = """
        SELECT l.obj || ':' || l.pk || ' version ' || l.ver FROM ledger_leaf l LEFT JOIN ledger_event e USING (seq)
        WHERE l.idx >= %s AND l.idx < %s
          AND l.hash IS DISTINCT FROM sha256('\\x00'::bytea || convert_to(e.payload, 'UTF8'))
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [start, stop])
        return [name for (name,) in cursor.fetchall()]
