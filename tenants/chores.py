"""What a schema can have to do when it is woken.

A registry, because the sweep stands below the apps whose work it runs: each app registers
its chores in `ready()`. A chore is idempotent and takes its own rows with `skip_locked`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Chore:
    """`run(now)` does all that is due; `next_due()` says when it must run again, or None."""

    name: str
    run: Callable[[datetime], int]
    next_due: Callable[[], datetime | None]


_chores: dict[str, Chore] = {}


def register(chore: Chore) -> None:
    _chores[chore.name] = chore


def every() -> list[Chore]:
    """In the order of registration: what others queue is delivered in the same round."""
    return list(_chores.values())
