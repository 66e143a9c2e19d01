"""What the moments of an incident must agree with. Pure: no Django, no clock reads."""

from datetime import datetime, timedelta
from typing import Protocol


class FactsRefused(ValueError):
    """What is said of the incident contradicts itself; `field` names what to correct."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Moments(Protocol):
    """The moments that an incident knows, all aware."""

    detected_at: datetime
    investigation_started_at: datetime | None
    aware_at: datetime | None
    subprocessor_told_at: datetime | None


def check_order(incident: Moments, now: datetime) -> None:
    """Detected, told, investigated, aware: in an order that can have been. Raises `FactsRefused` (BRE-01, BRE-04)."""
    if incident.detected_at > now:
        raise FactsRefused("detected_at", "It cannot have been detected in the future.")
    if incident.aware_at and incident.detected_at > incident.aware_at:
        raise FactsRefused("detected_at", "It was detected no later than you were aware of it (BRE-01).")
    for field in ("subprocessor_told_at", "investigation_started_at"):
        at = getattr(incident, field)
        if at is not None and not incident.detected_at <= at <= now:
            raise FactsRefused(field, "This lies between the moment of detection and now.")
    told = incident.subprocessor_told_at
    if told and incident.aware_at and incident.aware_at > told:
        raise FactsRefused("subprocessor_told_at", "You were aware no later than the sub-processor told you (BRE-04).")


def check_awareness(incident: Moments, aware_at: datetime, why: str, *, limit_hours: int, now: datetime) -> None:
    """Awareness follows detection, within `limit_hours` or with a reason. Raises `FactsRefused` (BRE-01, BRE-04)."""
    if not incident.detected_at <= aware_at <= now:
        raise FactsRefused("aware_at", "Awareness lies between the moment of detection and now (BRE-01).")
    if incident.aware_at is not None and aware_at > incident.aware_at:
        raise FactsRefused("aware_at", "The moment of awareness can be moved earlier, never later (BRE-01).")
    if incident.subprocessor_told_at and aware_at > incident.subprocessor_told_at:
        raise FactsRefused("aware_at", "You were aware no later than the sub-processor told you (BRE-04).")
    if aware_at - incident.detected_at > timedelta(hours=limit_hours) and not why.strip():
        message = f"More than {limit_hours} hours lie between detection and awareness: say why (BRE-01)."
        raise FactsRefused("awareness_reason", message)
