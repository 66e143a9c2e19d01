"""What happens when somebody guesses at what people sign with. Pure: no framework."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

RECOVERY_CODES: Final = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Project rules of §11.300(d) and (e), in force from a day on."""

    since_on: date
    failures: int
    within: timedelta
    lock: timedelta
    test_every: timedelta


LIMITS: Final[Sequence[Limits]] = (
    Limits(
        since_on=date(2025, 1, 1),
        failures=5,
        within=timedelta(minutes=15),
        lock=timedelta(minutes=15),
        test_every=timedelta(days=365),
    ),
)


def limits(on: date, rows: Sequence[Limits] = LIMITS) -> Limits:
    """The row in force on that day; the first one for any day before."""
    return max((row for row in rows if row.since_on <= on), key=lambda row: row.since_on, default=rows[0])
