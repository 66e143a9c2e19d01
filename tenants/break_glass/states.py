"""Where a request to enter a tenant stands. Pure: no Django."""

from enum import StrEnum


class State(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"


TRANSITIONS = {
    State.REQUESTED: {State.APPROVED, State.REFUSED, State.ENDED},
    State.APPROVED: {State.ENDED},
    State.REFUSED: set(),
    State.ENDED: set(),
}
