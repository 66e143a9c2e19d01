"""Where a document's version stands. Pure: no Django."""

from enum import StrEnum


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
