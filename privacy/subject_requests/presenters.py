"""Requests in words: rows, clocks, facts and the timeline of a case, and how its history is told."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.urls import reverse

from audit import presenters as stories
from audit.encryption import ERASED
from audit.subject_keys.queries import open_names
from privacy import personal_data
from privacy.case_files import queries as case_queries
from privacy.case_files.models import RequestFile
from privacy.case_files.states import Purpose
from privacy.deadlines import queries as deadline_queries
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import Basis, Kind
from privacy.deadlines.states import State as ClockState
from privacy.subject_requests import catalogue, queries
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import WORDS, State
from tenants.members.outbox import queries as outbox

TONES = {
    State.RECEIVED: "neutral",
    State.IDENTITY_PENDING: "attention",
    State.VALIDATED: "active",
    State.IN_PROGRESS: "active",
    State.DELIVERED: "verified",
    State.REFUSED: "closed",
    State.WITHDRAWN: "closed",
    State.FORWARDED: "closed",
}
MAIL_TONES = {"queued": "neutral", "sent": "verified", "failed": "failed"}
RULES = {
    Kind.DSR_STATUTORY: "GDPR Art. 12(3), Regulation 1182/71 Art. 3",
    Kind.DSR_PROMISE: "Our contract: 30 days after validation",
    Kind.DSR_ASSISTANCE: "Project rule on GDPR Art. 28(3)(e)",
}
ORDER = [Basis.LAW, Basis.PROMISE, Basis.TARGET]
SOON = timedelta(days=7)
PATH = (State.RECEIVED, State.VALIDATED, State.IN_PROGRESS, State.DELIVERED)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list."""

    url: str
    reference: str
    name: str
    type: str
    article: str
    state: str
    tone: str
    assignee: str
    clock: dict[str, Any] | None
    remark: str


def rows(records: Iterable[SubjectRequest], now: datetime) -> list[Row]:
    """A page of requests with their clocks, in one query more."""
    page = list(records)
    clocks = deadline_queries.of_many(page)
    return [_row(record, clocks[deadline_queries.key(record)], now) for record in page]


def _row(record: SubjectRequest, deadlines: list[Deadline], now: datetime) -> Row:
    shown = deadline_queries.binding(deadlines) or _last_word(deadlines)
    return Row(
        url=reverse("subject-request", args=[record.pk]),
        reference=record.reference,
        name=record.subject_name,
        type=record.type.name,
        article=record.type.article,
        state=WORDS[State(record.state)],
        tone=TONES[State(record.state)],
        assignee=record.assignee.full_name if record.assignee else "",
        clock=clock(shown, now) if shown else None,
        remark=_remark(record),
    )


def _last_word(deadlines: list[Deadline]) -> Deadline | None:
    """What a list shows of a request without an open clock of law or promise."""
    telling = [d for d in deadlines if d.state != ClockState.ENDED]
    return next((d for d in telling if d.basis == Basis.LAW), telling[0] if telling else None)


def _remark(record: SubjectRequest) -> str:
    if record.for_tenant_name:
        return f"For {record.for_tenant_name}"
    if record.channel == catalogue.Channel.WEB_FORM and record.email_confirmed_at is None:
        return "Address not confirmed"
    return ""


def clock(deadline: Deadline, now: datetime, *, binds: bool = False) -> dict[str, Any]:
    """What the components `clock_card` and `due` draw."""
    return {
        "title": deadline.title,
        "basis": deadline.basis,
        "owner": "your duty as controller" if deadline.basis == Basis.LAW else "",
        "at": deadline.due_at,
        "tz": deadline.time_zone,
        "last_day": deadline.last_day,
        "done_at": deadline.met_at,
        "paused": deadline.state == ClockState.SUSPENDED,
        "soon": deadline.due_at - now <= SOON,
        "steps": [step["says"] for step in deadline.computation.get("steps", [])],
        "rule": RULES.get(Kind(deadline.kind), ""),
        "explain_url": deadline_queries.explain_url(deadline),
        "binding": binds,
    }


@dataclass(frozen=True, slots=True)
class Case:
    """A request as its page shows it."""

    record: SubjectRequest
    clocks: list[dict[str, Any]]
    notices: list[dict[str, str]]
    steps: list[dict[str, str]]
    facts: list[dict[str, Any]]
    outcome: list[dict[str, Any]]
    files: list[dict[str, Any]]
    events: list[dict[str, Any]]
    mails: list[dict[str, Any]]
    state: str
    tone: str


def case(record: SubjectRequest, now: datetime, zone: str) -> Case:
    """Everything that the page of one request shows."""
    deadlines = list(deadline_queries.of(record))
    binding = deadline_queries.binding(deadlines)
    shown = sorted((d for d in deadlines if d.state != ClockState.ENDED), key=lambda d: ORDER.index(Basis(d.basis)))
    cards = [clock(d, now, binds=d is binding) for d in shown]
    return Case(
        record=record,
        clocks=cards,
        notices=_notices(record, deadlines),
        steps=_steps(record),
        facts=_facts(record, zone),
        outcome=outcome(record, zone),
        files=files(record),
        events=_events(record),
        mails=_mails(record),
        state=WORDS[State(record.state)],
        tone=TONES[State(record.state)],
    )


