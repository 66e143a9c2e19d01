"""A notice in words: at Complere, and at the tenant that received it."""

from datetime import datetime
from typing import Any

from audit.presenters import Story
from privacy.breach_notices import queries, states
from privacy.breach_notices.models import Notice, ReceivedNotice
from privacy.incidents import presenters as incidents


def state(notice: Notice | ReceivedNotice) -> dict[str, str]:
    known = states.State(notice.state)
    return {"state": states.LABELS[known], "tone": states.TONES[known]}


def facts(notice: Notice, tz: str) -> list[dict[str, Any]]:
    """Who did what, and when, to a notice at Complere."""
    rows: list[dict[str, Any]] = [
        {"term": "Written by", "text": notice.written_by},
        {"term": "Drafted", "at": notice.drafted_at, "tz": tz},
        {"term": "Approved by", "text": notice.approved_by, "none": "Nobody yet"},
        {"term": "Approved", "at": notice.approved_at, "tz": tz, "none": "Not yet"},
        {"term": "Sent by", "text": notice.sent_by, "none": "Nobody yet"},
        {"term": "Sent", "at": notice.sent_at, "tz": tz, "none": "Not yet"},
    ]
    if notice.sent_at is None:
        return rows
    rows += [
        {"term": "Mailed to", "text": notice.sent_to},
        {"term": "Trouble with the mail", "text": notice.mail_trouble, "none": "None"},
        {"term": "Reasons for the delay", "text": notice.delay_reasons, "none": "None needed: it was in time"},
        {"term": "The tenant's own hours end", "at": notice.controller_safe_at, "tz": notice.controller_zone},
        {"term": "Outer limit, Reg. 1182/71", "at": notice.controller_limit_at, "tz": notice.controller_zone},
        {"term": "Next update promised", "at": notice.next_update_at, "tz": tz, "none": "None"},
        {"term": "Acknowledged by", "text": notice.acknowledged_by, "none": "Nobody yet"},
        {"term": "Acknowledged", "at": notice.acknowledged_at, "tz": tz, "none": "Not yet"},
        {"term": "Comment", "text": notice.acknowledgement, "none": "None"},
    ]
    return rows


def received_facts(notice: ReceivedNotice) -> list[dict[str, Any]]:
    """What the tenant is told about the notice itself, with every moment in its own zone and in UTC (BRE-03)."""
    tz = notice.controller_zone
    return [
        {"term": "Delivered to you", "at": notice.delivered_at, "tz": tz},
        {"term": "Complere was aware", "at": notice.aware_at, "tz": tz},
        {"term": "Your own hours end", "at": notice.controller_safe_at, "tz": tz},
        {"term": "Outer limit, Reg. 1182/71", "at": notice.controller_limit_at, "tz": tz},
        {"term": "Reasons for the delay", "text": notice.delay_reasons, "none": "None needed: it was in time"},
        {"term": "Next update", "at": notice.next_update_at, "tz": tz, "none": "None is planned"},
    ]


def received_row(notice: ReceivedNotice) -> dict[str, Any]:
    """A received notice as a line of the list."""
    return {"notice": notice, "tz": notice.controller_zone, **state(notice)}


def case_clocks(notice: ReceivedNotice, now: datetime) -> list[dict[str, Any]]:
    """The tenant's own clock towards its authority, which the first version started."""
    deadline = queries.controller_clock(notice.case)
    return [] if deadline is None else incidents.clocks([deadline], now)


STORIES = [
    Story(
        kind="privacy.notice",
        permission="privacy.view_incidents",
        title=lambda notice: f"Version {notice.version} of the notice to {notice.affected.tenant_name}",
        values={"state": lambda value: states.LABELS[states.State(value)].lower()},
        hide=("subject_key", "state_changed_at", "writers", "content"),
    ),
    Story(
        kind="privacy.receivednotice",
        permission="privacy.view_incidents",
        title=lambda notice: f"Breach notice {notice.reference}, version {notice.version}",
        values={"state": lambda value: states.LABELS[states.State(value)].lower()},
        hide=("subject_key", "state_changed_at", "acknowledged_by_id", "content"),
    ),
]
