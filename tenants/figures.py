"""What the overview of a desk shows: figures, and the duties that come next.

A registry, because the overview stands below the apps whose work it tells of: each feature
registers a teller in `ready()`, and it is asked only for people who may see the matter.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class Viewer(Protocol):
    def has_perm(self, permission: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that matters today; `tone` is the design system's."""

    label: str
    value: int | str
    url: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something with a deadline; `clock` is what components/due_short.html takes."""

    title: str
    kind: str
    url: str
    due_at: datetime
    clock: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    figures: list[Figure] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)


Teller = Callable[[datetime], Told]
NEXT = 8

_tellers: list[tuple[str, Teller]] = []


def register(permission: str, teller: Teller) -> None:
    """`teller(now)` speaks of the schema the connection is in."""
    _tellers.append((permission, teller))


def overview(viewer: Viewer, now: datetime) -> Told:
    """Everything this person may see, the soonest duties first."""
    told = [teller(now) for permission, teller in _tellers if viewer.has_perm(permission)]
    return Told(_all(part.figures for part in told), _soonest(part.duties for part in told))


def _all(parts: Iterable[list[Figure]]) -> list[Figure]:
    return [figure for part in parts for figure in part]


def _soonest(parts: Iterable[list[Duty]]) -> list[Duty]:
    return sorted((duty for part in parts for duty in part), key=lambda duty: duty.due_at)[:NEXT]
