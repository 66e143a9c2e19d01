"""People who ask for documents, and the mail they get."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from audit import context
from tenants.members.outbox.models import Email
from tests.trust_center import publishing
from trust_center.document_requests import actions, queries
from trust_center.document_requests.catalogue import Filing
from trust_center.document_requests.models import DocumentRequest
from trust_center.documents.hashing import digest
from trust_center.documents.models import Document, DocumentVersion, SignedCopy
from trust_center.documents.states import Kind
from trust_center.updates.models import Update

# Monday, 10:15 in Berlin.
NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
STAFF = context.Actor(id=None, name="Leo Legal", role="Legal")
WHY = "Known customer of the region"
LINK = re.compile(r"http://\S+?/documents/\S+/")


def filing(**changes: Any) -> Filing:
    given = {
        "name": "Ada Buyer",
        "email": "ada@buyer.example",
        "company": "Buyer Ltd",
        "country": "JP",
        "purpose": "evaluation",
        "message": "Before Friday, please.",
        "is_customer": False,
        "kinds": ("dpa", "sla"),
    }
    return Filing(**{**given, **changes})


def mails(template: str = "") -> list[Email]:
    rows = Email.objects.select_related("subject_key").order_by("created_at", "pk")
    return list(rows.filter(template=template) if template else rows.exclude(template="page-change"))


def newest(template: str) -> Email:
    return mails(template)[-1]


def token_in(mail: Email) -> str:
    return LINK.findall(mail.body)[0].rstrip("/").rsplit("/", 1)[1]


def received(now: datetime = NOW, *, nonce: str = "n1", **changes: Any) -> DocumentRequest:
    """A request whose address was confirmed at `now`."""
    before = {mail.pk for mail in mails("document-confirm")}
    actions.submit(filing(**changes), nonce=nonce, now=now)
    sent = [mail for mail in mails("document-confirm") if mail.pk not in before]
    actions.confirm(token_in(sent[0]), now=now)
    return DocumentRequest.objects.select_related("subject_key").get(form_nonce=nonce)


def fresh(record: DocumentRequest) -> DocumentRequest:
    return DocumentRequest.objects.select_related("subject_key").get(pk=record.pk)


def shelf(*kinds: Kind) -> dict[Kind, DocumentVersion]:
    """Published versions with a few bytes each, with and without signatures: printing has tests of its own."""
    drafts = [_draft(kind) for kind in kinds or tuple(Kind)]
    made = {Kind(draft.document.kind): publishing.publish_version(draft, now=NOW) for draft in drafts}
    for kind, version in made.items():
        pdf = b"%PDF-signed-" + kind.encode()
        printed = {"pdf": pdf, "sha256": digest(pdf), "pages": 2, "printed_at": NOW, "print_at": None}
        SignedCopy.objects.filter(version=version).update(**printed)
    # What the shelf announced is no part of what is tested.
    Update.objects.all().delete()
    return made


def _draft(kind: Kind) -> DocumentVersion:
    with context.regulated_write(actor=context.service("shelf"), reason="Fill the shelf"):
        document = Document.objects.create(kind=kind, title=kind.replace("-", " ").title(), created_at=NOW)
        return DocumentVersion.objects.create(
            document=document,
            number=1,
            effective_on=date(2026, 11, 1),
            classification="restricted",
            needs_nda=kind == Kind.QUESTIONNAIRE,
            changes="First version.",
            state="draft",
            state_changed_at=NOW,
            prepared_at=NOW,
            prepared_by="Shelf (service)",
            facts={},
            facts_hash="",
            printed_at=NOW,
            pages=1,
            sha256=digest(kind.encode()),
            pdf=b"%PDF-" + kind.encode(),
        )


def granted(record: DocumentRequest, *kinds: Kind, now: datetime = NOW, **changes: Any) -> DocumentRequest:
    versions = [row.pk for row in DocumentVersion.objects.filter(document__kind__in=kinds or ["dpa"])]
    given = {"nda_checked": False, "message": "", "late_because": "", **changes}
    return actions.grant(record, versions=versions, **given, actor=STAFF, now=now, reason=WHY)


def refused(record: DocumentRequest, now: datetime = NOW, late_because: str = "") -> DocumentRequest:
    return actions.refuse(
        record, message="Not for competitors.", late_because=late_because, actor=STAFF, now=now, reason=WHY
    )


def asked(record: DocumentRequest, now: datetime = NOW) -> DocumentRequest:
    return actions.ask(record, question="Which plant is it for?", actor=STAFF, now=now, reason="Company unclear")


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def figures(now: datetime) -> queries.Figures:
    return queries.on_time(now)
