"""What each app holds about a person: the registry that the page of a request asks (GDPR Art. 15, 17).

A registry, because requests stand below the apps that hold data: each registers a finder in `ready()`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

# Given an e-mail address, says in a short line each what is held in the current schema.
Finder = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Holding:
    """What one collection of records holds about one address."""

    name: str
    found: tuple[str, ...]


_finders: dict[str, Finder] = {}


def register(name: str, find: Finder) -> None:
    """`name` says in the plural what is looked through: “People who may sign in”."""
    _finders[name] = find


def held(email: str) -> list[Holding]:
    """What every registered collection of this schema holds about the address, in the order of registration."""
    return [Holding(name, tuple(find(email))) for name, find in _finders.items()]
