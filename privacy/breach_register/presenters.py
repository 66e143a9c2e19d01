"""The register in words: facts, effects, remedial action, decisions, clocks, notices (GDPR Art. 33(5), BRE-11)."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit.signed_records.queries import Shown
from privacy.breach_notices.models import Notice, ReceivedNotice
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import Kind
from privacy.deadlines.states import State as Clock
from privacy.incidents import catalogue, states
from privacy.incidents.models import AffectedTenant, Incident

Entry = dict[str, str]

# A spreadsheet runs a cell that begins so; an apostrophe makes it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BASIS = {
    Kind.BREACH_CONTROLLER: "law, Art. 33(1)",
    Kind.BREACH_PROMISE: "promise",
    Kind.BREACH_TARGET: "target",
    Kind.BREACH_UPDATE: "promised update",
}


def entry(
    incident: Incident,
    *,
    clocks: Iterable[Deadline],
    tenants: Iterable[AffectedTenant],
    sent: Iterable[Notice],
    received: Iterable[ReceivedNotice],
    signatures: Iterable[Shown],
    zone: ZoneInfo,
) -> Entry:
    """One incident, every column in words. Moments are in UTC and in the zone of whose register it is."""
    told = {part.key: "\n".join(part.lines) for part in catalogue.told(incident.content)}
    return {
        "Reference": incident.reference,
        "Title": incident.title,
        "State": states.LABELS[states.State(incident.state)],
        "Logged": _moment(incident.logged_at, zone),
        "Logged by": incident.logged_by,
        "Facts": told["nature"],
        "Detected": _moment(incident.detected_at, zone),
        "Investigation started": _moment(incident.investigation_started_at, zone),
        "Aware": _moment(incident.aware_at, zone),
        "What created certainty": incident.certainty,
        "Decided by": incident.decided_by,
        "Reason between detection and awareness": incident.awareness_reason,
        "Sub-processor": incident.subprocessor,
        "Told by the sub-processor": _moment(incident.subprocessor_told_at, zone),
        "Data subjects": told["data_subjects"],
        "Records": told["records"],
        "Effects": told["likely_consequences"],
        "Remedial action taken": told["measures_taken"],
        "Remedial action proposed": told["measures_proposed"],
        "Recommended actions": told["recommended_actions"],
        "Contact point": told["contact_point"],
        "Decision on breach": incident.state_reason,
        "Decision on the authority": _decision(incident),
        "Reason for that decision": incident.notification_reason,
        "Signed": "\n".join(_signed(one) for one in signatures),
        "Authority": " ".join(text for text in (incident.authority, incident.authority_reference) if text),
        "Authority told": _moment(incident.authority_told_at, zone),
        "Reasons for delay to the authority": incident.authority_delay_reasons,
        "Clocks": "\n".join(_clock(deadline, zone) for deadline in clocks),
        "Affected tenants": "\n".join(_tenant(row) for row in tenants),
        "Notices": "\n".join([*(_sent(n, zone) for n in sent), *(_received(n, zone) for n in received)]),
    }


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """The register as CSV in UTF-8 with a byte order mark, which spreadsheets need; formulas are made text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    head: list[str] = []
    yield "\ufeff"
    for one in entries:
        if not head:
            head = [*one]
            writer.writerow(head)
        writer.writerow([inert(text) for text in one.values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def inert(text: str) -> str:
    """The text as a cell that no spreadsheet runs (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def rows(one: Entry) -> list[dict[str, Any]]:
    """An entry as a definition list; the columns that say nothing stay visible as such."""
    return [{"term": term, "text": text, "none": "Not recorded"} for term, text in one.items()]


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} ({local:%a %d %b %Y %H:%M %Z}, {zone.key})"


def _clock(deadline: Deadline, zone: ZoneInfo) -> str:
    limit = deadline.computation.get("limit_1182_at")
    outcome = {
        Clock.MET: "done late" if deadline.was_late else "done in time",
        Clock.MISSED: "missed",
        Clock.ENDED: "fell away",
    }.get(Clock(deadline.state), "running")
    met = f" at {_moment(deadline.met_at, zone)}" if deadline.met_at else ""
    outer = f"; outer limit {_moment(datetime.fromisoformat(limit), zone)}" if limit else ""
    basis = BASIS.get(Kind(deadline.kind), deadline.basis)
    started, due = _moment(deadline.started_at, zone), _moment(deadline.due_at, zone)
    return f"{deadline.title} ({basis}): from {started} to {due}{outer}; {outcome}{met}"


def _signed(one: Shown) -> str:
    """§11.50 in one line: name, role, moment with zone, meaning, and the digest by which it is verified."""
    return f"{one.name} ({one.role}), {_moment(one.at, ZoneInfo(one.zone))}. {one.meaning}. Digest {one.digest}"


def _decision(incident: Incident) -> str:
    if not incident.own_data:
        return "Each customer decides as controller"
    return states.NOTIFICATIONS[states.Notification(incident.notification)]


def _tenant(row: AffectedTenant) -> str:
    people = catalogue.figure(row.subjects_number, row.subjects_unknown_because) or "number not recorded"
    return f"{row.tenant_name}: {people}"


def _sent(notice: Notice, zone: ZoneInfo) -> str:
    read = f"; acknowledged {_moment(notice.acknowledged_at, zone)}" if notice.acknowledged_at else "; not acknowledged"
    late = f"; reasons for delay: {notice.delay_reasons}" if notice.delay_reasons else ""
    name = notice.affected.tenant_name
    return f"Version {notice.version} to {name}, sent {_moment(notice.sent_at, zone)} by {notice.sent_by}{read}{late}"


def _received(notice: ReceivedNotice, zone: ZoneInfo) -> str:
    by = f" by {notice.acknowledged_by}" if notice.acknowledged_at else ""
    read = f"; acknowledged {_moment(notice.acknowledged_at, zone)}{by}" if notice.acknowledged_at else ""
    return f"{notice.reference} version {notice.version} received {_moment(notice.delivered_at, zone)}{read}"
