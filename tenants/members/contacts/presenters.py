"""Contacts as the page shows them."""

from dataclasses import dataclass
from datetime import datetime

from audit.presenters import Story
from tenants.members.contacts import queries
from tenants.members.contacts.catalogue import DUTIES, NAMES, REMEDIES, VERIFIED_FOR, WORDS, Problem
from tenants.members.contacts.models import Contact

TONES = {
    Problem.MISSING: "failed",
    Problem.BOUNCING: "failed",
    Problem.UNVERIFIED: "attention",
    Problem.STALE: "attention",
}


@dataclass(frozen=True, slots=True)
class Card:
    kind: str
    name: str
    duty: str
    contact: Contact | None
    word: str
    tone: str
    remedy: str
    confirmed_until: datetime | None


def cards(now: datetime) -> list[Card]:
    """One for each kind, named or not."""
    named = {contact.kind: contact for contact in queries.contacts()}
    return [_card(kind, named.get(kind), now) for kind in NAMES]


def known(contact: Contact | None) -> dict[str, str]:
    """What the form begins with."""
    if contact is None:
        return {}
    return {"full_name": contact.full_name, "email": contact.email, "phone": contact.phone}


def _card(kind: str, contact: Contact | None, now: datetime) -> Card:
    wrong = queries.problem(contact, now)
    verified = contact.verified_at if contact else None
    return Card(
        kind=kind,
        name=NAMES[kind].capitalize(),
        duty=DUTIES[kind],
        contact=contact,
        word=WORDS[wrong] if wrong else "Confirmed",
        tone=TONES[wrong] if wrong else "verified",
        remedy=REMEDIES[wrong] if wrong else "",
        confirmed_until=verified + VERIFIED_FOR if verified else None,
    )


STORIES = [
    Story(
        kind="members.contact",
        permission="members.manage_contacts",
        title=lambda contact: str(contact.get_kind_display()),
        labels={"full_name": "name", "email": "e-mail address", "phone": "telephone"},
    ),
]
