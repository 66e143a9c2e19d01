"""What a person does at the public door: send a request, show that the address is theirs, read the answer."""

from datetime import datetime
from uuid import UUID

from django.core.cache import cache

from audit import context
from privacy.case_files import actions as case_files
from privacy.case_files.catalogue import CONFIRM_WITHIN, FOLLOW_FOR
from privacy.case_files.states import Door
from privacy.subject_requests import actions as subject_requests
from privacy.subject_requests import queries
from privacy.subject_requests.actions import Filing
from privacy.subject_requests.models import SubjectRequest
from tenants import signing

PERSON = context.Actor(id=None, name="The person concerned", role="data subject")
HOUR = 3600
FROM_ONE_PLACE, FROM_ONE_ADDRESS = 10, 5


def admit(*, place: str, email: str) -> bool:
    """Whether one more submission is taken from this network address and for this e-mail address within the hour."""
    known_as = signing.digest(place, purpose="data-request.place")
    counts = [_count(f"place:{known_as}"), _count(f"email:{queries.email_index(email)}")]
    return counts[0] <= FROM_ONE_PLACE and counts[1] <= FROM_ONE_ADDRESS


def _count(name: str) -> int:
    key = f"data-request:{name}"
    cache.add(key, 0, HOUR)
    try:
        return int(cache.incr(key))
    except ValueError:
        # It ran out between the two calls: this one is the first of a new hour.
        return 1


def submit(filing: Filing, *, form_token: UUID, now: datetime) -> SubjectRequest:
    """File what a person sent: its clock starts now, whether the address is ever confirmed or not (DSR-01).

    The same right asked for by the same address minutes ago is one case with the earlier receipt.
    """
    if (known := queries.by_form_token(form_token)) is not None:
        return known
    reason = "Sent through the public form"
    with context.regulated_write(actor=PERSON, reason=reason):
        record = queries.same_request(filing.subject_email, filing.right, now=now)
        if record is not None:
            case_files.write_note(record, _again(filing), actor=PERSON, now=now, form_token=form_token)
        else:
            record = subject_requests.file(filing, actor=PERSON, now=now, reason=reason, form_token=form_token)
        case_files.send_link(record, "subject-request-confirm", door=Door.CONFIRM, valid=CONFIRM_WITHIN, now=now)
    return record


def _again(filing: Filing) -> str:
    said = "\n".join(part for part in (filing.subject_name, filing.identifiers, filing.details) if part)
    return f"Sent again through the public form:\n{said}"


def confirm(record: SubjectRequest, *, now: datetime) -> str | None:
    """The address is theirs: the first step of knowing the person. The token of a link to follow the request.

    None when it was confirmed before: that link was mailed, and one link is enough to guard.
    """
    reason = "Opened the link that was mailed to the address"
    with context.regulated_write(actor=PERSON, reason=reason):
        fresh = queries.locked(record)
        if fresh.email_confirmed_at is not None:
            return None
        fresh.email_confirmed_at = now
        fresh.save(update_fields=["email_confirmed_at"])
        mailed = case_files.send_link(fresh, "subject-request-received", now=now)
        return mailed or case_files.new_link(fresh, door=Door.FOLLOW, valid=FOLLOW_FOR, now=now)
