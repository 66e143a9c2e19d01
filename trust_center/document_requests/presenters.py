"""Requests for documents as requesters and staff see them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from audit.presenters import Story
from privacy.deadlines import queries as deadlines
from privacy.deadlines.states import State as Clock
from tenants.regions import catalogue as regions
from trust_center.document_requests import queries
from trust_center.document_requests.catalogue import COUNTRIES, Filing, Serving
from trust_center.document_requests.models import DocumentRequest, Enquiry, Grant
from trust_center.document_requests.states import OPEN, PURPOSE_WORDS, TONES, WORDS, Purpose, State
from trust_center.documents.catalogue import CATALOGUE, CLASSIFICATION_WORDS
from trust_center.documents.models import DocumentVersion
from trust_center.documents.states import Classification, Kind

SOON = timedelta(hours=4)
# The page that defines the business day; on the platform host, whichever host asks.
EXPLAINED_AT = "/business-day/"
RULE = "one business day of the serving region: received before 17:00, answered by 17:00 on the next business day"


# How the histories of requests, questions and links are told.
STORIES = (
    Story(
        kind="trust_center.documentrequest",
        permission="trust.view_document_requests",
        title=lambda row: f"Request {row.reference}",
        labels={"kinds": "Documents", "due_at": "Due", "was_late": "Answered late"},
        values={
            "state": lambda value: WORDS[State(value)],
            "purpose": lambda value: PURPOSE_WORDS[Purpose(value)],
            "country": lambda value: COUNTRIES.get(value, value),
            "kinds": lambda value: ", ".join(titles(value)),
        },
        hide=("subject_key", "state_changed_at", "tenant_id", "member_id", "answer_minutes"),
        children=(("trust_center.enquiry", "request"), ("trust_center.grant", "request")),
    ),
    Story(
        kind="trust_center.enquiry",
        permission="trust.view_document_requests",
        title=lambda _: "Question to the requester",
        hide=("request", "subject_key"),
    ),
    Story(
        kind="trust_center.grant",
        permission="trust.view_document_requests",
        title=lambda row: f"Link to {row.version.document.title}, version {row.version.number}",
        hide=("request", "version", "state_changed_at"),
    ),
)


def titles(kinds: Iterable[str]) -> list[str]:
    return [CATALOGUE[Kind(kind)].title for kind in kinds]


def library(published: dict[Kind, DocumentVersion]) -> list[dict[str, Any]]:
    """The public list: what each document holds, who may read it, and the version given out now."""
    return [
        {
            "entry": entry,
            "version": published.get(kind),
            "classification": CLASSIFICATION_WORDS[
                Classification(published[kind].classification) if kind in published else entry.classification
            ],
            "needs_nda": published[kind].needs_nda if kind in published else entry.needs_nda,
        }
        for kind, entry in CATALOGUE.items()
    ]


def promise(now: datetime, calendar: str, time_zone: str, region: str) -> dict[str, Any]:
    """By when a request that arrives now would be answered, and why."""
    result = queries.promise(now, calendar, time_zone)
    clock = {"at": result.due_at, "tz": result.zone, "steps": [step.says for step in result.steps], "rule": RULE}
    clock["explain_url"] = f"{settings.PLATFORM_ORIGIN}{EXPLAINED_AT}"
    return {"clock": clock, "region": regions.region(region).name, "time_zone": time_zone}


def clock_of(found: Iterable[Any], now: datetime) -> dict[str, Any] | None:
    """The clock that counts, as the due components take it: the newest, since an answer starts a new one."""
    shown = [deadline for deadline in found if deadline.state != Clock.ENDED]
    if not shown:
        return None
    newest = max(shown, key=lambda deadline: deadline.started_at)
    return {
        "title": newest.title,
        "basis": newest.basis,
        "at": newest.due_at,
        "tz": newest.time_zone,
        "done_at": newest.met_at,
        "paused": newest.state == Clock.SUSPENDED,
        "soon": newest.due_at - now <= SOON,
        "steps": [step["says"] for step in newest.computation.get("steps", [])],
        "rule": RULE,
        "explain_url": f"{settings.PLATFORM_ORIGIN}{EXPLAINED_AT}",
    }


def row(record: DocumentRequest, now: datetime) -> dict[str, Any]:
    """A request as a line of the queue."""
    due = {"at": record.due_at, "tz": record.time_zone, "soon": False}
    if record.due_at is not None:
        due["soon"] = record.due_at - now <= SOON
    return {
        "record": record,
        "name": record.name,
        "company": record.company,
        "titles": [CATALOGUE[Kind(kind)].short for kind in record.kinds],
        "state": WORDS[State(record.state)],
        "tone": TONES[State(record.state)],
        "clock": due if record.due_at is not None else None,
        "is_open": record.state in OPEN,
    }


def facts(record: DocumentRequest) -> list[dict[str, Any]]:
    """Who asks, for what."""
    marks = [
        {"term": "Address", "text": "From a service for throw-away addresses", "tone": "attention"}
    ] if record.disposable_mail else []  # fmt: skip
    return [
        {"term": "Name", "text": record.name},
        {"term": "E-mail", "text": record.email},
        *marks,
        {"term": "Company", "text": record.company},
        {"term": "Country", "text": COUNTRIES.get(record.country, record.country)},
        {"term": "Customer", "text": _customer(record)},
        {"term": "Purpose", "text": PURPOSE_WORDS[Purpose(record.purpose)]},
        {"term": "Documents", "text": "\n".join(titles(record.kinds))},
        {"term": "Message", "text": record.message, "none": "None"},
        {"term": "Serving region", "text": f"{regions.region(record.region).name}, {record.time_zone}"},
        {"term": "Received", "at": record.received_at, "tz": record.time_zone},
        {"term": "Asked again", "text": f"{record.asked_again} times" if record.asked_again else "", "none": "No"},
    ]


def outcome(record: DocumentRequest) -> list[dict[str, Any]]:
    """How it ended; empty while it is open."""
    if record.closed_at is None:
        return []
    items: list[dict[str, Any]] = [
        {"term": "Outcome", "text": WORDS[State(record.state)], "tone": TONES[State(record.state)]},
        {"term": "When", "at": record.closed_at, "tz": record.time_zone},
        {"term": "By", "text": record.closed_by},
        {"term": "Reason", "text": record.closed_because},
    ]
    if record.answer_minutes is not None:
        items.append({"term": "Took", "text": f"{hours(record.answer_minutes)} business hours"})
    if record.was_late:
        items.append({"term": "Late because", "text": record.late_because, "none": "Nobody answered in time"})
    return items


def link(given: Grant, now: datetime) -> dict[str, Any]:
    """A granted link as a line of the request's page."""
    over = queries.why_over(given, now)
    return {
        "grant": given,
        "title": f"{given.version.document.title}, version {given.version.number}",
        "tone": "closed" if over else "verified",
        "word": "Ended" if over else "Open",
        "over": over,
        "log": [{"at": entry.at, "text": f"Downloaded from {entry.address}"} for entry in given.log.all()],
    }


