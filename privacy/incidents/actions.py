"""Logging and working incidents, and the clocks that a personal-data breach starts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import context
from audit.subject_keys import actions as subject_keys
from audit.transitions import MoveRefused, move
from privacy.deadlines import actions as deadlines
from privacy.deadlines import clock
from privacy.deadlines import queries as deadline_queries
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import Basis, Kind
from privacy.incidents import catalogue, queries
from privacy.incidents.clock import FactsRefused, check_awareness, check_order
from privacy.incidents.models import AffectedTenant, Incident
from privacy.incidents.states import BREACH, Notification, State
from tenants.members.accounts import queries as accounts
from tenants.members.outbox import actions as outbox
from tenants.members.outbox import queries as mails
from tenants.tenancy import queries as tenancy

PROMISES = (
    (Kind.BREACH_PROMISE, Basis.PROMISE, "breach.processor_promise_hours"),
    (Kind.BREACH_TARGET, Basis.TARGET, "breach.processor_target_hours"),
)
PROMISED = tuple(kind for kind, _, _ in PROMISES)


def log(
    *,
    facts: Mapping[str, Any],
    actor: context.Actor,
    now: datetime,
    token: UUID | None = None,
    reason: str = "Log the incident",
) -> Incident:
    """Write down that something happened or may have happened. The same form sent twice gives the same incident.

    `facts` holds fields of the model. Raises `FactsRefused`.
    """
    with context.regulated_write(actor=actor, reason=reason) as write:
        reference = queries.next_reference(now)
        if token is not None and (logged := queries.by_token(token)) is not None:
            return logged
        incident = Incident(
            reference=reference,
            form_token=token,
            subject_key=subject_keys.create(now=now),
            state_changed_at=now,
            logged_at=now,
            logged_by_id=actor.id,
            logged_by=f"{write.actor.name} ({write.actor.role})",
            **facts,
        )
        check_order(incident, now)
        incident.save(force_insert=True)
    return incident


def assess(incident: Incident, *, actor: context.Actor, now: datetime, reason: str) -> Incident:
    """Somebody looks into it; the short investigation before awareness starts promptly (EDPB 9/2022 para 34)."""
    changes: dict[str, Any] = {
        "state_reason": reason.strip(),
        "investigation_started_at": incident.investigation_started_at or now,
    }
    return move(incident, State.ASSESSING, actor=actor, now=now, reason=reason, **changes)


def record_facts(
    incident: Incident, *, facts: Mapping[str, Any], actor: context.Actor, now: datetime, reason: str
) -> Incident:
    """Correct or complete what is known. Raises `FactsRefused`, and `MoveRefused` once the incident is closed."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = locked(incident)
        owned = fresh.own_data
        for name, value in facts.items():
            setattr(fresh, name, value)
        check_order(fresh, now)
        fresh.save(update_fields=[*facts])
        if fresh.state in BREACH and fresh.own_data != owned:
            _follow_ownership(fresh, actor, now, reason)
    return fresh


def confirm(
    incident: Incident, *, awareness: Mapping[str, Any], actor: context.Actor, now: datetime, reason: str
) -> Incident:
    """It is a personal-data breach: start the clock of each affected tenant and, for own data, of Art. 33(1).

    `awareness` holds aware_at, awareness_reason, certainty, decided_by. Raises `FactsRefused` (BRE-01, BRE-04).
    """
    with context.regulated_write(actor=actor, reason=reason):
        _check_awareness(locked(incident), awareness["aware_at"], awareness["awareness_reason"], now)
        changes = {**awareness, "state_reason": reason.strip()}
        fresh = move(incident, State.CONFIRMED_BREACH, actor=actor, now=now, reason=reason, **changes)
        _start_clocks(fresh, actor, now, reason)
    return fresh


def move_awareness(
    incident: Incident, *, aware_at: datetime, actor: context.Actor, now: datetime, reason: str
) -> Incident:
    """We were aware earlier than was thought: running clocks are computed anew. Never later (BRE-01)."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = locked(incident)
        if fresh.state not in BREACH:
            raise MoveRefused(f"{fresh.reference} is no confirmed breach, so its awareness cannot be moved.")
        if aware_at == fresh.aware_at:
            raise FactsRefused("aware_at", "This is the moment of awareness already.")
        _check_awareness(fresh, aware_at, reason, now)
        fresh.aware_at, fresh.awareness_reason = aware_at, reason.strip()
        fresh.save(update_fields=["aware_at", "awareness_reason"])
        _end_clocks(fresh, actor, now, f"Computed anew: {reason.strip()}")
        _start_clocks(fresh, actor, now, reason)
    return fresh


def dismiss(incident: Incident, *, actor: context.Actor, now: datetime, reason: str) -> Incident:
    """No personal data were breached; the register keeps the incident and why (BRE-11)."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = move(incident, State.NO_BREACH, actor=actor, now=now, reason=reason, state_reason=reason.strip())
        _end_clocks(fresh, actor, now, reason)
    return fresh


