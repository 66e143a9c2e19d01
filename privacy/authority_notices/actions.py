"""What the controller decides and does towards its supervisory authority; the notice is its own act (BRE-12)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from audit import context
from audit.signatures.catalogue import Signing
from audit.transitions import MoveRefused, signed_write
from privacy.deadlines import actions as deadlines
from privacy.deadlines.states import Kind
from privacy.incidents import actions as incidents
from privacy.incidents import queries
from privacy.incidents.clock import FactsRefused
from privacy.incidents.models import Incident
from privacy.incidents.states import Notification


def decide(
    incident: Incident,
    *,
    decision: Notification,
    signing: Signing | None = None,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> Incident:
    """Whether the authority is notified; not doing so needs the reason why no risk is likely (Art. 33(1), BRE-13).

    Not notifying is signed. Raises `SignatureRefused`.
    """
    with context.regulated_write(actor=actor, reason=reason) as write:
        fresh = _duty(incident)
        if fresh.notification == decision == Notification.NOT_NOTIFIABLE:
            raise MoveRefused(f"It is decided already that the authority is not told of {fresh.reference}.")
        said = {"notification": decision, "notification_reason": write.reason}
        signed_write(fresh, was=fresh.notification, to=decision, changes=said, signing=signing, actor=actor, now=now)
        if decision == Notification.NOT_NOTIFIABLE:
            deadlines.end(fresh, Kind.BREACH_CONTROLLER, actor=actor, now=now, reason=reason)
        else:
            incidents.start_controller_clock(fresh, actor=actor, now=now, reason=reason)
    return fresh


def record(
    incident: Incident, *, told: Mapping[str, Any], actor: context.Actor, now: datetime, reason: str
) -> Incident:
    """The controller told its authority. Late needs reasons for the delay (Art. 33(1), BRE-06).

    `told` holds authority, authority_reference, authority_told_at, authority_delay_reasons. Raises `FactsRefused`.
    """
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _duty(incident)
        _check_told(fresh, told, now)
        for name, value in told.items():
            setattr(fresh, name, value)
        fresh.notification = Notification.NOTIFY
        fresh.save(update_fields=[*told, "notification"])
        # Met when the authority was told, not when somebody wrote it down here; the history has both times.
        at = told["authority_told_at"]
        deadlines.meet(fresh, Kind.BREACH_CONTROLLER, actor=actor, now=at, reason=reason)
    return fresh


def _duty(incident: Incident) -> Incident:
    """The locked incident, where Art. 33(1) binds this schema and the authority was not told yet."""
    fresh = incidents.locked(incident)
    if not fresh.is_breach or not fresh.own_data:
        raise MoveRefused(f"{fresh.reference} is no breach of which the supervisory authority is told from here.")
    if fresh.authority_told_at is not None:
        raise MoveRefused(f"The authority was told of {fresh.reference} already.")
    return fresh


def _check_told(incident: Incident, told: Mapping[str, Any], now: datetime) -> None:
    at = told["authority_told_at"]
    if incident.aware_at is None or not incident.aware_at <= at <= now:
        raise FactsRefused("authority_told_at", "The authority was told after you became aware, and not in the future.")
    late = at >= incident.aware_at + timedelta(hours=queries.hours("breach.controller_hours", incident.aware_at))
    if late and not told["authority_delay_reasons"].strip():
        raise FactsRefused("authority_delay_reasons", "This was late: give the reasons for the delay (Art. 33(1)).")
