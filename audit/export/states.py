"""Where an export stands. Pure: no framework."""

from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[State, set[State]] = {
    State.WAITING: {State.RUNNING},
    # Again, where the process that made it was lost.
    State.RUNNING: {State.RUNNING, State.READY, State.FAILED},
    State.READY: {State.EXPIRED, State.WITHDRAWN},
    State.FAILED: set(),
    State.EXPIRED: set(),
    State.WITHDRAWN: set(),
}
WORDS = {
    State.WAITING: "Waiting",
    State.RUNNING: "Being made",
    State.READY: "Ready",
    State.FAILED: "Failed",
    State.EXPIRED: "Expired",
    State.WITHDRAWN: "Withdrawn",
}
TONES = {
    State.WAITING: "neutral",
    State.RUNNING: "active",
    State.READY: "verified",
    State.FAILED: "failed",
    State.EXPIRED: "closed",
    State.WITHDRAWN: "closed",
}
# A copy that lies about is a risk: whoever needs it later orders it again.
KEPT_FOR = timedelta(days=7)
# Who makes an export says so; when nothing was heard for this long, somebody else begins anew.
LEASE = timedelta(minutes=6)
TRIES = 3
