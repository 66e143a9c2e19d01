"""The mails about a request. What a stranger typed is never mailed to an address that is not confirmed yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from privacy.deadlines.queries import key
from tenants.members.accounts import queries as accounts
from tenants.members.outbox import actions as outbox
from trust_center.document_requests.models import DocumentRequest, Enquiry, Grant
from trust_center.documents.catalogue import CATALOGUE
from trust_center.documents.states import Kind

ANSWERERS = "trust.answer_document_requests"


def confirm(record: DocumentRequest, token: str, now: datetime) -> None:
    _to_requester(record, "document-confirm", now, link=outbox.link("confirm-document-request", token))


def received(record: DocumentRequest, token: str, now: datetime) -> None:
    """Receipt with the due instant; no answer, so the clock runs on."""
    _to_requester(record, "document-received", now, link=outbox.link("document-request-status", token))


def enquiry(record: DocumentRequest, asked: Enquiry, token: str, now: datetime) -> None:
    link = outbox.link("document-request-status", token)
    _to_requester(record, "document-enquiry", now, enquiry=asked, link=link)


def granted(record: DocumentRequest, given: Sequence[tuple[Grant, str]], message: str, now: datetime) -> None:
    links = [{"grant": grant, "link": outbox.link("document-link", token)} for grant, token in given]
    left = [kind for kind in record.kinds if kind not in {grant.version.document.kind for grant, _ in given}]
    _to_requester(record, "document-granted", now, links=links, message=message, left=titles(left))


def refused(record: DocumentRequest, message: str, now: datetime) -> None:
    _to_requester(record, "document-refused", now, message=message)


def expired(record: DocumentRequest, now: datetime) -> None:
    _to_requester(record, "document-expired", now)


def to_answerers(record: DocumentRequest, template: str, now: datetime) -> None:
    """Tell everybody who may answer; who asked stands in the console only."""
    link = outbox.link("document-request", record.pk)
    for person in accounts.with_permission(ANSWERERS):
        values = {**_values(record), "person": person, "link": link}
        outbox.queue_email(
            to=person.email,
            subject_key=person.subject_key,
            template=template,
            context=values,
            now=now,
            about=key(record),
        )


def titles(kinds: Sequence[str]) -> list[str]:
    return [CATALOGUE[Kind(kind)].title for kind in kinds]


def _to_requester(record: DocumentRequest, template: str, now: datetime, **values: Any) -> None:
    outbox.queue_email(
        to=record.email,
        subject_key=record.subject_key,
        template=template,
        context={**_values(record), **values},
        now=now,
        about=key(record),
    )


def _values(record: DocumentRequest) -> dict[str, Any]:
    zone = ZoneInfo(record.time_zone)
    due = record.due_at.astimezone(zone) if record.due_at else None
    return {
        "record": record,
        "titles": titles(record.kinds),
        # Formatted here, since mail templates know no zone.
        "due": f"{due:%A %-d %B %Y, %H:%M %Z} ({record.time_zone})" if due else "",
    }
