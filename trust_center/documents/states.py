"""Where a document's version stands. Pure: no Django."""

from enum import StrEnum

from audit.signatures.catalogue import Meaning, Rule


class State(StrEnum):
    PREPARING = "preparing"
    FAILED = "failed"
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


TRANSITIONS = {
    State.PREPARING: {State.DRAFT, State.FAILED},
    State.FAILED: {State.PREPARING, State.RETIRED},
    State.DRAFT: {State.PUBLISHED, State.RETIRED},
    State.PUBLISHED: {State.SUPERSEDED, State.RETIRED},
    State.SUPERSEDED: {State.RETIRED},
    State.RETIRED: set(),
}

SIGNING = Rule(
    moves={(State.DRAFT, State.PUBLISHED): (Meaning.APPROVAL,)},
    open=frozenset({State.PREPARING, State.FAILED, State.DRAFT}),
    free=frozenset({"state_changed_at", "published_at", "published_by", "print_at", "print_tries"}),
)

# A document has at most one version on its way.
IN_THE_MAKING = (State.PREPARING, State.FAILED, State.DRAFT)
# States in which there is a PDF for sure.
PRINTED = (State.DRAFT, State.PUBLISHED, State.SUPERSEDED)


class Kind(StrEnum):
    DPA = "dpa"
    SECURITY_OVERVIEW = "security-overview"
    QUESTIONNAIRE = "questionnaire"
    SLA = "sla"


class Classification(StrEnum):
    """Who may read it; the words are printed on every page."""

    PUBLIC = "public"
    RESTRICTED = "restricted"
    CONFIDENTIAL = "confidential"
