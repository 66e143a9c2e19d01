"""The last requests of a directory, for the page that shows whether it arrives. Kept in the cache: no record of anyone.

What was asked is told by kind only: an address or a name has no place there.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache

KEY: Final = "scim-requests"
KEPT: Final = 20
FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """`what`: verb and kind of resource. `detail`: why it was refused, or empty."""

    at: datetime
    token: str
    what: str
    status: int
    detail: str


def note(asked: Asked) -> None:
    """Two at once may lose one of them; nothing but a page reads them."""
    told = asdict(asked) | {"at": asked.at.isoformat()}
    cache.set(KEY, [told, *(cache.get(KEY) or [])][:KEPT], timeout=int(FOR.total_seconds()))


def last() -> list[Asked]:
    """Newest first."""
    return [Asked(**(told | {"at": datetime.fromisoformat(told["at"])})) for told in cache.get(KEY) or []]
