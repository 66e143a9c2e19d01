"""Where an incident stands, and the words for it. Pure: no Django."""

from enum import StrEnum

from audit.signatures.catalogue import Meaning, Rule


class State(StrEnum):
    LOGGED = "logged"
    ASSESSING = "assessing"
    CONFIRMED_BREACH = "confirmed_breach"
    NO_BREACH = "no_breach"
    CONTAINED = "contained"
    CLOSED = "closed"


TRANSITIONS = {
    State.LOGGED: {State.ASSESSING, State.CONFIRMED_BREACH, State.NO_BREACH},
    State.ASSESSING: {State.CONFIRMED_BREACH, State.NO_BREACH},
    # New facts may show that it was a breach after all, or none (EDPB 9/2022 para 66).
    State.NO_BREACH: {State.ASSESSING, State.CLOSED},
    State.CONFIRMED_BREACH: {State.CONTAINED, State.NO_BREACH},
    State.CONTAINED: {State.CLOSED, State.NO_BREACH},
    State.CLOSED: set(),
}

# A breach whose clocks run and of which notices may be sent.
BREACH = {State.CONFIRMED_BREACH, State.CONTAINED}

LABELS = {
    State.LOGGED: "Logged",
    State.ASSESSING: "Being assessed",
    State.CONFIRMED_BREACH: "Personal-data breach",
    State.NO_BREACH: "No personal-data breach",
    State.CONTAINED: "Contained",
    State.CLOSED: "Closed",
}

TONES = {
    State.LOGGED: "neutral",
    State.ASSESSING: "active",
    State.CONFIRMED_BREACH: "failed",
    State.NO_BREACH: "closed",
    State.CONTAINED: "active",
    State.CLOSED: "closed",
}


class Notification(StrEnum):
    """What the controller decided on telling its supervisory authority (GDPR Art. 33(1))."""

    UNDECIDED = "undecided"
    NOTIFY = "notify"
    NOT_NOTIFIABLE = "not_notifiable"


# Not telling the authority is a decision somebody answers for; the rest of the incident goes on.
SIGNING = Rule(
    column="notification",
    moves={("*", Notification.NOT_NOTIFIABLE): (Meaning.RESPONSIBILITY,)},
    open=frozenset({Notification.UNDECIDED, Notification.NOTIFY}),
    sealed=frozenset({"notification_reason"}),
)

NOTIFICATIONS = {
    Notification.UNDECIDED: "Not decided yet",
    Notification.NOTIFY: "The supervisory authority is notified",
    Notification.NOT_NOTIFIABLE: "Not notifiable: unlikely to result in a risk",
}
