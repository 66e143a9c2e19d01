"""An incident in words: its clocks, its facts, its history."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from audit.presenters import Story
from privacy.deadlines import queries as deadlines
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import Kind
from privacy.deadlines.states import State as Clock
from privacy.incidents import catalogue, states
from privacy.incidents.models import AffectedTenant, Incident

SOON = timedelta(hours=24)
RULES = {
    Kind.BREACH_CONTROLLER: "GDPR Art. 33(1): elapsed hours from awareness, weekends and holidays included",
    Kind.BREACH_PROMISE: "our promise, within GDPR Art. 33(2): without undue delay",
    Kind.BREACH_TARGET: "the target we work to, so that the promise is never at risk",
    Kind.BREACH_UPDATE: "GDPR Art. 33(4): information in phases",
}


def clock(deadline: Deadline, now: datetime, *, binding: bool = False) -> dict[str, Any]:
    """A deadline as the due components take it."""
    return {
        "title": deadline.title,
        "basis": deadline.basis,
        "binding": binding,
        "at": deadline.due_at,
        "tz": deadline.time_zone,
        "done_at": deadline.met_at,
        "paused": deadline.state == Clock.SUSPENDED,
        "soon": deadline.due_at - now <= SOON,
        "steps": [step["says"] for step in deadline.computation.get("steps", [])],
        "rule": RULES.get(Kind(deadline.kind), ""),
        "explain_url": deadlines.explain_url(deadline),
    }


def clocks(found: Iterable[Deadline], now: datetime) -> list[dict[str, Any]]:
    """The clocks that count or counted, the binding one marked; those that fell away are in the history."""
    shown = [deadline for deadline in found if deadline.state != Clock.ENDED]
    first = deadlines.binding(shown)
    return [clock(deadline, now, binding=deadline is first) for deadline in shown]


def row(incident: Incident, found: Iterable[Deadline], tenants: list[AffectedTenant], now: datetime) -> dict[str, Any]:
    """An incident as a line of the list: with the earliest duty that is still open."""
    first = deadlines.binding(found)
    return {
        "incident": incident,
        "state": states.LABELS[states.State(incident.state)],
        "tone": states.TONES[states.State(incident.state)],
        "clock": clock(first, now, binding=True) if first else None,
        "tenants": len(tenants),
        "told": sum(tenant.notified_at is not None for tenant in tenants),
    }


def tenant_row(tenant: AffectedTenant, found: list[Deadline], now: datetime) -> dict[str, Any]:
    """An affected tenant with its clocks and its notices."""
    by_kind = {deadline.kind: clock(deadline, now) for deadline in found if deadline.state != Clock.ENDED}
    notices = sorted(tenant.notices.all(), key=lambda notice: -notice.version)
    return {
        "tenant": tenant,
        "people": catalogue.figure(tenant.subjects_number, tenant.subjects_unknown_because),
        "records": catalogue.figure(tenant.records_number, tenant.records_unknown_because),
        "promise": by_kind.get(Kind.BREACH_PROMISE),
        "target": by_kind.get(Kind.BREACH_TARGET),
        "update": by_kind.get(Kind.BREACH_UPDATE),
        "newest": notices[0] if notices else None,
    }


def elapsed(since: datetime | None, until: datetime) -> str:
    """Full hours and minutes that have passed."""
    if since is None:
        return ""
    minutes = max(int((until - since).total_seconds() // 60), 0)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _natures(value: Any) -> str:
    return ", ".join(value) if value else "nothing"


STORIES = [
    Story(
        kind="privacy.incident",
        permission="privacy.view_incidents",
        title=lambda incident: f"{incident.reference}: {incident.title}",
        labels={
            "own_data": "whether own data are concerned",
            "detected_at": "moment of detection",
            "investigation_started_at": "start of the investigation",
            "aware_at": "moment of awareness",
            "awareness_reason": "reason for the time until awareness",
            "subjects_number": "number of data subjects",
            "subjects_unknown_because": "why the number of data subjects is unknown",
            "records_number": "number of records",
            "records_unknown_because": "why the number of records is unknown",
            "subject_categories": "categories of data subjects",
            "record_categories": "categories of records",
            "certainty": "what created certainty",
            "decided_by": "who decided",
            "unknown_yet": "what is unknown yet",
            "told_by_processor": "whether Complere told of it",
            "state_reason": "reason for the state",
            "natures": "what was breached",
            "notification": "decision on the supervisory authority",
        },
        values={
            "state": lambda value: states.LABELS[states.State(value)].lower(),
            "notification": lambda value: states.NOTIFICATIONS[states.Notification(value)].lower(),
            "natures": _natures,
            "unknown_yet": _natures,
        },
        hide=("subject_key", "form_token", "state_changed_at", "logged_by_id"),
        children=[("privacy.affectedtenant", "incident"), ("privacy.deadline", "subject")],
    ),
    Story(
        kind="privacy.affectedtenant",
        permission="privacy.view_incidents",
        title=lambda row: f"{row.tenant_name} in {row.incident.reference}",
        values={"unknown_yet": _natures},
        hide=("tenant_id",),
        children=[("privacy.deadline", "subject")],
    ),
    # The stricter of the two rights under which deadlines stand: a clock's title may name an affected tenant.
    Story(
        kind="privacy.deadline",
        permission="privacy.view_incidents",
        title=lambda deadline: str(deadline.title),
        labels={"due_at": "first moment that is too late", "met_at": "moment it was done"},
        hide=("subject", "state_changed_at", "computation", "alarms"),
    ),
]
