"""All books at once: which of them have events that wait, and the log of logs over the heads of all of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import QuerySet

from audit.log_keys import queries as log_keys
from audit.merkle import notes, proofs, tiles
from audit.merkle.tree import HEIGHT, WIDTH, TreeRefused
from audit.sequencer import queries as sequencing
from audit.sequencer.queries import Head
from tenants import schemas
from tenants.tenancy import queries as tenancy
from tenants.tenancy.models import Tenant

if TYPE_CHECKING:
    from audit.ledger.models import Anchor

TRANSPARENCY = "transparency"
STAMP = "rfc3161"

LEAVES = "SELECT hash FROM ledger.head WHERE idx >= %s AND idx < %s ORDER BY idx"
TILES = "SELECT hash FROM ledger.head_tile WHERE n >= %s AND n < %s AND level = %s ORDER BY n"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A schema with events that have no place in its log, since when."""

    schema: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Collected:
    """A head of one book as the log of logs holds it."""

    index: int
    schema: str
    epoch: int
    size: int
    at: datetime
    note: str

    @property
    def origin(self) -> str:
        return self.note.split("\n", 1)[0]

    @property
    def root(self) -> str:
        """In base64, as heads carry it."""
        return self.note.split("\n", 3)[2]


@dataclass(frozen=True, slots=True)
class AnchorOf:
    """The newest head of a book that the log of logs holds, and the proof that it does."""

    head: Collected
    over_all: Head
    origin: str
    proof: proofs.RecordProof


def waiting() -> list[Waiting]:
    """The longest waiting first. One query, whatever the number of tenants."""
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute("SELECT schema_name, min(at) FROM ledger.dirty GROUP BY schema_name ORDER BY 2")
        return [Waiting(*row) for row in cursor.fetchall()]


def keepers() -> list[Tenant]:
    """Complere itself and every tenant, closed ones included: a book is kept as long as its data."""
    with schemas.on_platform():
        return [tenancy.platform(), *tenancy.customers()]


def read(level: int, start: int, stop: int) -> Sequence[bytes]:
    """The stored hashes of the log of logs."""
    with schemas.on_platform(), connection.cursor() as cursor:
        if level == 0:
            cursor.execute(LEAVES, [start, stop])
        else:
            cursor.execute(TILES, [start, stop, level])
        return [bytes(hash_) for (hash_,) in cursor.fetchall()]


def heads_over_all(limit: int | None = None, offset: int = 0) -> list[Head]:
    """Every signed head of the log of logs, newest first."""
    query = """
        SELECT epoch, size, root, at, note FROM ledger.head_checkpoint
        ORDER BY epoch DESC, size DESC LIMIT %s OFFSET %s
    """
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(query, [limit, offset])
        return [Head(epoch, size, bytes(root), at, note) for epoch, size, root, at, note in cursor.fetchall()]


def count_of_heads() -> int:
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger.head_checkpoint")
        return int(cursor.fetchone()[0])


def head_over_all() -> Head | None:
    return next(iter(heads_over_all(1)), None)


def collected(start: int, stop: int) -> list[Collected]:
    """Leaves of the log of logs, start to stop - 1."""
    query = "SELECT idx, schema_name, epoch, size, at, note FROM ledger.head WHERE idx >= %s AND idx < %s ORDER BY idx"
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(query, [start, stop])
        return [Collected(*row) for row in cursor.fetchall()]


def newest_of_each() -> list[Collected]:
    """The newest collected head of every book, by name of its log."""
    query = """
        SELECT h.idx, h.schema_name, h.epoch, h.size, h.at, h.note FROM ledger.book b, LATERAL (
            SELECT * FROM ledger.head h WHERE h.schema_name = b.schema_name ORDER BY epoch DESC, size DESC LIMIT 1) h
    """
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(query)
        return sorted((Collected(*row) for row in cursor.fetchall()), key=lambda head: head.origin)


def known_heads(schema: str) -> list[Head]:
    """Every head of this schema's book that the log of logs holds, and the newest that was published.

    May be asked from within any schema. Whatever the book itself says must agree with these.
    """
    query = """
        SELECT epoch, size, at, note FROM ledger.head WHERE schema_name = %s
        UNION SELECT epoch, size, at, note FROM ledger.published WHERE schema_name = %s ORDER BY 1, 2
    """
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(query, [schema, schema])
        rows = cursor.fetchall()
    return [Head(epoch, size, notes.Checkpoint.parse(_text(note)).root, at, note) for epoch, size, at, note in rows]


