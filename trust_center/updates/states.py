"""What is announced and where a subscription stands. Pure: no Django."""

from datetime import timedelta
from enum import StrEnum


class Topic(StrEnum):
    """What a published change is about."""

    CLAIMS = "claims"
    COMPLIANCE = "compliance"
    SUBPROCESSORS = "subprocessors"
    SECURITY = "security"
    DOCUMENTS = "documents"


class State(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    ENDED = "ended"


TRANSITIONS: dict[State, set[State]] = {
    State.PENDING: {State.CONFIRMED, State.ENDED},
    State.CONFIRMED: {State.ENDED},
    State.ENDED: set(),
}

# An address that nobody confirmed is forgotten after this (GDPR Art. 5(1)(e)).
CONFIRM_WITHIN = timedelta(days=7)
# A second request for the same address within this sends no second mail.
MAIL_AGAIN_AFTER = timedelta(minutes=10)
# Faster than this no person fills in a form.
FASTEST_PERSON = timedelta(seconds=2)
FORM_LIVES = timedelta(hours=24)
# Requests from one network address within the window; more are refused with 429.
REQUESTS_AN_ADDRESS = 10
REQUEST_WINDOW = timedelta(minutes=10)