def enquiry(asked: Enquiry) -> dict[str, Any]:
    return {
        "asked": asked,
        "question": asked.question,
        "answer": asked.answer,
        "stopped": "The clock was stopped; the answer starts it anew." if asked.stopped_clock else "The clock runs on.",
    }


def stats(figures: queries.Figures) -> list[dict[str, Any]]:
    """The figures above the queue (DOC-06)."""
    kept = figures.closed and figures.on_time == figures.closed
    on_time = {
        "label": "On time, last 90 days",
        "value": figures.rate or "None yet",
        "note": f"{figures.on_time} of {figures.closed} closed",
        "tone": ("verified" if kept else "attention") if figures.closed else "",
    }
    overdue = {"label": "Open and overdue", "value": figures.overdue, "tone": "failed" if figures.overdue else ""}
    return [
        on_time,
        {"label": "Open", "value": figures.open_now},
        overdue,
        _percentile("Half answered within", figures.p50, "median (p50)"),
        _percentile("95 % answered within", figures.p95, "p95"),
    ]


def _percentile(label: str, minutes: int | None, note: str) -> dict[str, Any]:
    if minutes is None:
        return {"label": label, "value": "None yet", "note": note}
    return {"label": label, "value": hours(minutes), "unit": "business hours", "note": note}


def hours(minutes: int) -> str:
    """Minutes as hours with one decimal where it says something: “3.5”."""
    return f"{minutes / 60:.1f}".removesuffix(".0")


def identity(name: str, email: str, tenant: Serving) -> list[dict[str, Any]]:
    """Who asks, as the workspace knows it already."""
    country = regions.region(tenant.region).country
    return [
        {"term": "Name", "text": name},
        {"term": "E-mail", "text": email},
        {"term": "Company", "text": tenant.name},
        {"term": "Serving region", "text": f"{regions.region(tenant.region).name}, {COUNTRIES[country]}"},
    ]


def filing_of(data: dict[str, Any], name: str, email: str, tenant: Serving) -> Filing:
    """What a member asks for, with the identity that the workspace knows."""
    return Filing(
        name=name,
        email=email,
        company=tenant.name,
        country=regions.region(tenant.region).country,
        purpose=data["purpose"],
        message=data["message"],
        is_customer=True,
        kinds=tuple(data["documents"]),
    )


def own(record: DocumentRequest, now: datetime) -> dict[str, Any]:
    """A tenant's own request, read in the schema that holds it."""
    asked = queries.open_enquiry(record) if record.state == State.INFORMATION_ASKED else None
    return {
        "record": record,
        "row": row(record, now),
        "facts": [fact for fact in facts(record) if fact["term"] not in ("Customer", "Asked again", "Address")],
        "outcome": [fact for fact in outcome(record) if fact["term"] in ("Outcome", "When")],
        "clock": clock_of(deadlines.of(record), now) if record.state in OPEN else None,
        "question": asked.question if asked is not None else "",
        "links": [link(given, now) for given in queries.grants_of(record)],
    }


def _customer(record: DocumentRequest) -> str:
    if record.tenant_id is not None:
        return f"Signed in at {record.tenant_name}"
    return "Says yes" if record.is_customer else "No"
