"""What happens while a request is answered that the access log tells of: looks at personal data, and refusals.

Kept beside the transaction, not in it: what was refused is rolled back, that it was tried is not. Outside of
`watching` (a worker, a command) nothing is collected: no person looks there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from django.db import connection


class Refused(NamedTuple):
    """`kind` is the name of the refusal, `record` a reference or empty."""

    kind: str
    why: str
    record: str


@dataclass(slots=True)
class Seen:
    """By schema, in the order of happening, each once: references of records and people, and refusals."""

    reads: dict[str, dict[str, None]] = field(default_factory=dict)
    refusals: dict[str, dict[Refused, None]] = field(default_factory=dict)


_seen: ContextVar[Seen | None] = ContextVar("audit_seen", default=None)


class Refusal(Exception):
    """Somebody tried what they may not, or what cannot be. Whoever catches it shows why; the access log keeps it."""

    def __init__(self, why: str = "", *, record: str = "") -> None:
        super().__init__(why)
        refused(type(self).__name__, why, record)


@contextmanager
def watching() -> Iterator[Seen]:
    """Collect what happens in the block."""
    seen = Seen()
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)


def looked_at(record: str, person: str) -> None:
    """Personal data were opened: `record` is app.model:id, `person` the id of the key that opened them."""
    seen = _seen.get()
    if seen is not None:
        found = seen.reads.setdefault(_schema(), {})
        found[record] = found[f"person:{person}"] = None


def visited(visit: str) -> None:
    """A page was opened on a visit to a schema that one is no member of; `visit` names it."""
    seen = _seen.get()
    if seen is not None:
        seen.reads.setdefault(_schema(), {})[visit] = None


def refused(kind: str, why: str, record: str = "") -> None:
    """Somebody was refused something."""
    seen = _seen.get()
    if seen is not None:
        seen.refusals.setdefault(_schema(), {})[Refused(kind, why, record)] = None


def _schema() -> str:
    return str(cast("Any", connection).schema_name)
