"""Visits of Complere's staff, as the tenant keeps them: told at once, time-boxed, ended by either side."""

import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest

from audit import context
from audit.transitions import MoveRefused
from tenants import signing
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.queries import with_permission
from tenants.members.ceremonies import actions as ceremonies
from tenants.members.contacts import queries as contacts
from tenants.members.contacts.queries import Recipient
from tenants.members.outbox import actions as outbox
from tenants.members.sessions import actions as sessions
from tenants.members.sessions.catalogue import DOOR, SCHEMA, Door, Method
from tenants.members.sessions.models import Session
from tenants.members.staff_entries import catalogue, queries
from tenants.members.staff_entries.models import StaffEntry
from tenants.schemas import current_schema
from tenants.tenancy.queries import name_here, zone_here

log = structlog.get_logger(__name__)

# Called in the transaction that ends an entry: `listener(entry, actor=, now=, reason=)`, in the tenant's schema.
Listener = Callable[..., None]
_listeners: list[Listener] = []
# Who decides who comes in here.
TOLD = ("members.manage_access", "members.manage_people")


class EntryOver(MoveRefused):
    """The entry has ended, or the ticket to it was used, is late, or of another workspace."""


class TooManyTickets(Exception):
    """Too many tickets were tried from this address."""

    seconds = int(catalogue.TICKET_WINDOW.total_seconds())


def on_end(listener: Listener) -> None:
    """A registry, because the request to enter lies with Complere, above this app."""
    _listeners.append(listener)


def record(entry: StaffEntry, *, actor: context.Actor, now: datetime, reason: str) -> StaffEntry:
    """Write into this tenant that somebody may enter it from now on, and tell its people in the same transaction."""
    with context.regulated_write(actor=actor, reason=reason):
        entry.save(force_insert=True)
        _tell(entry, "staff-entry-approved", now)
    log.warning("entry of staff approved", entry=str(entry.pk))
    return entry


def ticket(entry_id: UUID, *, now: datetime) -> str:
    """A way in for one press, good for TICKET_LIFE in this schema only. Raises `EntryOver`.

    The ticket itself is signed; only a digest of its secret is kept.
    """
    entry = queries.by_id(entry_id)
    if entry is None or queries.is_over(entry, now):
        raise EntryOver("This entry is over.")
    secret = secrets.token_urlsafe(32)
    ceremonies.begin(
        catalogue.TICKET, secret=secret, content={"entry": str(entry_id)}, life=catalogue.TICKET_LIFE, now=now
    )
    return signing.sign({"entry": str(entry_id), "secret": secret}, purpose=catalogue.TICKET)


def count_ticket(address: str) -> None:
    """Raises `TooManyTickets`."""
    if attempts.count("staff ticket", address, window=catalogue.TICKET_WINDOW) > catalogue.TICKETS_PER_ADDRESS:
        raise TooManyTickets


def enter(request: HttpRequest, *, token: str, now: datetime) -> StaffEntry:
    """Use the ticket up and open a session for the visit, in place of whatever session this browser had here.

    It ends with the entry, however much it is used. Raises `EntryOver`.
    """
    named = queries.ticket_holds(token)
    kept = ceremonies.finish(catalogue.TICKET, secret=named[1], now=now) if named else None
    if named is None or kept is None or kept["entry"] != str(named[0]):
        raise EntryOver("This way in was used already, or is older than a minute. Take a new one in the console.")
    visitor = queries.visitor(named[0])
    if visitor is None or queries.is_over(visitor.visit, now):
        raise EntryOver("This entry is over.")
    entry = visitor.visit
    with context.regulated_write(actor=visitor.actor, reason=f"{entry.reason} ({entry.ticket})"):
        entry = StaffEntry.objects.select_for_update().get(pk=entry.pk)
        if entry.entered_at is None:
            entry.entered_at = now
            entry.save(update_fields=["entered_at"])
    _open_session(request, entry, now, epoch=visitor.epoch)
    return entry


def end(
    entry_id: UUID, *, actor: context.Actor, now: datetime, reason: str, because: str, ended_by: str = ""
) -> StaffEntry:
    """End the visit at once: its sessions go, the tenant's people are told, Complere's request ends with it.

    `because`: in words for the tenant. Raises `EntryOver` when it has ended already.
    """
    with context.regulated_write(actor=actor, reason=reason):
        entry = StaffEntry.objects.select_for_update().get(pk=entry_id)
        if entry.ended_at is not None:
            raise EntryOver("This visit has ended already.")
        entry.ended_at, entry.ended_by = min(now, entry.ends_at), ended_by or actor.name
        entry.ended_because = because
        entry.save(update_fields=["ended_at", "ended_by", "ended_because"])
        sessions.end([*Session.objects.filter(entry_id=entry.pk)])
        for listener in _listeners:
            listener(entry, actor=actor, now=now, reason=reason)
        _tell(entry, "staff-entry-ended", now, traces=queries.traces(entry))
    log.warning("entry of staff ended", entry=str(entry.pk), because=because)
    return entry


def _open_session(request: HttpRequest, entry: StaffEntry, now: datetime, *, epoch: int) -> None:
    # Nothing of a session that was here before goes on, neither its key nor its content.
    request.session.flush()
    door = Door(
        method=Method.STAFF,
        opened_at=now,
        proved_at=now,
        second_at=now,
        second="console",
        address=context.current_request().address,
        browser=request.headers.get("User-Agent", "")[:200],
    )
    request.session[SESSION_KEY] = str(entry.pk)
    request.session[BACKEND_SESSION_KEY] = catalogue.BACKEND
    request.session[catalogue.ENTRY] = str(entry.pk)
    request.session[catalogue.EPOCH] = epoch
    request.session[SCHEMA] = current_schema()
    request.session[DOOR] = door.stored()
    request.session.set_expiry(entry.ends_at)
    request.session.save()


def _tell(entry: StaffEntry, template: str, now: datetime, **values: object) -> None:
    for reader in _readers():
        outbox.queue_email(
            to=reader.email,
            subject_key=reader.subject_key,
            template=template,
            context={
                "reader": reader,
                "entry": entry,
                "sender_name": name_here(),
                "zone": zone_here(),
                "link": outbox.link("staff-entry", entry.pk),
                "now": now,
                **values,
            },
            now=now,
            about=f"members.staffentry:{entry.pk}",
        )


def _readers() -> list[Recipient]:
    """Whoever decides who comes in here, and the security contact; each address once."""
    people = [user for permission in TOLD for user in with_permission(permission)]
    found = [Recipient(user.full_name, user.email, user.subject_key, "administrator") for user in people]
    return list({one.email.casefold(): one for one in [*contacts.recipients("security")[:1], *found]}.values())
