"""Who is told when a deadline's alarm rings.

A registry, because deadlines stand below the features whose people must be told: each
feature registers a bell for its kinds in `ready()`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privacy.deadlines.models import Deadline

# Called in the transaction that rings: what it queues is told exactly once. `overdue` is true once it is too late.
Bell = Callable[["Deadline", datetime], None]

_bells: dict[str, Bell] = {}


def register(kind: str, bell: Bell) -> None:
    """`bell(deadline, now)` is called at each alarm of this kind and when it becomes overdue."""
    _bells[kind] = bell


def of(kind: str) -> Bell | None:
    return _bells.get(kind)
