"""Every write on a data-subject request: filing, working, answering, refusing, and handing over to the controller."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError

from audit import context
from audit.signatures.catalogue import Signing
from audit.subject_keys import actions as subject_keys
from audit.transitions import MoveRefused, label, move
from privacy.case_files import actions as case_files
from privacy.case_files import queries as case_queries
from privacy.case_files.actions import Upload, signed
from privacy.case_files.catalogue import ANSWER_OPEN_FOR
from privacy.case_files.queries import home
from privacy.case_files.states import Purpose
from privacy.deadlines import actions as deadlines
from privacy.deadlines import clock
from privacy.deadlines import queries as deadline_queries
from privacy.deadlines.catalogue import jurisdiction, parameter
from privacy.deadlines.states import Basis, Kind
from privacy.subject_requests import clock as rules
from privacy.subject_requests import queries
from privacy.subject_requests.catalogue import GROUNDS, Channel, Check, Relation, Right, grounds
from privacy.subject_requests.models import RequestCounter, SubjectRequest
from privacy.subject_requests.states import State

# Day deadlines end at midnight; people are told at eight in the morning before it, and once it has passed.
_MORNING = timedelta(hours=16)
ALARMS = (timedelta(days=7) + _MORNING, timedelta(days=1) + _MORNING, _MORNING, timedelta(0))
TARGET_ALARMS = (_MORNING, timedelta(0))


class RequestRefused(ValueError):
    """What was given cannot be accepted; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A request as it is filed. Instants are aware; `received_first_at` is when Complere had it."""

    right: Right
    subject_name: str
    received_at: datetime
    subject_email: str = ""
    identifiers: str = ""
    details: str = ""
    relation: Relation = Relation.OTHER
    channel: Channel = Channel.OTHER
    received_first_at: datetime | None = None
    late_entry_reason: str = ""
    for_tenant: Any = None
    email_confirmed_at: datetime | None = None
    taken_by: str = ""
    taken_reference: str = ""


def file(
    filing: Filing,
    *,
    actor: context.Actor,
    now: datetime,
    reason: str,
    form_token: UUID | None = None,
    evidence: Upload | None = None,
) -> SubjectRequest:
    """Open a case and start its clocks: the law's month runs from receipt (GDPR Art. 12(3), DSR-01 to DSR-03).

    `evidence` comes with it: both are kept, or neither. The same `form_token` files once and returns the first
    case, with the evidence if that is still missing. Raises `RequestRefused`.
    """
    if (known := queries.by_form_token(form_token)) is not None:
        return _with_evidence(known, evidence, actor=actor, now=now)
    _check_receipt(filing, now)
    try:
        with context.regulated_write(actor=actor, reason=reason):
            record = _open_case(filing, form_token=form_token, actor=actor, now=now, reason=reason)
            return _with_evidence(record, evidence, actor=actor, now=now)
    except IntegrityError:
        if (known := queries.by_form_token(form_token)) is None:
            raise
        return _with_evidence(known, evidence, actor=actor, now=now)


def _with_evidence(
    record: SubjectRequest, evidence: Upload | None, *, actor: context.Actor, now: datetime
) -> SubjectRequest:
    """The request with the file that came with its form, added once."""
    token = uuid5(record.form_token, "evidence") if record.form_token else None
    if evidence is not None and not case_queries.is_attached(token):
        add_evidence(record, upload=evidence, form_token=token, actor=actor, now=now)
    return record


def _check_receipt(filing: Filing, now: datetime) -> None:
    zone = deadline_queries.place(home()).zone
    for field, at in (("received_at", filing.received_at), ("received_first_at", filing.received_first_at)):
        if at is not None and clock.in_utc(at) > now:
            raise RequestRefused(field, "This moment lies in the future. Enter when the request was received.")
    earlier = clock.local_day(filing.received_at, zone) < clock.local_day(now, zone)
    if earlier and not filing.late_entry_reason.strip():
        message = "The request was received before today. Say why it is entered only now."
        raise RequestRefused("late_entry_reason", message)


def _open_case(
    filing: Filing, *, form_token: UUID | None, actor: context.Actor, now: datetime, reason: str
) -> SubjectRequest:
    record = SubjectRequest(
        reference=_next_reference(now),
        state_changed_at=now,
        right=filing.right,
        subject_key=subject_keys.create(now=now),
        content_key=subject_keys.create(now=now),
        subject_name=filing.subject_name.strip(),
        subject_email=filing.subject_email.strip(),
        email_index=queries.email_index(filing.subject_email),
        name_words=queries.name_words(filing.subject_name),
        identifiers=filing.identifiers.strip(),
        details=filing.details.strip(),
        relation=filing.relation,
        channel=filing.channel,
        received_at=filing.received_at,
        received_first_at=filing.received_first_at,
        late_entry_reason=filing.late_entry_reason.strip(),
        filed_at=now,
        filed_by=signed(actor),
        email_confirmed_at=filing.email_confirmed_at,
        form_token=form_token,
        for_tenant=filing.for_tenant.pk if filing.for_tenant else None,
        for_tenant_name=filing.for_tenant.name if filing.for_tenant else "",
        taken_by=filing.taken_by,
        taken_reference=filing.taken_reference,
    )
    clocks = _first_clocks(record)
    record.due_at = min(
        result.end_exclusive for _, basis, _, result in clocks if basis != Basis.TARGET or len(clocks) == 1
    )
    record.save(force_insert=True)
    for kind, basis, title, result in clocks:
        _start(record, kind, basis, title, result, started_at=record.starts_at, actor=actor, now=now, reason=reason)
    return record


Clocks = list[tuple[Kind, Basis, str, clock.DayDeadline]]


def _first_clocks(record: SubjectRequest) -> Clocks:
    """The clocks that run from receipt. Raises `RequestRefused` where no calendar or law covers the day."""
    tenant = home()
    place = deadline_queries.place(tenant)
    day = clock.local_day(record.starts_at, place.zone)
    law = jurisdiction(tenant.calendar)
    try:
        if record.for_tenant is not None:
            return [(Kind.DSR_ASSISTANCE, Basis.TARGET, "Hand over to the controller", rules.same_day(day, place))]
        months = parameter("dsr.base_months", law, day).value
        target = parameter("dsr.target_days", law, day).value
        statutory = clock.month_period(day, months, place)
        return [
            (Kind.DSR_STATUTORY, Basis.LAW, "Answer to the person", statutory),
            (Kind.DSR_ASSISTANCE, Basis.TARGET, "Data package ready", clock.promise_period(day, target, place)),
        ]
    except (clock.DeadlineRefused, LookupError) as refused:
        message = "No deadline can be computed from this day. Enter a day since 25 May 2018."
        raise RequestRefused("received_at", message) from refused


def _start(record: SubjectRequest, kind: Kind, basis: Basis, title: str, result: clock.DayDeadline, **how: Any) -> None:
    alarms = TARGET_ALARMS if basis == Basis.TARGET else ALARMS
    deadlines.start(record, kind=kind, basis=basis, title=title, result=result, alarms=alarms, **how)


def _next_reference(now: datetime) -> str:
    """`DSR-2026-0007`, numbered within the schema and year; the row lock keeps two filings apart."""
    year = now.astimezone(deadline_queries.place(home()).zone).year
    RequestCounter.objects.get_or_create(year=year)
    counter = RequestCounter.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"DSR-{year}-{counter.last:04d}"


def _open(record: SubjectRequest) -> SubjectRequest:
    """The row, locked and open. Raises `MoveRefused`."""
    fresh = queries.locked(record)
    if not fresh.is_open:
        raise MoveRefused(f"Request {fresh.reference} is {label(fresh.state)} and takes no further entry.")
    return fresh


def _ours(record: SubjectRequest) -> None:
    """The vendor does not answer for the controller (GDPR Art. 28(3)(a), (e))."""
    if record.for_tenant is not None:
        raise MoveRefused(f"{record.for_tenant_name} is the controller. Hand the request over; it is answered there.")


def assign(
    record: SubjectRequest, *, assignee: Any, actor: context.Actor, now: datetime, reason: str
) -> SubjectRequest:
    """Give the request to somebody who may work on it. Raises `RequestRefused`, `MoveRefused`."""
    if assignee.pk not in {user.pk for user in queries.workers()}:
        raise RequestRefused("assignee", "Choose somebody who may work on requests.")
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _open(record)
        _ours(fresh)
        fresh.assignee = assignee
        fresh.save(update_fields=["assignee"])
        if assignee.pk != actor.id:
            case_files.tell([assignee], fresh, "subject-request-assigned", now=now)
    return fresh


def ask_identity(
    record: SubjectRequest, *, doubt: str, asked_for: str, actor: context.Actor, now: datetime, reason: str
) -> SubjectRequest:
    """Ask for what is needed to know the person, on reasonable doubts (GDPR Art. 12(6), DSR-04).

    No clock stops: by default the question moves nothing (DSR-06).
    """
    _ours(record)
    with context.regulated_write(actor=actor, reason=reason):
        said: dict[str, Any] = {"identity_doubt": doubt.strip(), "identity_asked_for": asked_for.strip()}
        asked = move(record, State.IDENTITY_PENDING, actor=actor, now=now, reason=reason, identity_asked_at=now, **said)
        case_files.write_to(asked, "subject-request-identity", now=now, asked_for=asked.identity_asked_for)
    return asked


def validate(
    record: SubjectRequest, *, check: Check, note: str, actor: context.Actor, now: datetime, reason: str
) -> SubjectRequest:
    """Set once, by a named person: starts the promise, never the statutory clock again (DSR-03, DSR-13)."""
    _ours(record)
    tenant = home()
    place = deadline_queries.place(tenant)
    day = clock.local_day(now, place.zone)
    days = parameter("dsr.promise_days", jurisdiction(tenant.calendar), day).value
    promised = clock.promise_period(day, days, place)
    with context.regulated_write(actor=actor, reason=reason):
        checked: dict[str, Any] = {"validated_at": now, "validated_by": signed(actor), "validation_check": check}
        checked |= {"validation_note": note.strip(), "due_at": min(record.due_at, promised.end_exclusive)}
        valid = move(record, State.VALIDATED, actor=actor, now=now, reason=reason, **checked)
        title = "Answer to the person, as promised"
        _start(
            valid, Kind.DSR_PROMISE, Basis.PROMISE, title, promised, started_at=now, actor=actor, now=now, reason=reason
        )
    return valid


def begin(record: SubjectRequest, *, actor: context.Actor, now: datetime, reason: str) -> SubjectRequest:
    """Start to gather the answer."""
    _ours(record)
    return move(record, State.IN_PROGRESS, actor=actor, now=now, reason=reason)


def deliver(
    record: SubjectRequest,
    *,
    answer: str,
    checklist: Mapping[str, str],
    files: Sequence[Upload] = (),
    signing: Signing,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> SubjectRequest:
    """Answer the person: every part of the checklist given, or the reason why it does not apply (DSR-20, DSR-30).

    `checklist` holds for each item of the type an empty text (given) or that reason. The person reads the answer
    behind a personal link; the mail carries nothing else (DSR-35). Raises `SignatureRefused`.
    """
    _ours(record)
    missing = [item.label for item in record.type.items if item.key not in checklist]
    if missing:
        raise RequestRefused("checklist", f"Say for each part whether it was given. Missing: {', '.join(missing)}.")
    with context.regulated_write(actor=actor, reason=reason):
        done = move(
            record,
            State.DELIVERED,
            actor=actor,
            now=now,
            reason=reason,
            signing=signing,
            answer=answer.strip(),
            checklist=json.dumps({item.key: checklist[item.key].strip() for item in record.type.items}),
            answer_open_until=now + ANSWER_OPEN_FOR,
            closed_at=now,
            closed_by=signed(actor),
        )
        for upload in files:
            case_files.attach(done, upload, purpose=Purpose.ANSWER, actor=actor, now=now)
        deadlines.meet(done, actor=actor, now=now, reason=reason)
        case_files.send_link(done, "subject-request-answered", valid=ANSWER_OPEN_FOR, now=now)
    return done


def refuse(
    record: SubjectRequest,
    *,
    ground: str,
    reasons: str,
    complaint: str,
    remedy: str,
    evidence: str = "",
    signing: Signing,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> SubjectRequest:
    """Take no action and say so with the three parts of GDPR Art. 12(4): reasons, complaint, judicial remedy (DSR-09).

    Grounds whose proof lies with the controller need `evidence` (Art. 12(5), DSR-10). Raises `RequestRefused`.
    """
    _ours(record)
    _check_refusal(record, ground, reasons=reasons, complaint=complaint, remedy=remedy, evidence=evidence)
    with context.regulated_write(actor=actor, reason=reason):
        refused = move(
            record,
            State.REFUSED,
            actor=actor,
            now=now,
            reason=reason,
            signing=signing,
            refusal_ground=ground,
            refusal_reasons=reasons.strip(),
            refusal_complaint=complaint.strip(),
            refusal_remedy=remedy.strip(),
            refusal_evidence=evidence.strip(),
            answer_open_until=now + ANSWER_OPEN_FOR,
            closed_at=now,
            closed_by=signed(actor),
        )
        # The notice is the answer that the law asks for in the same month.
        deadlines.meet(refused, actor=actor, now=now, reason=reason)
        case_files.send_link(refused, "subject-request-answered", valid=ANSWER_OPEN_FOR, now=now)
    return refused


def _check_refusal(record: SubjectRequest, ground: str, **parts: str) -> None:
    if ground not in {each.key for each in grounds(record.right)}:
        raise RequestRefused("ground", "Choose a ground that the law knows for this type of request.")
    for field in ("reasons", "complaint", "remedy"):
        if not parts[field].strip():
            raise RequestRefused(field, "The notice needs this part (GDPR Art. 12(4)).")
    if GROUNDS[ground].needs_evidence and not parts["evidence"].strip():
        raise RequestRefused("evidence", "The proof lies with you: say what shows it (GDPR Art. 12(5)).")


def withdraw(record: SubjectRequest, *, actor: context.Actor, now: datetime, reason: str) -> SubjectRequest:
    """The person takes the request back: its clocks end."""
    with context.regulated_write(actor=actor, reason=reason):
        gone = move(
            record, State.WITHDRAWN, actor=actor, now=now, reason=reason, closed_at=now, closed_by=signed(actor)
        )
        deadlines.end(gone, actor=actor, now=now, reason=reason)
    return gone


def add_evidence(
    record: SubjectRequest, *, upload: Upload, actor: context.Actor, now: datetime, form_token: UUID | None = None
) -> None:
    """Put a file into the case. The same `form_token` adds once."""
    # The description speaks of a person and is sealed with the file: a reason would keep it in the clear for good.
    with context.regulated_write(actor=actor, reason="Evidence was added"):
        case_files.attach(_open(record), upload, purpose=Purpose.EVIDENCE, actor=actor, now=now, form_token=form_token)


def add_note(
    record: SubjectRequest, *, text: str, actor: context.Actor, now: datetime, form_token: UUID | None = None
) -> None:
    """Write into the case file. The same `form_token` writes once."""
    with context.regulated_write(actor=actor, reason="Note added to the case file"):
        case_files.write_note(_open(record), text, actor=actor, now=now, form_token=form_token)


def ring(deadline: Any, now: datetime) -> None:
    """The bell of every clock of a request: reminders for the one that binds, and each one that was missed."""
    record = queries.of_deadline(deadline)
    if record is None or not record.is_open:
        return
    missed = now >= deadline.due_at
    if not missed and deadline.basis != Basis.TARGET and deadline.due_at > record.due_at:
        return
    # Where law and promise end together, the law speaks for both.
    if deadline.kind == Kind.DSR_PROMISE and queries.law_ends_at(record, deadline.due_at):
        return
    template = "subject-request-overdue" if missed else "subject-request-reminder"
    case_files.tell(queries.told(record), record, template, now=now, title=deadline.title, last_day=deadline.last_day)
