"""Mail leaves by a row: written with the decision, sent by the sweep."""

from datetime import datetime
from enum import Enum
from smtplib import SMTPConnectError, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected
from socket import gaierror
from typing import Any, cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse

from tenants import schemas
from tenants.members.outbox import queries
from tenants.members.outbox.models import Email
from tenants.members.outbox.states import RETRIES, State
from tenants.wakeups import actions as wakeups

UNREACHABLE = (ConnectionError, TimeoutError, gaierror, SMTPConnectError, SMTPServerDisconnected)


@transaction.atomic
def queue_email(
    *,
    to: str,
    subject_key: Any,
    template: str,
    context: dict[str, Any],
    now: datetime,
    about: str = "",
    unsubscribe: str = "",
) -> Email:
    """Write a mail from `templates/email/<template>/{subject.txt,body.txt}`.

    `subject_key` is the recipient's: erasing the person erases the mails to them too. `unsubscribe` is a path that
    takes one POST from anywhere and ends such mails (RFC 8058), for mails that somebody subscribed to.
    """
    values = {**context, "origin": origin()}
    email = Email.objects.create(
        subject_key=subject_key,
        to=to,
        # One line, whatever a name or title holds: a line break would forge headers.
        subject=" ".join(render_to_string(f"email/{template}/subject.txt", values).split()),
        body=render_to_string(f"email/{template}/body.txt", values),
        unsubscribe=f"{values['origin']}{unsubscribe}" if unsubscribe else "",
        template=template,
        about=about,
        created_at=now,
        state_changed_at=now,
        next_try_at=now,
    )
    wakeups.wake(now)
    return email


def origin() -> str:
    """The stored origin of the schema we are in; links are never built from a host header."""
    stored = str(getattr(cast("Any", connection).tenant, "origin", ""))
    return settings.PLATFORM_ORIGIN if not stored and schemas.is_platform() else stored


def link(name: str, *args: object) -> str:
    """The absolute address of a page of this schema's host.

    A plain `reverse` would take the addresses of the host that the request came in on, or, in
    a task, always those of a tenant's.
    """
    pages = settings.PUBLIC_SCHEMA_URLCONF if schemas.is_platform() else settings.ROOT_URLCONF
    return origin() + reverse(name, urlconf=pages, args=args)


class RecipientErased(Exception):
    """Nobody can be written to: the person's key was destroyed, and address and text with it (GDPR Art. 17)."""


class Outcome(Enum):
    """What became of one mail."""

    SENT = "sent"
    PUT_OFF = "put off"
    UNREACHABLE = "the server could not be reached"


def deliver_due(now: datetime) -> int:
    """Send every mail that is due. Returns how many went out."""
    sent = 0
    while (outcome := deliver_next(now=now)) is not None:
        sent += outcome is Outcome.SENT
        if outcome is Outcome.UNREACHABLE:
            # Each further mail would wait as long for nothing, and the alarms of every tenant behind it.
            break
    return sent


@transaction.atomic
def deliver_next(*, now: datetime) -> Outcome | None:
    """Try one mail; None when none is due.

    The row stays locked while it is sent; a process that dies gives it back at once, and the
    next try carries the same Message-ID.
    """
    email = queries.due(now).select_for_update(skip_locked=True, of=("self",)).select_related("subject_key").first()
    if email is None:
        return None
    try:
        _message(email).send()
    except Exception as failure:  # noqa: BLE001  whatever stopped it, the mail stays and is tried again
        _put_off(email, failure, now)
        return Outcome.UNREACHABLE if isinstance(failure, UNREACHABLE) else Outcome.PUT_OFF
    email.state, email.state_changed_at, email.next_try_at = State.SENT, now, None
    email.tries += 1
    email.save(update_fields=["state", "state_changed_at", "next_try_at", "tries"])
    return Outcome.SENT


def _message(email: Email) -> EmailMultiAlternatives:
    if email.subject_key.destroyed_at is not None:
        raise RecipientErased
    headers = {"Message-ID": f"<{email.pk}@trust.complere>", "Auto-Submitted": "auto-generated"}
    if email.unsubscribe:
        headers["List-Unsubscribe"] = f"<{email.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return EmailMultiAlternatives(subject=email.subject, body=email.body, to=[email.to], headers=headers)


def _put_off(email: Email, failure: Exception, now: datetime) -> None:
    """Wait longer after each failure; a recipient who refused or was erased, or the last failure, ends it as failed."""
    # A server that nobody reaches says nothing of the recipient: that counts as no try, and never as a bounce.
    email.tries += not isinstance(failure, UNREACHABLE)
    email.last_error = f"{type(failure).__name__}: {_said(failure)}"[:500]
    refused = _is_refused(failure)
    if refused or isinstance(failure, RecipientErased) or email.tries > len(RETRIES):
        email.state, email.next_try_at = State.FAILED, None
        email.bounced_at = now if refused else None
    else:
        email.next_try_at = now + RETRIES[max(email.tries - 1, 0)]
    email.state_changed_at = now
    email.save(update_fields=["tries", "last_error", "state", "state_changed_at", "next_try_at", "bounced_at"])


def _said(failure: Exception) -> str:
    """Codes and causes only: what a server says repeats the address, which the row holds encrypted."""
    if isinstance(failure, SMTPRecipientsRefused):
        return ", ".join(str(code) for code, _ in failure.recipients.values())
    if isinstance(failure, SMTPResponseException):
        return str(failure.smtp_code)
    return str(getattr(failure, "strerror", None) or "")


def _is_refused(failure: Exception) -> bool:
    """Whether the recipient's server said no for good; a 4xx only asks to come again (RFC 5321, 4.2.1)."""
    if not isinstance(failure, SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _ in failure.recipients.values())