def anchor_of(schema: str) -> AnchorOf | None:
    """The proof that the newest collected head of this schema's book is in the signed log of logs; None before that.

    May be asked from within any schema. Raises ProofRefused, TreeRefused when the stored log is damaged.
    """
    over_all = head_over_all()
    if over_all is None:
        return None
    query = """
        SELECT idx, schema_name, epoch, size, at, note FROM ledger.head
        WHERE schema_name = %s AND idx < %s ORDER BY epoch DESC, size DESC LIMIT 1
    """
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(query, [schema, over_all.size])
        row = cursor.fetchone()
    return _anchored(Collected(*row), over_all) if row else None


def _anchored(head: Collected, over_all: Head) -> AnchorOf:
    path = proofs.inclusion(head.index, over_all.size, read)
    proof = proofs.RecordProof(head.index, tuple(path), over_all.note)
    return AnchorOf(head, over_all, over_all.note.split("\n", 1)[0], proof)


def tile(kind: str, number: str) -> bytes | None:
    """What lies at `tile/<kind>/<number>` (C2SP tlog-tiles): hashes of a level, or entries. None when it does not."""
    over_all = head_over_all()
    place = _place(number)
    if over_all is None or place is None:
        return None
    n, width = place
    level = 0 if kind == "entries" else int(kind)
    if n * WIDTH + width > over_all.size >> (HEIGHT * level):
        return None
    if kind == "entries":
        return tiles.bundle([head.note.encode() for head in collected(n * WIDTH, n * WIDTH + width)])
    hashes = read(level, n * WIDTH, n * WIDTH + width)
    if len(hashes) != width:
        raise TreeRefused(f"level {level} of the log of logs lacks hashes")
    return b"".join(hashes)


def stamps() -> "QuerySet[Anchor]":
    """Time stamps of heads over all logs, newest first. Ask on the platform."""
    return sequencing.anchors(STAMP)


def heads_json(limit: int | None = None) -> str:
    """The newest head of every log and of the log of logs: what to keep somewhere else, and to restore against."""
    over_all = head_over_all()
    logs = [{"index": h.index, "at": _iso(h.at), "checkpoint": h.note} for h in newest_of_each()[:limit]]
    head = over_all and {"at": _iso(over_all.at), "checkpoint": over_all.note}
    return json.dumps({"format": 1, "over_all": head, "logs": logs}, indent=1, ensure_ascii=False) + "\n"


def keys_json() -> str:
    """Public keys of the log of the schema that the connection is in and, on the platform, of the log of logs."""
    purposes = [log_keys.BOOK, log_keys.HEADS] if schemas.is_platform() else [log_keys.BOOK]
    keys = [_key(key) for purpose in purposes for key in log_keys.keys_of(purpose)]
    return json.dumps({"format": 1, "keys": keys}, indent=1, ensure_ascii=False) + "\n"


def _key(key: Any) -> dict[str, Any]:
    return {
        "log": key.name,
        "signs": key.get_purpose_display(),
        "vkey": key.vkey,
        "version": key.version,
        "epoch": key.epoch,
        "valid_from": _iso(key.created_at),
        "valid_until": key.retired_at and _iso(key.retired_at),
        "announcement": key.announcement or None,
    }


def _place(number: str) -> tuple[int, int] | None:
    """`x001/x234/067` or `x001/x234/067.p/112` as a number and a width; None for any other spelling."""
    whole, _, partial = number.partition(".p/")
    width = int(partial) if partial.isdecimal() and partial.isascii() else WIDTH
    digits = whole.replace("/", "").replace("x", "")
    if not (digits.isdecimal() and digits.isascii()) or len(digits) > 18:
        return None
    n = int(digits)
    spelled = tiles.path("0", n, width).removeprefix("tile/0/")
    return (n, width) if spelled == number and 0 < width <= WIDTH else None


def _text(note: str) -> str:
    return note.partition("\n\n")[0] + "\n"


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
