"""Asking for documents, answering, and the links that an answer gives."""

import contextlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction

from audit import context
from audit.subject_keys import actions as subject_keys
from audit.transitions import MoveRefused, move
from privacy.deadlines import actions as deadlines
from privacy.deadlines import queries as deadline_queries
from privacy.deadlines.clock import BusinessDeadline
from privacy.deadlines.states import Basis, Kind
from privacy.deadlines.states import State as Clock
from tenants import schemas
from tenants.tenancy import queries as tenancy
from tenants.wakeups.actions import wake
from trust_center.document_requests import catalogue, queries, states
from trust_center.document_requests.adapters import letters
from trust_center.document_requests.catalogue import Filing, Ringing, Serving
from trust_center.document_requests.models import DocumentRequest, Download, Enquiry, Grant, Pass
from trust_center.document_requests.states import ALARMS, Link, State
from trust_center.documents import actions as copies
from trust_center.documents import queries as documents
from trust_center.documents.models import DocumentVersion

# Whoever holds the mailbox acts; the name stands encrypted in the request, never in the trail.
REQUESTER = context.Actor(id=None, name="Requester", role="public", kind="human")
CLOCK = context.service("document clock")
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
TITLE = "Answer to a request for documents"


class RequestRefused(ValueError):
    """It cannot be done like this; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PassRefused(LookupError):
    """The mailed link is unknown, too old, or its request has ended unconfirmed."""


class LinkUnknown(LookupError):
    """No link was ever granted with this token."""


class LinkOver(LookupError):
    """The granted link does not work any more; the message says why."""


def submit(filing: Filing, *, nonce: str, now: datetime) -> None:
    """Keep a public request until its address is confirmed. The same form, or the same content, asks once."""
    try:
        with context.regulated_write(actor=REQUESTER, reason="Asked on the public form"):
            if queries.by_nonce(nonce) is not None:
                return
            known = queries.same_unconfirmed(queries.content_of(filing), now)
            record = known or _create(filing, tenancy.platform(), nonce, now)
            if record.form_nonce != nonce:
                _ask_again(record)
            letters.confirm(record, _new_pass(record, states.CONFIRM_WITHIN, now), now)
    except IntegrityError:
        # The same form sent twice at the same moment: the other one stands.
        if queries.by_nonce(nonce) is None:
            raise


def submit_for_tenant(
    filing: Filing, *, tenant: Serving, member_id: UUID, role: str, nonce: str, now: datetime
) -> UUID:
    """A signed-in member asks in the tenant's name: received at once. Returns the id of the request, or of its twin."""
    actor, reason = member_actor(tenant.name, member_id, role), "Asked in the workspace"
    with schemas.on_platform():
        record = queries.by_nonce(nonce)
        try:
            if record is None:
                with context.regulated_write(actor=actor, reason=reason):
                    record = _create(filing, tenant, nonce, now, member_id=member_id)
                    record = _receive(record, actor=actor, now=now, reason=reason)
        except IntegrityError:
            record = queries.by_nonce(nonce)
            if record is None:
                raise
        return record.merged_into_id or record.pk


def member_actor(tenant_name: str, member_id: UUID, role: str) -> context.Actor:
    """A tenant's member in Complere's own trail: by id and tenant, since people of one schema stand in no other."""
    return context.Actor(id=member_id, name=f"A member of {tenant_name}", role=role)


def confirm(token: str, *, now: datetime) -> None:
    """The holder of the mailbox says yes; the promise runs from here. Confirming twice changes nothing.

    Raises `PassRefused`.
    """
    for _ in range(2):
        record = queries.behind(token, now)
        if record is None:
            raise PassRefused("This link is unknown or too old.")
        if record.state != State.AWAITING_CONFIRMATION:
            return
        # Confirmed twice at the same moment, or a twin was: look again.
        with contextlib.suppress(IntegrityError, MoveRefused):
            _receive(record, actor=REQUESTER, now=now, reason="Confirmed by the mailed link")


