"""What a statement is and where one version of it stands. Pure: no Django."""

from datetime import timedelta
from enum import StrEnum

from audit.signatures.catalogue import Meaning, Rule


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
    DISCARDED = "discarded"


TRANSITIONS: dict[State, set[State]] = {
    State.DRAFT: {State.PUBLISHED, State.DISCARDED},
    State.PUBLISHED: {State.RETIRED},
    State.RETIRED: set(),
    State.DISCARDED: set(),
}


SIGNING = Rule(
    moves={(State.DRAFT, State.PUBLISHED): (Meaning.APPROVAL,)},
    open=frozenset({State.DRAFT}),
    free=frozenset({"state_changed_at", "published_at"}),
)


class Kind(StrEnum):
    """A claim promises something; a clause answers a regulation; a passage or card only introduces."""

    CLAIM = "claim"
    PASSAGE = "passage"
    CARD = "card"
    CLAUSE = "clause"


class Support(StrEnum):
    """What the software does for a clause today."""

    BUILT = "built"
    PARTLY = "partly"
    PLANNED = "planned"
    PROCEDURAL = "procedural"


SUPPORT_WORDS = {
    Support.BUILT: "In the software",
    Support.PARTLY: "In part",
    Support.PLANNED: "Not yet",
    Support.PROCEDURAL: "Procedural: your duty",
}

# RFC 9116 asks for less than a year (FMT-ST05).
SECURITY_CONTACT_LIVES = timedelta(days=363)
SECURITY_CONTACT_ALARM = timedelta(days=30)