def contain(incident: Incident, *, actor: context.Actor, now: datetime, reason: str) -> Incident:
    return move(incident, State.CONTAINED, actor=actor, now=now, reason=reason, state_reason=reason.strip())


def close(incident: Incident, *, actor: context.Actor, now: datetime, reason: str) -> Incident:
    """Nothing is left to do. Refused while a tenant or the authority has yet to be told."""
    with context.regulated_write(actor=actor, reason=reason):
        locked(incident)
        if duties := queries.open_duties(incident):
            told = "; ".join(sorted({duty.title for duty in duties}))
            raise MoveRefused(f"{incident.reference} cannot be closed while duties are open: {told}.")
        return move(incident, State.CLOSED, actor=actor, now=now, reason=reason, state_reason=reason.strip())


def add_tenants(
    incident: Incident, *, tenant_ids: Iterable[UUID], actor: context.Actor, now: datetime, reason: str
) -> list[AffectedTenant]:
    """These tenants' data are concerned too. Their clocks run from the same awareness, however late they are added."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = locked(incident)
        chosen = tenancy.customers().filter(pk__in=[*tenant_ids])
        added = [row for tenant in chosen if (row := _affect(fresh, tenant, now)) is not None]
        if fresh.state in BREACH:
            for row in added:
                _start_promises(fresh, row, actor, now, reason)
    return added


def remove_tenant(row: AffectedTenant, *, actor: context.Actor, now: datetime, reason: str) -> AffectedTenant:
    """This tenant's data were not concerned after all. Refused once it was told."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = locked_tenant(row)
        if fresh.notified_at is not None:
            raise MoveRefused(f"{fresh.tenant_name} was told already: send it a new version instead of removing it.")
        fresh.removed_at = now
        fresh.save(update_fields=["removed_at"])
        deadlines.end(fresh, actor=actor, now=now, reason=reason)
    return fresh


def describe_tenant(
    row: AffectedTenant, *, facts: Mapping[str, Any], actor: context.Actor, now: datetime, reason: str
) -> AffectedTenant:
    """What is known of this tenant's own people and records (BRE-10)."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = locked_tenant(row)
        for name, value in facts.items():
            setattr(fresh, name, value)
        fresh.save(update_fields=[*facts])
    return fresh


def mark_notified(
    row: AffectedTenant, *, at: datetime, next_update_hours: int | None, actor: context.Actor, reason: str
) -> None:
    """A notice reached the tenant: the promise is kept; the next promised update is clocked (BRE-02, BRE-07)."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = locked_tenant(row)
        fresh.notified_at, fresh.acknowledged_at = fresh.notified_at or at, None
        fresh.save(update_fields=["notified_at", "acknowledged_at"])
        deadlines.meet(fresh, *PROMISED, Kind.BREACH_UPDATE, actor=actor, now=at, reason=reason)
        if next_update_hours is not None:
            result = clock.hour_period(at, next_update_hours, queries.zone())
            title = f"Send {fresh.tenant_name[:80]} the next update"
            _start(fresh, Kind.BREACH_UPDATE, Basis.PROMISE, title, result, actor=actor, now=at, reason=reason)


def mark_acknowledged(row: AffectedTenant, *, at: datetime, actor: context.Actor, reason: str) -> None:
    """The tenant acknowledged its newest notice. Also of a closed incident."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = AffectedTenant.objects.select_for_update().get(pk=row.pk)
        fresh.acknowledged_at = at
        fresh.save(update_fields=["acknowledged_at"])


def open_case(*, facts: Mapping[str, Any], aware_at: datetime, actor: context.Actor, reason: str) -> Incident:
    """The controller's entry for a breach its processor told it of: aware when told (EDPB 9/2022 para 44, BRE-03)."""
    origin = {"detected_at": aware_at, "own_data": True, "told_by_processor": True}
    case = log(facts={**facts, **origin}, actor=actor, now=aware_at, reason=reason)
    awareness = {"aware_at": aware_at, "certainty": reason, "decided_by": actor.name, "awareness_reason": ""}
    return confirm(case, awareness=awareness, actor=actor, now=aware_at, reason=reason)


def start_controller_clock(incident: Incident, *, actor: context.Actor, now: datetime, reason: str) -> None:
    """The elapsed hours of GDPR Art. 33(1) towards the supervisory authority, unless they run already."""
    running = deadline_queries.open_of(incident, Kind.BREACH_CONTROLLER).exists()
    if incident.aware_at is None or incident.authority_told_at is not None or running:
        return
    hours = queries.hours("breach.controller_hours", incident.aware_at)
    result = clock.hour_period(incident.aware_at, hours, queries.zone())
    title = "Notify the supervisory authority"
    _start(incident, Kind.BREACH_CONTROLLER, Basis.LAW, title, result, actor=actor, now=now, reason=reason)


