"""Where a deadline stands and what kinds there are. Pure: no Django."""

from enum import StrEnum


class State(StrEnum):
    RUNNING = "running"
    SUSPENDED = "suspended"
    MET = "met"
    MISSED = "missed"
    # The duty ended without an act (request withdrawn) or another deadline took its place.
    ENDED = "ended"


TRANSITIONS = {
    State.RUNNING: {State.SUSPENDED, State.MET, State.MISSED, State.ENDED},
    State.SUSPENDED: {State.RUNNING, State.MET, State.ENDED},
    # Late is still done: the duty is met, and `met_at` after `due_at` tells that it was late.
    State.MISSED: {State.MET, State.ENDED},
    State.MET: set(),
    State.ENDED: set(),
}

OPEN = {State.RUNNING, State.SUSPENDED, State.MISSED}


class Basis(StrEnum):
    """What makes the deadline binding; the earliest of law and promise binds (CLK-08, DSR-14)."""

    LAW = "law"
    PROMISE = "promise"
    TARGET = "target"


class Kind(StrEnum):
    DSR_STATUTORY = "dsr.statutory"
    DSR_PROMISE = "dsr.promise"
    DSR_ASSISTANCE = "dsr.assistance"
    BREACH_PROMISE = "breach.promise"
    BREACH_TARGET = "breach.target"
    BREACH_CONTROLLER = "breach.controller"
    BREACH_UPDATE = "breach.update"
    DOCUMENT_ANSWER = "document.answer"