def ask(record: DocumentRequest, *, question: str, actor: context.Actor, now: datetime, reason: str) -> DocumentRequest:
    """Ask the requester for information. The first question stops a clock that is not overdue, once (clocks A.3)."""
    with context.regulated_write(actor=actor, reason=reason):
        record = _locked(record)
        stops = record.due_at is not None and now < record.due_at
        stops = stops and not record.enquiries.filter(stopped_clock=True).exists()
        changes: dict[str, Any] = {"answer_by": now + states.ANSWER_WITHIN, **({"due_at": None} if stops else {})}
        fresh = move(record, State.INFORMATION_ASKED, actor=actor, now=now, reason=reason, **changes)
        asked = Enquiry.objects.create(
            request=fresh,
            subject_key=fresh.subject_key,
            question=question.strip(),
            asked_at=now,
            asked_by=_signature(actor),
            stopped_clock=stops,
        )
        for deadline in deadline_queries.open_of(fresh, Kind.DOCUMENT_ANSWER) if stops else []:
            deadlines.suspend(deadline, actor=actor, now=now, reason=reason)
        wake(now + states.ANSWER_WITHIN)
        letters.enquiry(fresh, asked, _new_pass(fresh, states.STATUS_LIVES, now), now)
    return fresh


def give_information(
    record: DocumentRequest, *, answer: str, now: datetime, actor: context.Actor = REQUESTER
) -> DocumentRequest:
    """The requester answers; a clock that was stopped begins anew (clocks A.3)."""
    reason = "The information that was asked for arrived"
    with context.regulated_write(actor=actor, reason=reason):
        record = _locked(record)
        asked = queries.open_enquiry(record)
        if asked is None:
            raise MoveRefused("Nothing is asked of you any more.")
        asked.answer, asked.answered_at = answer.strip(), now
        asked.save(update_fields=["answer", "answered_at"])
        fresh = move(record, State.RECEIVED, actor=actor, now=now, reason=reason, answer_by=None)
        if asked.stopped_clock:
            deadlines.end(fresh, Kind.DOCUMENT_ANSWER, actor=actor, now=now, reason=reason)
            fresh = _start_clock(fresh, actor=actor, now=now, reason=reason)
        letters.to_answerers(fresh, "document-information", now)
    return fresh