def ring(deadline: Deadline, now: datetime) -> None:
    """Tell those who work incidents here how long is left; one mail a person for all tenants of one incident."""
    record = queries.record_of(deadline.subject)
    if record is None:
        return
    incident = record if isinstance(record, Incident) else record.incident
    about = queries.alarm_key(incident, deadline, now)
    if mails.about(about).exists():
        return
    values = queries.alarm(incident, deadline, now)
    values |= {"url": outbox.link("incident", incident.pk), "sender_name": tenancy.name_here()}
    for person in accounts.with_permission("privacy.work_incidents"):
        outbox.queue_email(
            to=person.email,
            subject_key=person.subject_key,
            template="incident-clock",
            context=values,
            now=now,
            about=about,
        )


def locked(incident: Incident) -> Incident:
    """The fresh row, held until the transaction ends. Raises `MoveRefused`: a closed incident takes no more facts."""
    fresh = queries.incidents().select_for_update(of=("self",)).get(pk=incident.pk)
    if fresh.state == State.CLOSED:
        raise MoveRefused(f"{fresh.reference} is closed.")
    return fresh


def locked_tenant(row: AffectedTenant) -> AffectedTenant:
    """The fresh row, held until the transaction ends. Raises `MoveRefused` when it was removed or all is closed."""
    fresh = AffectedTenant.objects.select_for_update().get(pk=row.pk)
    locked(fresh.incident)
    if fresh.removed_at is not None:
        raise MoveRefused(f"{fresh.tenant_name} was removed from the affected tenants.")
    return fresh


def _check_awareness(incident: Incident, aware_at: datetime, why: str, now: datetime) -> None:
    limit = queries.hours("breach.awareness_reason_hours", incident.detected_at)
    check_awareness(incident, aware_at, why, limit_hours=limit, now=now)


def _affect(incident: Incident, tenant: Any, now: datetime) -> AffectedTenant | None:
    """The row of a tenant that is affected from now on; None when it was already."""
    row = AffectedTenant.objects.filter(incident=incident, tenant_id=tenant.pk).first()
    if row is None:
        identity = {"tenant_id": tenant.pk, "tenant_name": tenant.name}
        return AffectedTenant.objects.create(incident=incident, added_at=now, **identity)
    if row.removed_at is None:
        return None
    row.removed_at, row.added_at = None, now
    row.save(update_fields=["removed_at", "added_at"])
    return row


def _follow_ownership(incident: Incident, actor: context.Actor, now: datetime, reason: str) -> None:
    """Art. 33(1) begins or ceases to bind us, as own data turn out to be concerned or not (BRE-17)."""
    if _binds_us(incident):
        start_controller_clock(incident, actor=actor, now=now, reason=reason)
    else:
        deadlines.end(incident, Kind.BREACH_CONTROLLER, actor=actor, now=now, reason=reason)


def _binds_us(incident: Incident) -> bool:
    """Art. 33(1): our own data, and nobody decided with reasons that no risk is likely."""
    return incident.own_data and incident.notification != Notification.NOT_NOTIFIABLE


def _start_clocks(incident: Incident, actor: context.Actor, now: datetime, reason: str) -> None:
    if _binds_us(incident):
        start_controller_clock(incident, actor=actor, now=now, reason=reason)
    for row in queries.affected(incident).filter(notified_at=None):
        _start_promises(incident, row, actor, now, reason)


def _end_clocks(incident: Incident, actor: context.Actor, now: datetime, reason: str) -> None:
    for record in (incident, *queries.affected(incident)):
        deadlines.end(record, *PROMISED, Kind.BREACH_CONTROLLER, actor=actor, now=now, reason=reason)


def _start_promises(incident: Incident, row: AffectedTenant, actor: context.Actor, now: datetime, reason: str) -> None:
    """Our promise to this tenant and the earlier target we work to (Art. 33(2), BRE-02)."""
    if (aware_at := incident.aware_at) is None:
        return
    for kind, basis, key in PROMISES:
        result = clock.hour_period(aware_at, queries.hours(key, aware_at), queries.zone())
        _start(
            row, kind, basis, f"Tell {row.tenant_name[:80]} of the breach", result, actor=actor, now=now, reason=reason
        )


def _start(
    record: Incident | AffectedTenant, kind: Kind, basis: Basis, title: str, result: clock.HourDeadline, **write: Any
) -> None:
    started_at = result.event_at
    alarms = catalogue.ALARMS
    deadlines.start(
        record, kind=kind, basis=basis, title=title, result=result, started_at=started_at, alarms=alarms, **write
    )
