"""Where a mail stands. Pure: no Django."""

from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


TRANSITIONS = {
    State.QUEUED: {State.SENT, State.FAILED},
    State.FAILED: {State.QUEUED},
    State.SENT: set(),
}

# How long to wait after the first, second, … failed try; after the last the mail has failed.
RETRIES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
