"""Versions of documents: prepared with the facts of the moment, printed by a chore, published by a second person."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction

from audit import context
from audit.signatures.catalogue import Signing
from audit.transitions import MoveRefused, move
from privacy.deadlines.clock import local_day
from tenants.tenancy import queries as tenancy
from tenants.wakeups import actions as wakeups
from trust_center.documents import queries
from trust_center.documents.adapters import binding, printing, sources, typesetting
from trust_center.documents.catalogue import CATALOGUE
from trust_center.documents.hashing import digest
from trust_center.documents.models import Document, DocumentVersion, SignedCopy
from trust_center.documents.states import Classification, Kind, State
from trust_center.updates import actions as updates
from trust_center.updates.states import Topic

log = structlog.get_logger(__name__)

PRESS = context.service("printing press")
# Longer than the longest print: a press that died gives its work back after this.
LEASE = timedelta(minutes=2)
TRIES = 3


class VersionRefused(ValueError):
    """The version cannot be made or published like this; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def prepare(
    *,
    kind: Kind,
    effective_on: date,
    classification: Classification,
    needs_nda: bool,
    changes: str,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> DocumentVersion:
    """Begin a new version from the facts of this moment; the printing chore makes the PDF. Raises `VersionRefused`."""
    with context.regulated_write(actor=actor, reason=reason):
        document = _document(kind, now)
        if (waiting := queries.in_the_making(document)) is not None:
            raise VersionRefused("", f"Version {waiting.number} is not published yet: publish or discard it first.")
        facts = sources.facts(kind, now)
        newest = queries.versions_of(document).first()
        version = DocumentVersion.objects.create(
            document=document,
            number=newest.number + 1 if newest else 1,
            effective_on=effective_on,
            classification=classification,
            needs_nda=needs_nda,
            changes=changes.strip(),
            state_changed_at=now,
            prepared_at=now,
            prepared_by=_signature(actor),
            prepared_by_id=actor.id,
            facts=facts,
            facts_hash=sources.digest(facts),
            print_at=now,
        )
        wakeups.wake(now)
    return version


def print_due(now: datetime) -> int:
    """Print every version that waits for it. Returns how many were tried."""
    printed = 0
    while (version := _claim(now)) is not None:
        _print(version, now)
        printed += 1
    return printed


def try_again(version: DocumentVersion, *, actor: context.Actor, now: datetime, reason: str) -> DocumentVersion:
    """Print a version once more whose printing failed."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = move(
            version, State.PREPARING, actor=actor, now=now, reason=reason, failure="", print_at=now, print_tries=0
        )
        wakeups.wake(now)
    return fresh


def publish(
    version: DocumentVersion, *, signing: Signing, actor: context.Actor, now: datetime, reason: str
) -> DocumentVersion:
    """Give it out from now on, in place of the one before. Raises `VersionRefused` for the person who prepared it.

    Raises `SignatureRefused`.
    """
    if actor.id is not None and actor.id == version.prepared_by_id:
        raise VersionRefused("", "You prepared this version: another person publishes it.")
    with context.regulated_write(actor=actor, reason=reason):
        # Locking the document makes two publishers of two versions wait for each other.
        document = Document.objects.select_for_update().get(pk=version.document_id)
        for former in document.versions.filter(state=State.PUBLISHED).defer(*queries.HEAVY):
            move(former, State.SUPERSEDED, actor=actor, now=now, reason=f"Superseded by version {version.number}")
        fresh = move(
            version,
            State.PUBLISHED,
            actor=actor,
            now=now,
            reason=reason,
            signing=signing,
            published_at=now,
            published_by=_signature(actor),
        )
        SignedCopy.objects.create(version=fresh, print_at=now)
        wakeups.wake(now)
        _tell(fresh, document, now)
    return fresh


def retire(version: DocumentVersion, *, actor: context.Actor, now: datetime, reason: str) -> DocumentVersion:
    """Discard a version on its way, or take one out of use: links to it end."""
    with context.regulated_write(actor=actor, reason=reason):
        was_public = version.state == State.PUBLISHED
        fresh = move(version, State.RETIRED, actor=actor, now=now, reason=reason)
        if was_public:
            updates.announce(
                topic=Topic.DOCUMENTS,
                title=f"{version.document.title}: version {version.number} was withdrawn",
                text="It is not given out any more.",
                path="/documents/",
                now=now,
            )
    return fresh


def order_first_versions(now: datetime) -> int:
    """The chore: once the commitments are published from which they are made, the first versions. Returns how many."""
    return len(load_first_versions(actor=PRESS, now=now))


def load_first_versions(*, actor: context.Actor, now: datetime) -> list[DocumentVersion]:
    """Order the first version of each document; the printing chore prints it, a person publishes it. Idempotent."""
    made = []
    today = local_day(now, ZoneInfo(tenancy.platform().time_zone))
    for kind, entry in CATALOGUE.items():
        with transaction.atomic():
            # Locked, so that of two loaders at once the second finds what the first made.
            document = Document.objects.select_for_update().get(pk=_document_as(actor, kind, now).pk)
            if document.versions.exists():
                continue
            version = prepare(
                kind=kind,
                effective_on=today,
                classification=entry.classification,
                needs_nda=entry.needs_nda,
                changes="First version.",
                actor=actor,
                now=now,
                reason="Load the first version",
            )
        made.append(version)
    return made


def make_copies(now: datetime) -> int:
    """Bind a page of signatures to the PDF of every version that was signed. Returns how many were tried."""
    tried = 0
    while (copy := _claim_copy(now)) is not None:
        try:
            _bind(copy, now)
        except printing.PrintingFailed as failure:
            log.warning("the signature page could not be printed", version=str(copy.pk), failure=str(failure))
        tried += 1
    return tried


def signed_copy(version: DocumentVersion, *, now: datetime) -> SignedCopy:
    """The file that is given out, made at once where the chore has not come to it. Raises `MoveRefused`."""
    copy = SignedCopy.objects.select_related("version__document").get(version=version)
    try:
        return copy if copy.pdf is not None else _bind(copy, now)
    except printing.PrintingFailed as failure:
        log.warning("the signature page could not be printed", version=str(copy.pk), failure=str(failure))
        raise MoveRefused("The page of signatures is still being printed. Try again in a few minutes.") from failure


@transaction.atomic
def _claim_copy(now: datetime) -> SignedCopy | None:
    rows = queries.copies_to_make(now).select_for_update(skip_locked=True, of=("self",))
    copy = rows.select_related("version__document").first()
    if copy is not None:
        SignedCopy.objects.filter(pk=copy.pk).update(print_at=now + LEASE)
    return copy


def _bind(copy: SignedCopy, now: datetime) -> SignedCopy:
    _, page = printing.pdf_of(typesetting.signature_page_of(copy.version))
    copy.pages, copy.pdf = binding.bind(bytes(copy.version.pdf or b""), page)
    copy.sha256, copy.printed_at, copy.print_at = digest(copy.pdf), now, None
    copy.save()
    return copy


def _document_as(actor: context.Actor, kind: Kind, now: datetime) -> Document:
    with context.regulated_write(actor=actor, reason="Load the catalogue of documents"):
        return _document(kind, now)


def _document(kind: Kind, now: datetime) -> Document:
    defaults = {"title": CATALOGUE[kind].title, "created_at": now}
    document, _ = Document.objects.get_or_create(kind=kind, defaults=defaults)
    return document


@transaction.atomic
def _claim(now: datetime) -> DocumentVersion | None:
    """Take one waiting version for a while: printing must not hold a transaction open."""
    rows = queries.to_print(now).select_for_update(skip_locked=True, of=("self",))
    version = rows.select_related("document").defer("pdf").first()
    if version is None:
        return None
    # update(), not save(): whose turn it is to print is no version of the record.
    tries = version.print_tries + 1
    DocumentVersion.objects.filter(pk=version.pk).update(print_at=now + LEASE, print_tries=tries)
    version.print_tries = tries
    return version


def _print(version: DocumentVersion, now: datetime) -> None:
    try:
        if version.print_tries > TRIES:
            raise printing.PrintingFailed(f"Printing was interrupted {TRIES} times.")
        pages, pdf = printing.pdf_of(typesetting.page_of(version))
    except printing.PrintingFailed as failure:
        log.warning("printing failed", version=str(version.pk), failure=str(failure))
        _finish(version, State.FAILED, now, reason="The PDF could not be made", failure=str(failure))
        return
    result = {"pdf": pdf, "pages": pages, "sha256": digest(pdf), "printed_at": now}
    _finish(version, State.DRAFT, now, reason="Printed", **result)


def _finish(
    version: DocumentVersion, state: State, now: datetime, *, reason: str, **changes: Any
) -> DocumentVersion | None:
    try:
        return move(version, state, actor=PRESS, now=now, reason=reason, print_at=None, **changes)
    except MoveRefused:
        # Another press was faster: its PDF stands.
        return None


def _tell(version: DocumentVersion, document: Document, now: datetime) -> None:
    updates.announce(
        topic=Topic.DOCUMENTS,
        title=f"{document.title}: version {version.number}",
        text=f"In force from {version.effective_on:%-d %B %Y}. {version.changes}",
        path="/documents/",
        now=now,
        effective_on=version.effective_on,
    )


def _signature(actor: context.Actor) -> str:
    return f"{actor.name} ({actor.role})"
