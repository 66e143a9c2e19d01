"""What a person sees of their own request."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from privacy.case_files import queries as case_queries
from privacy.case_files.states import Purpose
from privacy.deadlines import queries as deadline_queries
from privacy.deadlines.states import Basis
from privacy.subject_requests import catalogue, presenters
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import WORDS as STEPS
from privacy.subject_requests.states import State

WORDS = {
    State.RECEIVED: "We have your request. Next, we make sure that it is you who asks.",
    State.IDENTITY_PENDING: "We have written to you, because we need something more to know that it is you.",
    State.VALIDATED: "We know that it is you. Next, we gather the answer.",
    State.IN_PROGRESS: "We are gathering the answer.",
    State.DELIVERED: "We have answered.",
    State.REFUSED: "We have decided not to do what you asked for. Our reasons and your rights stand below.",
    State.WITHDRAWN: "You have taken the request back.",
    State.FORWARDED: "The data are another company's, which decides about them. We have passed your request on.",
}


def status(record: SubjectRequest, token: str, now: datetime, zone: str) -> dict[str, Any]:
    """Where it stands, until when the answer is due, and the answer while it is open."""
    state = State(record.state)
    answered = state in {State.DELIVERED, State.REFUSED}
    readable = answered and record.answer_open_until is not None and now < record.answer_open_until
    return {
        "reference": record.reference,
        "type": record.type,
        "words": WORDS[state],
        "state": STEPS[state],
        "tone": presenters.TONES[state],
        "facts": _facts(record, zone),
        "clock": _clock(record, now),
        "delivered": state == State.DELIVERED,
        "refused": state == State.REFUSED,
        "readable": readable,
        "gone": answered and not readable,
        "open_until": record.answer_open_until,
        "record": record,
        "ground": catalogue.GROUNDS.get(record.refusal_ground),
        "files": _files(record, token) if readable else [],
    }


def _facts(record: SubjectRequest, zone: str) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"term": "You asked for", "text": f"{record.type.name} ({record.type.article})"},
        {"term": "Received", "at": record.starts_at, "tz": zone},
    ]
    if record.closed_at:
        facts.append({"term": "Ended", "at": record.closed_at, "tz": zone})
    if record.handed_over_reference:
        passed = f"{record.for_tenant_name}, where it is {record.handed_over_reference}"
        facts.append({"term": "Passed on to", "text": passed})
    return facts


def _clock(record: SubjectRequest, now: datetime) -> dict[str, Any] | None:
    """The deadline that binds; internal targets are nobody else's business."""
    deadline = deadline_queries.binding(deadline_queries.of(record)) if record.is_open else None
    if deadline is None:
        return None
    return presenters.clock(deadline, now) | {
        "title": "You have our answer by",
        "owner": "",
        "basis": Basis(deadline.basis),
    }


def _files(record: SubjectRequest, token: str) -> list[dict[str, Any]]:
    answers = [file for file in case_queries.files_of(record) if file.purpose == Purpose.ANSWER]
    return [
        {"name": file.name, "size": file.size, "url": reverse("data-request-file", args=[token, file.pk])}
        for file in answers
    ]
