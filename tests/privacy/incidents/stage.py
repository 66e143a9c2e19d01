"""Incidents as the tests set them: who acts, what is known, and the short ways to a state."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from audit.context import Actor
from privacy.incidents import actions, queries
from privacy.incidents.models import AffectedTenant, Incident
from tenants import schemas
from tests import cast

AWARE = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
DETECTED = AWARE - timedelta(hours=3)
WHY = "Say why in the test"
SCALE = {
    "subject_categories": "Trial participants",
    "subjects_number": 120,
    "subjects_unknown_because": "",
    "record_categories": "Lab results",
    "records_number": None,
    "records_unknown_because": "Logs are still read",
    "unknown_yet": [],
}
FINDINGS = {
    **SCALE,
    "natures": ["confidentiality"],
    "likely_consequences": "Participants may be contacted by strangers",
    "measures_taken": "The link was closed",
    "measures_proposed": "Keys are rotated",
    "recommended_actions": "Warn your participants",
    "contact_name": "Security team",
    "contact_email": "security@complere.example",
    "contact_phone": "",
}


def actor(key: str) -> Actor:
    """Somebody of the cast; enter their schema first."""
    return cast.person(key).actor


def log(*, by: str = "sam", now: datetime | None = None, token: uuid.UUID | None = None, **facts: Any) -> Incident:
    known = {
        "title": "Export link open to the public",
        "description": "A link to an export could be opened without signing in.",
        "detected_at": DETECTED,
        "own_data": False,
        **facts,
    }
    return actions.log(facts=known, actor=actor(by), now=now or known["detected_at"], token=token)


def confirm(
    incident: Incident, *, by: str = "sam", at: datetime = AWARE, now: datetime | None = None, **more: Any
) -> Incident:
    awareness = {
        "aware_at": at,
        "awareness_reason": "",
        "certainty": "The access log shows downloads",
        "decided_by": "Sam Security",
        **more,
    }
    return actions.confirm(incident, awareness=awareness, actor=actor(by), now=now or at, reason=WHY)


def affect(incident: Incident, *names: str, now: datetime = AWARE) -> list[AffectedTenant]:
    ids = [cast.tenant(name).pk for name in names]
    actions.add_tenants(incident, tenant_ids=ids, actor=actor("sam"), now=now, reason=WHY)
    return list(queries.affected(incident))


def breach(*names: str, at: datetime = AWARE, **facts: Any) -> tuple[Incident, list[AffectedTenant]]:
    """A confirmed breach of Complere as processor, with its affected tenants and their figures."""
    with schemas.on_platform():
        incident = log(now=at, **{**FINDINGS, "detected_at": at - timedelta(hours=3), **facts})
        rows = affect(incident, *names, now=at)
        for row in rows:
            actions.describe_tenant(row, facts=SCALE, actor=actor("sam"), now=at, reason=WHY)
        confirm(incident, at=at)
        fresh = queries.incidents().get(pk=incident.pk)
        return fresh, list(queries.affected(fresh).select_related("incident__subject_key"))
