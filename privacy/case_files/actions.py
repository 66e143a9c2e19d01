"""What goes into a case and what leaves it: files, notes, letters, personal links.

Files and notes are written inside the `regulated_write` of the caller, which has locked the request.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from audit import context
from audit.subject_keys import hashing
from audit.subject_keys.queries import open_subject_key
from privacy.case_files import queries
from privacy.case_files.catalogue import FOLLOW_FOR, KEPT_AFTER_EXPIRY
from privacy.case_files.models import RequestFile, RequestLink, RequestLinkUse, RequestNote
from privacy.case_files.queries import Case
from privacy.case_files.states import Door, Purpose
from tenants.members.outbox.actions import queue_email
from tenants.wakeups.actions import wake

CLOCK = context.service("personal link clock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it came in."""

    name: str
    content: bytes
    description: str = ""


def signed(actor: context.Actor) -> str:
    """Who acted, as text that outlives the account."""
    return f"{actor.name} ({actor.role})"


def attach(
    case: Case,
    upload: Upload,
    *,
    purpose: Purpose,
    actor: context.Actor,
    now: datetime,
    form_token: UUID | None = None,
) -> RequestFile:
    """Seal a file into the case. The same `form_token` adds once."""
    if form_token and (known := RequestFile.objects.filter(form_token=form_token).first()):
        return known
    kept = RequestFile(
        request_id=case.pk,
        content_key=case.content_key,
        purpose=purpose,
        name=upload.name,
        description=upload.description.strip(),
        size=len(upload.content),
        added_at=now,
        added_by=signed(actor),
        form_token=form_token,
    )
    kept.content = hashing.seal(upload.content, open_subject_key(case.content_key), queries.place_of(kept))
    kept.save(force_insert=True)
    return kept


def write_note(
    case: Case, text: str, *, actor: context.Actor, now: datetime, form_token: UUID | None = None
) -> RequestNote:
    """Write into the case file. The same `form_token` writes once."""
    if form_token and (known := RequestNote.objects.filter(form_token=form_token).first()):
        return known
    return RequestNote.objects.create(
        request_id=case.pk,
        content_key=case.content_key,
        text=text.strip(),
        written_at=now,
        written_by=signed(actor),
        form_token=form_token,
    )


def tell(people: Iterable[Any], case: Case, template: str, *, now: datetime, **values: object) -> None:
    """Mail people of this schema about a request, with a link to it. No name of the person leaves by mail."""
    shared = {"reference": case.reference, "url": queries.link("subject-request", case.pk), **_sender(), **values}
    for user in people:
        queue_email(
            to=user.email,
            subject_key=user.subject_key,
            template=template,
            context={"name": user.full_name, **shared},
            now=now,
            about=_about(case),
        )


def write_to(case: Case, template: str, *, now: datetime, **values: object) -> bool:
    """Mail the person who made the request; False when no address is known."""
    if not case.subject_email:
        return False
    queue_email(
        to=case.subject_email,
        subject_key=case.subject_key,
        template=template,
        context={"name": case.subject_name, "reference": case.reference, **_sender(), **values},
        now=now,
        about=_about(case),
    )
    return True


def send_link(
    case: Case, template: str, *, now: datetime, door: Door = Door.FOLLOW, valid: timedelta = FOLLOW_FOR
) -> str | None:
    """Mail the person a personal link; the link's token, or None when no address is known."""
    if not case.subject_email:
        return None
    token = new_link(case, door=door, valid=valid, now=now)
    name = "confirm-data-request" if door == Door.CONFIRM else "follow-data-request"
    write_to(case, template, now=now, url=queries.link(name, token), expires_at=now + valid)
    return token


def new_link(case: Case, *, door: Door, valid: timedelta, now: datetime) -> str:
    """A fresh token; only its digest is kept."""
    token = secrets.token_urlsafe(32)
    RequestLink.objects.create(
        token_hash=queries.digest(token), request_id=case.pk, door=door, created_at=now, expires_at=now + valid
    )
    wake(now + valid + KEPT_AFTER_EXPIRY)
    return token


def forget_links(now: datetime) -> int:
    """The chore: personal links that expired long ago go (GDPR Art. 5(1)(e)). Returns how many."""
    with context.regulated_write(actor=CLOCK, reason=f"Expired {KEPT_AFTER_EXPIRY.days} days ago"):
        gone, _ = queries.links_over(now).delete()
    return gone


def log_use(case: Case, what: str, *, now: datetime) -> None:
    """Remember what was opened through a personal link, and from where (DSR-35)."""
    place = context.current_request().address
    RequestLinkUse.objects.create(
        request_id=case.pk, what=what[:60], used_at=now, subject_key=case.subject_key, used_from=place
    )


def _sender() -> dict[str, object]:
    tenant = queries.home()
    return {"sender_name": tenant.name, "zone": tenant.time_zone}


def _about(case: Case) -> str:
    return f"privacy.subjectrequest:{case.pk}"
