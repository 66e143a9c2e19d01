"""Where a breach notice stands, at Complere and at the tenant that received it. Pure: no Django."""

from enum import StrEnum

from audit.signatures.catalogue import Meaning, Rule


class State(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    # At the tenant: it arrived, and nobody has acknowledged it yet.
    DELIVERED = "delivered"


TRANSITIONS = {
    State.DRAFT: {State.APPROVED},
    # Editing drops the approval: what was approved is not what would be sent.
    State.APPROVED: {State.DRAFT, State.SENT},
    State.SENT: {State.ACKNOWLEDGED},
    State.DELIVERED: {State.ACKNOWLEDGED},
    State.ACKNOWLEDGED: set(),
}

UNSENT = {State.DRAFT, State.APPROVED}

# Of the notice as Complere wrote it; what becomes of it later is no part of its words.
SIGNING = Rule(
    moves={(State.DRAFT, State.APPROVED): (Meaning.APPROVAL,)},
    open=frozenset({State.DRAFT}),
    free=frozenset(
        {
            "state_changed_at",
            "approved_at",
            "approved_by",
            "sent_at",
            "sent_by",
            "sent_to",
            "delay_reasons",
            "next_update_at",
            "controller_safe_at",
            "controller_limit_at",
            "controller_zone",
            "acknowledged_at",
            "acknowledged_by",
            "acknowledgement",
            "mail_trouble",
            "mail_trouble_at",
        }
    ),
)

LABELS = {
    State.DRAFT: "Draft",
    State.APPROVED: "Approved",
    State.SENT: "Sent",
    State.ACKNOWLEDGED: "Acknowledged",
    State.DELIVERED: "To be acknowledged",
}

TONES = {
    State.DRAFT: "neutral",
    State.APPROVED: "verified",
    State.SENT: "attention",
    State.ACKNOWLEDGED: "verified",
    State.DELIVERED: "attention",
}

# Hours within which the next version may be promised; none when nothing more is expected.
UPDATE_HOURS = (12, 24, 48, 96, 168)
