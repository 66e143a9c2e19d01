"""Where a data-subject request stands, and the moves between. Pure: no Django."""

from enum import StrEnum

from audit.signatures.catalogue import Meaning, Rule


class State(StrEnum):
    RECEIVED = "received"
    IDENTITY_PENDING = "identity_pending"
    VALIDATED = "validated"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    # The vendor's own record of a request that it handed to the controller.
    FORWARDED = "forwarded"


TRANSITIONS = {
    State.RECEIVED: {
        State.IDENTITY_PENDING,
        State.VALIDATED,
        State.REFUSED,
        State.WITHDRAWN,
        State.FORWARDED,
    },
    State.IDENTITY_PENDING: {State.VALIDATED, State.REFUSED, State.WITHDRAWN},
    State.VALIDATED: {State.IN_PROGRESS, State.REFUSED, State.WITHDRAWN},
    State.IN_PROGRESS: {State.DELIVERED, State.REFUSED, State.WITHDRAWN},
    State.DELIVERED: set(),
    State.REFUSED: set(),
    State.WITHDRAWN: set(),
    State.FORWARDED: set(),
}

WORDS = {
    State.RECEIVED: "Received",
    State.IDENTITY_PENDING: "Identity asked",
    State.VALIDATED: "Validated",
    State.IN_PROGRESS: "In progress",
    State.DELIVERED: "Delivered",
    State.REFUSED: "Refused",
    State.WITHDRAWN: "Withdrawn",
    State.FORWARDED: "Handed over",
}

OPEN = {state for state, moves in TRANSITIONS.items() if moves}
CLOSED = set(TRANSITIONS) - OPEN
SIGNING = Rule(
    moves={("*", State.DELIVERED): (Meaning.RESPONSIBILITY,), ("*", State.REFUSED): (Meaning.RESPONSIBILITY,)},
    open=frozenset(OPEN),
    free=frozenset({"state_changed_at", "closed_at", "closed_by", "answer_open_until", "due_at"}),
)
# Whoever stands here was validated by a named person (DSR-13).
AFTER_VALIDATION = {State.VALIDATED, State.IN_PROGRESS, State.DELIVERED}