def grant(
    record: DocumentRequest,
    *,
    versions: Sequence[UUID],
    nda_checked: bool,
    message: str,
    late_because: str,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> DocumentRequest:
    """Give the chosen published versions, each by a personal link that is mailed. Raises `RequestRefused`."""
    chosen = [version for version in documents.published().values() if version.pk in set(versions)]
    if not chosen or len(chosen) != len(set(versions)):
        raise RequestRefused("versions", "Choose at least one version that is published now.")
    if any(version.needs_nda for version in chosen) and not nda_checked:
        raise RequestRefused("nda_checked", "Tick the box, or leave out what needs an agreement.")
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _close(record, State.GRANTED, actor=actor, now=now, reason=reason, late_because=late_because)
        given = [_new_grant(fresh, version, actor, now, nda_checked=nda_checked) for version in chosen]
        letters.granted(fresh, given, message.strip(), now)
    return fresh


def refuse(
    record: DocumentRequest, *, message: str, late_because: str, actor: context.Actor, now: datetime, reason: str
) -> DocumentRequest:
    """Give nothing, and say why to the requester (an answer too: DOC-01). Raises `RequestRefused`."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _close(record, State.REFUSED, actor=actor, now=now, reason=reason, late_because=late_because)
        letters.refused(fresh, message.strip(), now)
    return fresh


def withdraw(record: DocumentRequest, *, now: datetime, actor: context.Actor = REQUESTER) -> DocumentRequest:
    """The requester needs nothing any more."""
    reason = "Withdrawn by the requester"
    return _close(record, State.WITHDRAWN, actor=actor, now=now, reason=reason)


def revoke(given: Grant, *, actor: context.Actor, now: datetime, reason: str) -> Grant:
    """End a granted link before its time."""
    who: dict[str, Any] = {"revoked_at": now, "revoked_by": _signature(actor), "revoked_because": reason.strip()}
    return move(given, Link.REVOKED, actor=actor, now=now, reason=reason, **who)


@transaction.atomic
def download(token: str, *, address: str, now: datetime) -> tuple[DocumentVersion, bytes]:
    """Count and log one download, and give the bytes (DOC-05). Raises `LinkUnknown` or `LinkOver`."""
    known = queries.grant_of(token)
    if known is None:
        raise LinkUnknown("There is no such link.")
    given = Grant.objects.select_for_update(of=("self",)).get(pk=known.pk)
    if why := queries.why_over(given, now):
        raise LinkOver(why)
    # update(), not save(): the download is a row of its own, not a version of the grant.
    Grant.objects.filter(pk=given.pk).update(downloads=models.F("downloads") + 1)
    copy, key = copies.signed_copy(known.version, now=now), known.request.subject_key
    Download.objects.create(grant=given, subject_key=key, at=now, address=address, sha256=copy.sha256)
    return known.version, bytes(copy.pdf or b"")


def expire_due(now: datetime) -> int:
    """End what waited too long: unconfirmed requests are erased, unanswered questions closed. Returns how many."""
    ended = 0
    while _expire_next(now):
        ended += 1
    return ended


def forget_passes(now: datetime) -> int:
    """The chore: mailed links that expired long ago go (GDPR Art. 5(1)(e)). Returns how many."""
    with context.regulated_write(actor=CLOCK, reason=f"Expired {states.KEPT_AFTER_EXPIRY.days} days ago"):
        gone, _ = queries.passes_over(now).delete()
    return gone


def ring(deadline: Ringing, now: datetime) -> None:
    """Tell those who may answer that the promise is near its end, or past it."""
    record = queries.by_subject(deadline.subject)
    if record is not None and record.state in states.OPEN:
        template = "document-overdue" if deadline.state == Clock.MISSED else "document-due"
        letters.to_answerers(record, template, now)


@transaction.atomic
def _expire_next(now: datetime) -> bool:
    record = queries.to_expire(now).select_for_update(skip_locked=True, of=("self",)).first()
    if record is None:
        return False
    if record.state == State.INFORMATION_ASKED:
        reason = f"No answer within {states.ANSWER_WITHIN.days} days"
        letters.expired(_close(record, State.EXPIRED, actor=CLOCK, now=now, reason=reason), now)
        return True
    reason = f"Not confirmed within {states.CONFIRM_WITHIN.days} days: who it was is erased (GDPR Art. 5(1)(e))"
    nothing_left: dict[str, Any] = {
        "email_index": record.pk.hex,
        "content_index": record.pk.hex,
        "words": [],
        "confirm_by": None,
    }
    ended = _close(record, State.EXPIRED, actor=CLOCK, now=now, reason=reason, **nothing_left)
    subject_keys.destroy(ended.subject_key, actor=CLOCK, now=now, reason=reason)
    return True


def _create(
    filing: Filing, served_from: Serving, nonce: str, now: datetime, member_id: UUID | None = None
) -> DocumentRequest:
    of_tenant = {"tenant_id": served_from.pk, "tenant_name": served_from.name, "member_id": member_id}
    record = DocumentRequest(
        reference=f"DR-{_random(4)}-{_random(4)}",
        subject_key=subject_keys.create(now=now),
        name=filing.name,
        email=filing.email,
        email_index=queries.email_index(filing.email),
        company=filing.company,
        words=queries.words_of(filing.name, filing.company),
        country=filing.country,
        purpose=filing.purpose,
        message=filing.message,
        is_customer=filing.is_customer,
        kinds=sorted(filing.kinds),
        region=served_from.region,
        calendar=served_from.calendar,
        time_zone=served_from.time_zone,
        disposable_mail=catalogue.is_disposable(filing.email),
        form_nonce=nonce,
        content_index=queries.content_of(filing),
        state_changed_at=now,
        created_at=now,
        confirm_by=now + states.CONFIRM_WITHIN,
        **(of_tenant if member_id else {}),
    )
    record.save(force_insert=True)
    wake(now + states.CONFIRM_WITHIN)
    return record


def _receive(record: DocumentRequest, *, actor: context.Actor, now: datetime, reason: str) -> DocumentRequest:
    """Start the promise, or merge into the open request of the same person for the same documents."""
    with context.regulated_write(actor=actor, reason=reason):
        twin = queries.twin_of(record)
        if twin is not None:
            who: dict[str, Any] = {"closed_at": now, "closed_by": _signature(actor), "confirm_by": None}
            _ask_again(twin)
            return move(record, State.MERGED, actor=actor, now=now, reason=reason, merged_into=twin, **who)
        fresh = move(record, State.RECEIVED, actor=actor, now=now, reason=reason, received_at=now, confirm_by=None)
        fresh = _start_clock(fresh, actor=actor, now=now, reason=reason)
        letters.received(fresh, _new_pass(fresh, states.STATUS_LIVES, now), now)
        letters.to_answerers(fresh, "document-request", now)
    return fresh


def _start_clock(record: DocumentRequest, *, actor: context.Actor, now: datetime, reason: str) -> DocumentRequest:
    result: BusinessDeadline = queries.promise(now, record.calendar, record.time_zone)
    record.clock_started_at, record.due_at = now, result.due_at
    record.save(update_fields=["clock_started_at", "due_at"])
    deadlines.start(
        record,
        kind=Kind.DOCUMENT_ANSWER,
        basis=Basis.PROMISE,
        title=TITLE,
        result=result,
        started_at=now,
        alarms=ALARMS,
        actor=actor,
        now=now,
        reason=reason,
    )
    return record


def _close(
    record: DocumentRequest,
    state: State,
    *,
    actor: context.Actor,
    now: datetime,
    reason: str,
    late_because: str = "",
    **changes: Any,
) -> DocumentRequest:
    """End a request: its clock, its figures, and why it came late if it did. Raises `RequestRefused`."""
    with context.regulated_write(actor=actor, reason=reason):
        record = _locked(record)
        late = record.due_at is not None and now >= record.due_at
        if late and state in states.ANSWERED and not late_because.strip():
            raise RequestRefused("late_because", "The answer comes late: say why, for the record of misses.")
        if state in states.ANSWERED:
            asked = queries.open_enquiry(record)
            stopped_at = asked.asked_at if asked is not None and asked.stopped_clock else now
            changes["answer_minutes"] = queries.minutes_taken(record, stopped_at)
        over: dict[str, Any] = {"closed_at": now, "closed_by": _signature(actor), "closed_because": reason.strip()}
        over |= {"was_late": late, "late_because": late_because.strip() if late else "", "due_at": None}
        fresh = move(record, state, actor=actor, now=now, reason=reason, **over, answer_by=None, **changes)
        end = deadlines.meet if state in states.ANSWERED else deadlines.end
        end(fresh, Kind.DOCUMENT_ANSWER, actor=actor, now=now, reason=reason)
    return fresh


def _new_grant(
    record: DocumentRequest, version: DocumentVersion, actor: context.Actor, now: datetime, *, nda_checked: bool
) -> tuple[Grant, str]:
    token = secrets.token_urlsafe(32)
    given = Grant.objects.create(
        request=record,
        version=version,
        token_hash=queries.digest(token),
        state_changed_at=now,
        granted_at=now,
        granted_by=_signature(actor),
        nda_checked_by=_signature(actor) if version.needs_nda and nda_checked else "",
        expires_at=now + states.LINK_LIVES,
        max_downloads=states.DOWNLOADS,
    )
    return given, token


def _new_pass(record: DocumentRequest, lives: timedelta, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    Pass.objects.create(token_hash=queries.digest(token), request=record, created_at=now, expires_at=now + lives)
    wake(now + lives + states.KEPT_AFTER_EXPIRY)
    return token


def _locked(record: DocumentRequest) -> DocumentRequest:
    rows = DocumentRequest.objects.select_related("subject_key")
    return rows.select_for_update(of=("self",)).get(pk=record.pk)


def _ask_again(record: DocumentRequest) -> None:
    record.asked_again += 1
    record.save(update_fields=["asked_again"])


def _signature(actor: context.Actor) -> str:
    return f"{actor.name} ({actor.role})"


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
