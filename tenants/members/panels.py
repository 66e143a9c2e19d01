"""Sections that features above put on pages of features below: the account page, and the page of a person.

A registry, because those pages stand below the features whose matters belong there: each registers a teller in
`ready()`. A teller gives None where there is nothing to say to this viewer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ACCOUNT, PERSON = "account", "person"


@dataclass(frozen=True, slots=True)
class Panel:
    """`template` is drawn with `told` and the time zone `tz`, and nothing else."""

    template: str
    told: dict[str, Any]


# Of the one who looks, the one who is looked at, and now.
Teller = Callable[[Any, Any, datetime], Panel | None]

_tellers: dict[str, list[Teller]] = {}


def register(page: str, teller: Teller) -> None:
    _tellers.setdefault(page, []).append(teller)


def of(page: str, *, viewer: Any, person: Any, now: datetime) -> list[Panel]:
    """What there is to show on this page, in the order of registration."""
    found = [teller(viewer, person, now) for teller in _tellers.get(page, [])]
    return [panel for panel in found if panel is not None]
