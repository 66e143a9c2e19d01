"""When a session is over (ASVS 7.3). Pure arithmetic; instants are aware, limits are durations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Use is written down no more often than this, so the idle limit is exact to as much.
SEEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may rest, and how long it may last at all."""

    idle: timedelta
    absolute: timedelta


def ends_at(opened_at: datetime, expires_at: datetime, limits: Limits) -> datetime:
    """The end however much it is used: what was set when it was opened, or earlier when the rules were tightened."""
    return min(expires_at, opened_at + limits.absolute)


def rests_until(seen_at: datetime, limits: Limits) -> datetime:
    """When it is over unless it is used before."""
    return seen_at + limits.idle


def is_over(opened_at: datetime, expires_at: datetime, limits: Limits, now: datetime) -> bool:
    return now >= ends_at(opened_at, expires_at, limits)


def is_idle(seen_at: datetime, limits: Limits, now: datetime) -> bool:
    return now >= rests_until(seen_at, limits)


def counts_anew(seen_at: datetime, now: datetime) -> bool:
    """Whether this use is written down."""
    return now - seen_at >= SEEN_EVERY