def _notices(record: SubjectRequest, deadlines: list[Deadline]) -> list[dict[str, str]]:
    """What a reader must know before anything else."""
    told = []
    ends = {d.kind: d for d in deadlines if d.met_at is None and d.state != ClockState.ENDED}
    law, promise = ends.get(Kind.DSR_STATUTORY), ends.get(Kind.DSR_PROMISE)
    if law and promise and promise.due_at > law.due_at:
        text = f"The promise ends after the statutory day. Work to {law.last_day:%-d %B %Y}: the law binds."
        told.append({"heading": "Promise weaker than law", "text": text})
    if record.channel == catalogue.Channel.WEB_FORM and record.email_confirmed_at is None and record.is_open:
        text = "The person has not yet opened the confirmation link. The clock runs all the same."
        told.append({"heading": "Address not confirmed", "text": text})
    if record.for_tenant_name and record.is_open:
        text = f"{record.for_tenant_name} is the controller. Hand it over on the day of receipt; do not answer it here."
        told.append({"heading": "Not yours to answer", "text": text})
    if record.state == State.IDENTITY_PENDING:
        told.append({"heading": "Identity asked", "text": "No clock stops: the month runs on from receipt."})
    return [{"tone": "attention", **notice} for notice in told]


def _steps(record: SubjectRequest) -> list[dict[str, str]]:
    """Where the request stands on its way; an ending other than delivery closes the line."""
    at = State(record.state)
    reached = PATH.index(at) if at in PATH else 0
    line = [_step(state, index, reached, ended=not record.is_open) for index, state in enumerate(PATH)]
    if at not in PATH:
        keep = line[: 2 if record.validated_at else 1]
        line = [{**step, "state": "done"} for step in keep] + [{"label": WORDS[at], "state": "current"}]
    return line


def _step(state: State, index: int, reached: int, *, ended: bool) -> dict[str, str]:
    where = "done" if index < reached or ended else "current" if index == reached else "ahead"
    return {"label": WORDS[state], "state": where}


def _facts(record: SubjectRequest, zone: str) -> list[dict[str, Any]]:
    facts = [
        {"term": "Person", "text": record.subject_name},
        {"term": "E-mail", "text": record.subject_email, "none": "None given"},
        {"term": "Relation", "text": catalogue.RELATIONS[catalogue.Relation(record.relation)]},
        _readable("Also identified by", record.identifiers, "Nothing else given"),
        _readable("What they wrote", record.details, "Nothing"),
        {"term": "Came by", "text": catalogue.CHANNELS[catalogue.Channel(record.channel)]},
        {"term": "Received", "at": record.received_at, "tz": zone},
    ]
    if record.received_first_at:
        taken = f", taken by {record.taken_by} as {record.taken_reference}" if record.taken_by else ""
        facts.append({"term": f"Received first by Complere{taken}", "at": record.received_first_at, "tz": zone})
    facts.append({"term": f"Filed by {record.filed_by}", "at": record.filed_at, "tz": zone})
    if record.late_entry_reason:
        facts.append({"term": "Why entered late", "text": record.late_entry_reason})
    if record.channel == catalogue.Channel.WEB_FORM:
        facts.append({"term": "Address confirmed", "at": record.email_confirmed_at, "tz": zone, "none": "Not yet"})
    if record.identity_asked_at:
        facts += [
            {"term": "Identity asked", "at": record.identity_asked_at, "tz": zone},
            {"term": "Because", "text": record.identity_doubt},
            {"term": "Asked for", "text": record.identity_asked_for},
        ]
    if record.validated_at:
        check = catalogue.CHECKS[catalogue.Check(record.validation_check)]
        facts += [
            {"term": f"Validated by {record.validated_by}", "at": record.validated_at, "tz": zone},
            {"term": "Check done", "text": f"{check}. {record.validation_note}"},
        ]
    assignee = record.assignee.full_name if record.assignee else ""
    return [*facts, {"term": "Assigned to", "text": assignee, "none": "Nobody yet"}]


def _readable(term: str, text: str, none: str) -> dict[str, Any]:
    return (
        {"term": term, "none": "No longer readable here"}
        if text == ERASED
        else {"term": term, "text": text, "none": none}
    )


def outcome(record: SubjectRequest, zone: str) -> list[dict[str, Any]]:
    """How the case ended, in facts; empty while it is open."""
    if record.is_open:
        return []
    facts: list[dict[str, Any]] = [
        {"term": "Ended", "text": WORDS[State(record.state)], "tone": TONES[State(record.state)]},
        {"term": f"By {record.closed_by}", "at": record.closed_at, "tz": zone},
    ]
    if record.state == State.DELIVERED:
        given = json.loads(record.checklist) if record.checklist.startswith("{") else {}
        facts.append({"term": "Answer", "text": record.answer})
        facts += [{"term": item.label, "text": _part(given.get(item.key, ""))} for item in record.type.items]
    if record.state == State.REFUSED:
        ground = catalogue.GROUNDS[record.refusal_ground]
        facts += [
            {"term": "Ground", "text": f"{ground.label} ({ground.rule})"},
            {"term": "Reasons", "text": record.refusal_reasons},
            {"term": "Right to complain", "text": record.refusal_complaint},
            {"term": "Judicial remedy", "text": record.refusal_remedy},
            {"term": "Proof", "text": record.refusal_evidence, "none": "Not needed for this ground"},
        ]
    if record.state == State.FORWARDED:
        facts += [
            {
                "term": "Handed over to",
                "text": f"{record.for_tenant_name}, filed there as {record.handed_over_reference}",
            },
            {"term": f"Handed over by {record.handed_over_by}", "at": record.handed_over_at, "tz": zone},
        ]
    return facts


