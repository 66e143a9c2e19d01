"""Keeping the contacts alive: named, confirmed by themselves, asked again, flagged when mail comes back."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit import context
from audit.subject_keys import actions as subject_keys
from audit.transitions import MoveRefused
from tenants.members.accounts import hashing
from tenants.members.contacts import queries
from tenants.members.contacts.catalogue import BETWEEN_MAILS, DUTIES, LINK_LIFE, NAMES
from tenants.members.contacts.models import Contact
from tenants.members.outbox import actions as outbox
from tenants.members.outbox.queries import failures_to
from tenants.members.roles.queries import admins
from tenants.tenancy.queries import name_here
from tenants.wakeups import actions as wakeups

CLOCK = context.service("contacts")


def keep(
    *, kind: str, full_name: str, email: str, phone: str, actor: context.Actor, now: datetime, reason: str
) -> Contact:
    """Name the contact of this kind, or correct what is known of them.

    Another name or address is another person, with a key of their own, who must confirm anew and
    is asked to in the same transaction.
    """
    said = {"full_name": full_name.strip(), "email": email.strip(), "phone": phone.strip()}
    with context.regulated_write(actor=actor, reason=reason):
        contact = _locked(kind)
        if contact is None:
            contact = _created(kind, said, now)
            moved = True
        else:
            moved = queries.is_another(contact, said)
            _rewrite(contact, said, now)
        return ask(contact, actor=actor, now=now, reason=reason) if moved else contact


def ask(contact: Contact, *, actor: context.Actor, now: datetime, reason: str) -> Contact:
    """Mail the contact a link to confirm that messages arrive. An earlier link ends with it."""
    token = hashing.new_token()
    with context.regulated_write(actor=actor, reason=reason):
        fresh = queries.contacts().select_for_update(of=("self",)).get(pk=contact.pk)
        fresh.verification_hash, fresh.verification_sent_at = hashing.digest(token), now
        fresh.save(update_fields=["verification_hash", "verification_sent_at"])
        outbox.queue_email(
            to=fresh.email,
            subject_key=fresh.subject_key,
            template="contact-verification",
            context=_values(fresh) | {"link": outbox.link("contact-confirm", token), "expires_at": now + LINK_LIFE},
            now=now,
            about=f"members.contact:{fresh.pk}",
        )
        wakeups.wake(now + LINK_LIFE)
    return fresh


def ask_again(contact: Contact, *, actor: context.Actor, now: datetime) -> Contact:
    """On somebody's wish. Raises `MoveRefused` when a mail went out only just now."""
    with transaction.atomic():
        sent = queries.contacts().select_for_update(of=("self",)).get(pk=contact.pk).verification_sent_at
        if sent is not None and now - sent < BETWEEN_MAILS:
            raise MoveRefused("A mail went out less than 10 minutes ago. Give it time to arrive.")
        return ask(contact, actor=actor, now=now, reason="Asked again on the contacts page")


def confirm(*, token: str, now: datetime) -> Contact:
    """The contact says that messages arrive. Raises `LinkUnknown`, `LinkOver`."""
    with transaction.atomic():
        contact = queries.open_verification(token, now, lock=True)
        # By office, not by name: the trail is kept in the clear and outlives the person's key.
        office = context.Actor(id=None, name=NAMES[contact.kind].capitalize(), role="Contact")
        with context.regulated_write(actor=office, reason="Confirmed through the mailed link"):
            contact.verified_at, contact.bounced_at = now, None
            contact.save(update_fields=["verified_at", "bounced_at"])
            wakeups.wake(queries.ask_at(contact) or now)
    return contact


def mark_bounced(contact: Contact, *, actor: context.Actor, now: datetime, reason: str) -> Contact:
    """Mail to this contact comes back: notices pass it by from now on, and the admins are told."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = queries.contacts().select_for_update(of=("self",)).get(pk=contact.pk)
        if fresh.bounced_at is not None:
            return fresh
        fresh.bounced_at = now
        fresh.save(update_fields=["bounced_at"])
        for admin in admins():
            outbox.queue_email(
                to=admin.email,
                subject_key=admin.subject_key,
                template="contact-unreachable",
                context=_values(fresh) | {"person": admin, "link": outbox.link("contacts")},
                now=now,
                about=f"members.contact:{fresh.pk}",
            )
    return fresh


def look_after(now: datetime) -> int:
    """The chore: flag contacts whose mail failed, ask those again whose confirmation is over."""
    done = 0
    for contact in queries.contacts():
        since = max(contact.changed_at, contact.verified_at or contact.changed_at)
        if contact.bounced_at is None and failures_to(contact.subject_key_id, since).exists():
            mark_bounced(contact, actor=CLOCK, now=now, reason="A mail to this contact could not be delivered")
            done += 1
        elif (due := queries.ask_at(contact)) is not None and due <= now:
            ask(contact, actor=CLOCK, now=now, reason="No confirmation counts at present")
            done += 1
    return done


def _locked(kind: str) -> Contact | None:
    return queries.contacts().select_for_update(of=("self",)).filter(kind=kind).first()


def _created(kind: str, said: dict[str, str], now: datetime) -> Contact:
    contact = Contact(kind=kind, subject_key=subject_keys.create(now=now), changed_at=now, **said)
    try:
        with transaction.atomic():
            contact.save(force_insert=True)
    except IntegrityError as first:
        raise MoveRefused(f"Somebody else has named the {NAMES[kind]} at the same moment.") from first
    return contact


def _rewrite(contact: Contact, said: dict[str, str], now: datetime) -> None:
    if contact.email != said["email"]:
        contact.bounced_at = None
    if queries.is_another(contact, said):
        contact.verified_at = None
        contact.subject_key = subject_keys.create(now=now)
    # All three: each is sealed under the key that the row holds now.
    contact.full_name, contact.email, contact.phone = said["full_name"], said["email"], said["phone"]
    contact.changed_at = now
    contact.save(
        update_fields=["subject_key", "full_name", "email", "phone", "changed_at", "verified_at", "bounced_at"]
    )


def _values(contact: Contact) -> dict[str, object]:
    return {
        "contact": contact,
        "kind_name": NAMES[contact.kind],
        "duty": DUTIES[contact.kind],
        "sender_name": name_here(),
    }
