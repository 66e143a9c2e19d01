"""Where a request for documents, and each link that it was granted, stands. Pure: no Django."""

from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    RECEIVED = "received"
    INFORMATION_ASKED = "information_asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    # The same person asked for the same documents again: one answer serves both.
    MERGED = "merged"


TRANSITIONS = {
    State.AWAITING_CONFIRMATION: {State.RECEIVED, State.MERGED, State.EXPIRED},
    State.RECEIVED: {State.INFORMATION_ASKED, State.GRANTED, State.REFUSED, State.WITHDRAWN},
    State.INFORMATION_ASKED: {State.RECEIVED, State.GRANTED, State.REFUSED, State.WITHDRAWN, State.EXPIRED},
    State.GRANTED: set(),
    State.REFUSED: set(),
    State.WITHDRAWN: set(),
    State.EXPIRED: set(),
    State.MERGED: set(),
}

# What staff still have to answer.
OPEN = (State.RECEIVED, State.INFORMATION_ASKED)
# What staff see at all: before the address is confirmed a request is nobody's.
SEEN = (*OPEN, State.GRANTED, State.REFUSED, State.WITHDRAWN, State.EXPIRED)
ANSWERED = (State.GRANTED, State.REFUSED)

WORDS = {
    State.AWAITING_CONFIRMATION: "Awaiting confirmation",
    State.RECEIVED: "Received",
    State.INFORMATION_ASKED: "Information asked",
    State.GRANTED: "Granted",
    State.REFUSED: "Refused",
    State.WITHDRAWN: "Withdrawn",
    State.EXPIRED: "Expired",
    State.MERGED: "Merged",
}
TONES = {
    State.AWAITING_CONFIRMATION: "neutral",
    State.RECEIVED: "active",
    State.INFORMATION_ASKED: "attention",
    State.GRANTED: "verified",
    State.REFUSED: "closed",
    State.WITHDRAWN: "closed",
    State.EXPIRED: "closed",
    State.MERGED: "closed",
}


class Link(StrEnum):
    """Where a granted link stands; expired and used up follow from time and count."""

    OPEN = "open"
    REVOKED = "revoked"


class LinkStates:
    """The table that `move()` reads for links."""

    State = Link
    TRANSITIONS = {Link.OPEN: {Link.REVOKED}, Link.REVOKED: set()}


class Purpose(StrEnum):
    EVALUATION = "evaluation"
    QUALIFICATION = "qualification"
    CONTRACT = "contract"
    REVIEW = "review"
    AUDIT = "audit"
    OTHER = "other"


PURPOSE_WORDS = {
    Purpose.EVALUATION: "Evaluating Complere before a purchase",
    Purpose.QUALIFICATION: "Qualifying Complere as a supplier",
    Purpose.CONTRACT: "Negotiating or renewing a contract",
    Purpose.REVIEW: "Periodic review of a supplier in use",
    Purpose.AUDIT: "Preparing or answering an audit or inspection",
    Purpose.OTHER: "Something else",
}

CONFIRM_WITHIN = timedelta(days=7)
ANSWER_WITHIN = timedelta(days=30)
# How long the mailed link to a confirmed request shows where it stands.
STATUS_LIVES = timedelta(days=90)
# A mailed link that expired is kept as long again, then its row goes.
KEPT_AFTER_EXPIRY = timedelta(days=30)
LINK_LIVES = timedelta(days=30)
DOWNLOADS = 10
ALARMS = (timedelta(hours=4), timedelta(hours=1), timedelta(0))
FIGURES_OVER = timedelta(days=90)

FASTEST_PERSON = timedelta(seconds=3)
FORM_LIVES = timedelta(hours=24)
REQUESTS_AN_ADDRESS = 20
REQUESTS_A_MAILBOX = 5
REQUEST_WINDOW = timedelta(hours=1)