def _part(why: str) -> str:
    return f"Not applicable: {why}" if why else "Given"


def files(record: SubjectRequest) -> list[dict[str, Any]]:
    return [
        {
            "name": file.name,
            "description": file.description,
            "kind": "Answer" if file.purpose == Purpose.ANSWER else "Evidence",
            "size": file.size,
            "added_at": file.added_at,
            "added_by": file.added_by,
            "url": reverse("subject-request-file", args=[record.pk, file.pk]),
        }
        for file in case_queries.files_of(record)
    ]


def _events(record: SubjectRequest) -> list[dict[str, Any]]:
    """What happened, oldest first: states, assignments, notes, and what the person opened."""
    told = [*_moves(record), *_notes(record), *_uses(record)]
    return sorted(told, key=lambda event: event["at"])


def _moves(record: SubjectRequest) -> list[dict[str, Any]]:
    events, before = [], None
    rows = list(record.history.order_by("history_id"))
    names = open_names((row.actor_name, row.actor_key_id) for row in rows)
    for row in rows:
        name = names.get(row.actor_name, row.actor_name)
        who = f"{name} ({row.actor_role})" if row.actor_role else name
        said = {"actor": who, "reason": row.history_change_reason}
        if before is None:
            events.append({"at": row.filed_at, "text": "Filed", "tone": "neutral", **said})
        elif row.state != before.state:
            state = State(row.state)
            events.append({"at": row.state_changed_at, "text": WORDS[state], "tone": TONES[state], **said})
        elif row.assignee_id != before.assignee_id:
            events.append({"at": row.history_date, "text": "Assigned", **said})
        elif row.email_confirmed_at != before.email_confirmed_at:
            events.append({"at": row.email_confirmed_at, "text": "Address confirmed", **said})
        before = row
    return events


def _notes(record: SubjectRequest) -> list[dict[str, Any]]:
    found = case_queries.notes_of(record)
    return [{"at": note.written_at, "text": note.text, "actor": f"Note by {note.written_by}"} for note in found]


def _uses(record: SubjectRequest) -> list[dict[str, Any]]:
    return [
        {"at": use.used_at, "text": use.what, "actor": "The person, by personal link"}
        for use in case_queries.uses_of(record)
    ]


def _mails(record: SubjectRequest) -> list[dict[str, Any]]:
    return [
        {
            "to": mail.to,
            "subject": mail.subject,
            "at": mail.state_changed_at,
            "state": mail.state.capitalize(),
            "tone": MAIL_TONES[mail.state],
        }
        for mail in outbox.about(queries.subject(record.pk))[:20]
    ]


def held(record: SubjectRequest) -> list[dict[str, Any]]:
    """What this schema holds about the address of a request to see or to delete data."""
    if record.right not in {catalogue.Right.ACCESS, catalogue.Right.ERASURE} or not record.subject_email:
        return []
    found = personal_data.held(record.subject_email)
    return [{"term": each.name, "text": "\n".join(each.found), "none": "Nothing"} for each in found]


def download(file: RequestFile) -> HttpResponse:
    """A file as an attachment that no browser runs, whatever it holds."""
    response = HttpResponse(case_queries.contents(file), content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response


def register() -> None:
    """How the history of a request and of what lies in it is told."""
    permission = "privacy.view_requests"
    keys = {"subject_key", "content_key"}
    told: dict[str, Any] = {"permission": permission, "hide": {"content_key", "request"}}
    stories.register(
        stories.Story(
            kind="privacy.subjectrequest",
            permission=permission,
            title=lambda record: f"Request {record.reference}",
            labels={"right": "type", "for_tenant_name": "controller"},
            values={
                "right": lambda value: catalogue.TYPES[catalogue.Right(value)].name,
                "state": lambda value: WORDS[State(value)].lower(),
                "channel": lambda value: catalogue.CHANNELS[catalogue.Channel(value)],
                "relation": lambda value: catalogue.RELATIONS[catalogue.Relation(value)],
                "validation_check": lambda value: catalogue.CHECKS[catalogue.Check(value)],
            },
            hide={*keys, "state_changed_at", "for_tenant"},
            children=[("privacy.requestfile", "request"), ("privacy.requestnote", "request")],
        )
    )
    stories.register(stories.Story(kind="privacy.requestfile", title=lambda file: f"File {file.name}", **told))
    stories.register(stories.Story(kind="privacy.requestnote", title=lambda note: "Note", **told))
