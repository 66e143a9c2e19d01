"""Who is told. The incidents ask `recipients`; pages and alarms ask `needs_attention`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tenants.members.accounts import hashing
from tenants.members.accounts.queries import LinkOver, LinkUnknown
from tenants.members.contacts.catalogue import LINK_LIFE, NAMES, REMEDIES, VERIFIED_FOR, WORDS, Problem
from tenants.members.contacts.models import Contact
from tenants.members.roles.queries import admins


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be told. `source`: “security contact”, “privacy contact” or “administrator”."""

    name: str
    email: str
    subject_key: Any
    source: str


@dataclass(frozen=True, slots=True)
class Attention:
    """A contact that needs somebody: which, what is wrong, and what to do."""

    kind: str
    problem: Problem
    word: str
    remedy: str

    @property
    def name(self) -> str:
        return NAMES[self.kind].capitalize()


def contacts() -> QuerySet[Contact]:
    return Contact.objects.select_related("subject_key").order_by("kind")


def by_kind(kind: str) -> Contact | None:
    return contacts().filter(kind=kind).first()


def is_another(contact: Contact | None, said: Mapping[str, str]) -> bool:
    """Whether `said` names another person than the contact, or another address."""
    return contact is None or (contact.full_name, contact.email) != (said["full_name"], said["email"])


def recipients(kind: str) -> list[Recipient]:
    """Whom to tell, in fallback order: this contact, the other one, then every admin (BRE-09).

    Contacts that are not confirmed or whose mail comes back are left out. Empty only where a
    schema has neither a live contact nor an admin.
    """
    found = sorted((one for one in contacts() if not is_dead(one)), key=lambda one: one.kind != kind)
    told = [Recipient(one.full_name, one.email, one.subject_key, NAMES[one.kind]) for one in found]
    return told + [Recipient(user.full_name, user.email, user.subject_key, "administrator") for user in admins()]


def is_dead(contact: Contact | None) -> bool:
    """True when a notice to this contact would reach nobody, as far as is known."""
    return contact is None or contact.bounced_at is not None or contact.verified_at is None


def problem(contact: Contact | None, now: datetime) -> Problem | None:
    if contact is None:
        return Problem.MISSING
    if contact.bounced_at is not None:
        return Problem.BOUNCING
    if contact.verified_at is None:
        return Problem.UNVERIFIED
    return Problem.STALE if contact.verified_at + VERIFIED_FOR <= now else None


def needs_attention(now: datetime) -> list[Attention]:
    """What is wrong with the contacts of this schema; empty when both are alive and fresh."""
    named = {contact.kind: contact for contact in contacts()}
    found = [(kind, problem(named.get(kind), now)) for kind in NAMES]
    return [Attention(kind, wrong, WORDS[wrong], REMEDIES[wrong]) for kind, wrong in found if wrong is not None]


def ask_at(contact: Contact) -> datetime | None:
    """When to mail the contact for a confirmation (again); None while mail comes back."""
    if contact.bounced_at is not None:
        return None
    moments = [contact.changed_at]
    if contact.verified_at is not None:
        moments.append(contact.verified_at + VERIFIED_FOR)
    if contact.verification_sent_at is not None:
        moments.append(contact.verification_sent_at + LINK_LIFE)
    return max(moments)


def next_due() -> datetime | None:
    moments = [moment for contact in contacts() if (moment := ask_at(contact)) is not None]
    return min(moments, default=None)


def open_verification(token: str, now: datetime, *, lock: bool = False) -> Contact:
    """The contact a mailed link belongs to. Raises `LinkUnknown` or `LinkOver`."""
    rows = contacts().select_for_update(of=("self",)) if lock else contacts()
    contact = rows.filter(verification_hash=hashing.digest(token)).first()
    if contact is None or contact.verification_sent_at is None:
        raise LinkUnknown
    if contact.verified_at is not None and contact.verified_at >= contact.verification_sent_at:
        raise LinkOver("You have confirmed this already. There is nothing more to do.")
    if contact.verification_sent_at + LINK_LIFE <= now:
        raise LinkOver("This link has expired. A newer mail has another one.")
    return contact
