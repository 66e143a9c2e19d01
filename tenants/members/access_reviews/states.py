"""Where a review of access stands. Pure: no Django."""

from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    SIGNED_OFF = "signed_off"


TRANSITIONS = {
    State.OPEN: {State.SIGNED_OFF},
    State.SIGNED_OFF: set(),
}
