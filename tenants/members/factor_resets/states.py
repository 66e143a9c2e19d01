"""Where the reset of a person's factors stands. Pure: no Django."""

from enum import StrEnum


class State(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"


TRANSITIONS: dict[State, set[State]] = {
    State.ASKED: {State.APPROVED, State.DECLINED},
    State.APPROVED: set(),
    State.DECLINED: set(),
}
