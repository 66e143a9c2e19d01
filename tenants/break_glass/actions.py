"""Entering a tenant: one person asks, another decides, the tenant is told, and time ends it (ASVS 2.3.5)."""

from datetime import datetime, timedelta
from uuid import UUID

from audit import context
from audit.transitions import MoveRefused, move
from tenants import schemas
from tenants.break_glass import catalogue, queries
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tenants.members.accounts.models import User
from tenants.members.outbox import actions as outbox
from tenants.members.staff_entries import actions as visits
from tenants.members.staff_entries.models import StaffEntry
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import State as TenantState
from tenants.wakeups.actions import wake

ASKS = "tenants.ask_to_enter"
TIMER = context.service("timer of entries")
THE_TENANT = context.service("people of the tenant")


class EntryRefused(MoveRefused):
    """This person may not do this with this request, or not any more; the message says why."""


def ask(
    tenant: Tenant,
    *,
    ticket: str,
    minutes: int,
    may_write: bool,
    write_reason: str,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> EntryRequest:
    """Ask to enter `tenant` for some minutes; everybody who may decide is told. Raises `EntryRefused`.

    `write_reason`: why reading would not do; left out of a request that only reads.
    """
    visitor = _person(actor)
    _check_limits(tenant, minutes, may_write=may_write, write_reason=write_reason)
    with context.regulated_write(actor=actor, reason=reason) as write:
        # Held, so that the same form sent twice asks once.
        User.objects.select_for_update(of=("self",)).get(pk=visitor.pk)
        if queries.waiting(visitor.pk, tenant, ticket.strip()).exists():
            raise EntryRefused("You asked for this already, under the same ticket. It waits for a decision.")
        entry = EntryRequest(
            tenant=tenant,
            visitor_id=visitor.pk,
            visitor=visitor.full_name,
            reason=write.reason,
            ticket=ticket.strip(),
            minutes=minutes,
            may_write=may_write,
            write_reason=write_reason.strip() if may_write else "",
            state_changed_at=now,
            requested_at=now,
        )
        entry.save(force_insert=True)
        wake(now + catalogue.REQUEST_LIFE)
        for person in queries.deciders(visitor.pk):
            _tell(person, entry, "entry-asked", now)
    return entry


def approve(entry: EntryRequest, *, actor: context.Actor, now: datetime, reason: str) -> EntryRequest:
    """Open the tenant to who asked, from now on; both trails and the tenant's people learn of it at once.

    Raises `EntryRefused` and `MoveRefused`; of several decisions at the same time one counts.
    """
    decider = _other(entry, actor)
    with context.regulated_write(actor=actor, reason=reason):
        ends_at = now + timedelta(minutes=entry.minutes)
        said = {"decided_at": now, "decided_by": decider.full_name, "decider_id": decider.pk, "ends_at": ends_at}
        decided = move(entry, State.APPROVED, actor=actor, now=now, reason=reason, **said)
        _check_still(decided, now)
        with schemas.inside(decided.tenant):
            visits.record(_as_kept_there(decided, now), actor=actor, now=now, reason=reason)
        wake(ends_at)
        _tell_visitor(decided, now)
    return decided


def refuse(entry: EntryRequest, *, actor: context.Actor, now: datetime, reason: str) -> EntryRequest:
    """Say no; the reason goes to who asked. Raises `EntryRefused`, `MoveRefused`."""
    decider = _other(entry, actor)
    with context.regulated_write(actor=actor, reason=reason) as write:
        said = {"decided_at": now, "decided_by": decider.full_name, "decider_id": decider.pk}
        decided = move(entry, State.REFUSED, actor=actor, now=now, reason=reason, ended_because=write.reason, **said)
        _tell_visitor(decided, now)
    return decided


def ticket(entry: EntryRequest, *, actor: context.Actor, now: datetime) -> str:
    """A way into the tenant for one press, for who asked only. Raises `EntryRefused`, `visits.EntryOver`."""
    _own(entry, actor)
    if entry.state != State.APPROVED or entry.tenant.state != TenantState.ACTIVE:
        raise EntryRefused("This entry is not open.")
    with schemas.inside(entry.tenant):
        return visits.ticket(entry.pk, now=now)


def give_back(entry: EntryRequest, *, actor: context.Actor, now: datetime, reason: str) -> None:
    """Who asked needs it no longer, or not at all. Raises `EntryRefused`, `MoveRefused`."""
    _own(entry, actor)
    if entry.state == State.REQUESTED:
        move(entry, State.ENDED, actor=actor, now=now, reason=reason, ended_because=catalogue.WITHDRAWN)
        return
    if entry.state != State.APPROVED:
        raise EntryRefused("There is nothing to give back: this request has ended.")
    with schemas.inside(entry.tenant):
        visits.end(entry.pk, actor=actor, now=now, reason=reason, because=catalogue.GIVEN_BACK)


def lapse(now: datetime) -> int:
    """The chore: end what time has ended. Returns how many. Entries are over by their time before it runs."""
    if not schemas.is_platform():
        return 0
    return sum(_lapse(entry, now) for entry in queries.over(now))


def note_end(entry: StaffEntry, *, actor: context.Actor, now: datetime, reason: str) -> None:
    """A visit has ended in the tenant's schema: so does the request here, in the same transaction."""
    # Who of the tenant ended it stays in the tenant's trail: its people are no business of this schema.
    own = actor if actor.kind == "service" or actor.home == schemas.PUBLIC else THE_TENANT
    with schemas.on_platform():
        request = EntryRequest.objects.get(pk=entry.pk)
        move(request, State.ENDED, actor=own, now=now, reason=reason, ended_because=entry.ended_because)


def _lapse(entry: EntryRequest, now: datetime) -> int:
    why = {"actor": TIMER, "now": now, "reason": "Time is over"}
    try:
        if entry.state == State.REQUESTED:
            move(entry, State.ENDED, ended_because=catalogue.NOT_DECIDED, **why)  # type: ignore[arg-type]
        else:
            with schemas.inside(entry.tenant):
                visits.end(entry.pk, because=catalogue.TIME_OVER, ended_by="Complere, by the clock", **why)  # type: ignore[arg-type]
    except MoveRefused:
        # Somebody ended it, or decided, in this very moment.
        return 0
    return 1


def _as_kept_there(entry: EntryRequest, now: datetime) -> StaffEntry:
    return StaffEntry(
        pk=entry.pk,
        visitor_id=entry.visitor_id,
        visitor=entry.visitor,
        reason=entry.reason,
        ticket=entry.ticket,
        approved_by=entry.decided_by or "",
        approved_at=now,
        may_write=entry.may_write,
        write_reason=entry.write_reason,
        starts_at=now,
        ends_at=now + timedelta(minutes=entry.minutes),
    )


def _check_limits(tenant: Tenant, minutes: int, *, may_write: bool, write_reason: str) -> None:
    if tenant.is_platform or tenant.state != TenantState.ACTIVE:
        raise EntryRefused("Only the workspace of an active customer can be entered.")
    if not catalogue.SHORTEST <= minutes <= catalogue.LONGEST:
        raise EntryRefused(f"An entry lasts from {catalogue.SHORTEST} to {catalogue.LONGEST} minutes.")
    if may_write:
        context.checked_reason(write_reason)


def _check_still(entry: EntryRequest, now: datetime) -> None:
    """What was right when it was asked for must still be."""
    if queries.is_late(entry, now):
        raise EntryRefused("This request waited for more than 24 hours. It is to be asked anew.")
    if entry.tenant.state != TenantState.ACTIVE:
        raise EntryRefused(f"{catalogue.TENANT_CLOSED}.")
    visitor = User.objects.filter(pk=entry.visitor_id, is_active=True).first()
    if visitor is None or not visitor.has_perm(ASKS):
        raise EntryRefused("Who asked may not enter tenants any more.")


def _person(actor: context.Actor) -> User:
    """The member of staff who acts; entries are asked for and decided on by people of Complere only."""
    staff = actor.kind == "human" and actor.home == schemas.PUBLIC
    person = User.objects.filter(pk=actor.id, is_active=True).first() if staff else None
    if person is None:
        raise EntryRefused("Only Complere's staff ask for an entry and decide on it.")
    return person


def _other(entry: EntryRequest, actor: context.Actor) -> User:
    """Four eyes: never who asked (ASVS 2.3.5)."""
    person = _person(actor)
    if person.pk == entry.visitor_id:
        raise EntryRefused("You asked for this entry yourself. Another person decides on it.")
    if not person.has_perm(queries.DECIDES):
        raise EntryRefused("Your role does not decide on entries.")
    return person


def _own(entry: EntryRequest, actor: context.Actor) -> UUID:
    person = _person(actor)
    if person.pk != entry.visitor_id:
        raise EntryRefused("This entry is somebody else's.")
    return person.pk


def _tell_visitor(entry: EntryRequest, now: datetime) -> None:
    visitor = User.objects.filter(pk=entry.visitor_id, is_active=True).first()
    if visitor is not None:
        _tell(visitor, entry, "entry-decided", now)


def _tell(to: User, entry: EntryRequest, template: str, now: datetime) -> None:
    outbox.queue_email(
        to=to.email,
        subject_key=to.subject_key,
        template=template,
        context={"reader": to, "entry": entry, "link": outbox.link("entry", entry.pk), "now": now},
        now=now,
        about=f"tenants.entryrequest:{entry.pk}",
    )
