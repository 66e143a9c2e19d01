"""Complere support hands a request to the tenant that is its controller (GDPR Art. 28(3)(e))."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from audit import context
from audit.subject_keys import actions as subject_keys
from audit.transitions import MoveRefused, move
from privacy.case_files import actions as case_files
from privacy.case_files import queries as case_queries
from privacy.case_files.actions import Upload, signed
from privacy.case_files.states import Purpose
from privacy.deadlines import actions as deadlines
from privacy.deadlines.states import Kind
from privacy.subject_requests import actions as subject_requests
from privacy.subject_requests import queries
from privacy.subject_requests.actions import Filing
from privacy.subject_requests.catalogue import Channel, Relation, Right
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants import schemas


@dataclass(frozen=True, slots=True)
class Parcel:
    """What travels, in the clear, from one schema's keys to another's: it is never stored."""

    filing: Filing
    files: tuple[Upload, ...]


def hand_over(
    record: SubjectRequest, *, tenant: Any, actor: context.Actor, now: datetime, reason: str
) -> SubjectRequest:
    """File the request in the tenant and keep the proof here, in one transaction (DSR-01).

    Both receipts travel and the earlier starts the controller's clock. What the person wrote and attached is
    unreadable here afterwards: its key is destroyed. Raises `MoveRefused` outside the platform or once closed.
    """
    if not schemas.is_platform():
        raise MoveRefused("Only Complere's own records are handed over.")
    with context.regulated_write(actor=actor, reason=reason):
        fresh = queries.locked(record)
        if fresh.state != State.RECEIVED:
            raise MoveRefused(f"Request {fresh.reference} is {fresh.state} and can no longer be handed over.")
        was_theirs = fresh.for_tenant is not None
        reference = _file_there(_packed(fresh, actor, now), tenant, actor=actor, now=now, reason=reason)
        kept = move(
            fresh,
            State.FORWARDED,
            actor=actor,
            now=now,
            reason=reason,
            for_tenant=tenant.pk,
            for_tenant_name=tenant.name,
            handed_over_at=now,
            handed_over_by=signed(actor),
            handed_over_reference=reference,
            closed_at=now,
            closed_by=signed(actor),
        )
        if was_theirs:
            deadlines.meet(kept, Kind.DSR_ASSISTANCE, actor=actor, now=now, reason=reason)
        # Clocks of an answer that is not ours to give: nobody answered, so nothing was met.
        deadlines.end(kept, actor=actor, now=now, reason=reason)
        subject_keys.destroy(kept.content_key, actor=actor, now=now, reason=f"Handed over to {tenant.name}")
    return kept


def _packed(record: SubjectRequest, actor: context.Actor, now: datetime) -> Parcel:
    filing = Filing(
        right=Right(record.right),
        subject_name=record.subject_name,
        subject_email=record.subject_email,
        identifiers=record.identifiers,
        details=record.details,
        relation=Relation(record.relation),
        channel=Channel.COMPLERE,
        received_at=now,
        received_first_at=record.starts_at,
        email_confirmed_at=record.email_confirmed_at,
        taken_by=f"{actor.name}, Complere",
        taken_reference=record.reference,
    )
    return Parcel(filing, tuple(_unsealed(record)))


def _unsealed(record: SubjectRequest) -> list[Upload]:
    found = case_queries.files_of(record)
    return [Upload(name=f.name, content=case_queries.contents(f), description=f.description) for f in found]


def _file_there(parcel: Parcel, tenant: Any, *, actor: context.Actor, now: datetime, reason: str) -> str:
    """File in the tenant's schema under the tenant's keys, and tell who works there. The reference given there."""
    outsider = replace(actor, role=f"Complere, {actor.role}")
    with schemas.inside(tenant):
        theirs = subject_requests.file(parcel.filing, actor=outsider, now=now, reason=reason)
        with context.regulated_write(actor=outsider, reason=reason):
            for upload in parcel.files:
                case_files.attach(theirs, upload, purpose=Purpose.EVIDENCE, actor=outsider, now=now)
        told = queries.workers()
        case_files.tell(
            told, theirs, "subject-request-handed-over", now=now, received_at=parcel.filing.received_first_at
        )
    return theirs.reference
