"""Where a review of access stands. Pure: no Django."""

from enum import StrEnum

from audit.signatures.catalogue import Meaning, Rule


class State(StrEnum):
    OPEN = "open"
    SIGNED_OFF = "signed_off"


TRANSITIONS = {
    State.OPEN: {State.SIGNED_OFF},
    State.SIGNED_OFF: set(),
}
# Whoever signs off answers for what was decided, and changes it no more (P11-300b).
SIGNING = Rule(
    moves={(State.OPEN, State.SIGNED_OFF): (Meaning.RESPONSIBILITY,)},
    open=frozenset({State.OPEN}),
    free=frozenset({"state_changed_at"}),
)


class Decision(StrEnum):
    """What a reviewer decided about a person's access."""

    KEEP = "keep"
    CHANGE = "change"
    DEACTIVATE = "deactivate"
    # Of the only one who reviews here: nobody decides on themselves.
    NOBODY = "nobody"


DECISIONS = {
    Decision.KEEP: "Keep as it is",
    Decision.CHANGE: "Roles changed",
    Decision.DEACTIVATE: "Deactivated",
    Decision.NOBODY: "Decided by nobody: nobody else reviews access here",
}
