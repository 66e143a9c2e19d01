"""Counting who guesses at what people sign with, and the codes for when it is lost (§11.300(c), (d))."""

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from audit import context
from audit.subject_keys.queries import blind_index
from tenants.members.accounts.models import User
from tenants.members.contacts import queries as contacts
from tenants.members.outbox import actions as outbox
from tenants.members.safeguards import hashing
from tenants.members.safeguards.catalogue import limits
from tenants.members.safeguards.models import Safeguard
from tenants.tenancy.queries import name_here

GUARD = context.service("guard of signing")

log = structlog.get_logger(__name__)


@transaction.atomic
def note_failure(user: User, *, purpose: str, address: str, now: datetime) -> datetime | None:
    """Count one failed attempt to sign, in a transaction of its own: it must outlive the refusal.

    The last failure that is borne locks signing, and those concerned are told in the same transaction. Returns until
    when it is locked.
    """
    rule = limits(now.date())
    guard = _locked(user)
    failures = [*(moment for moment in guard.failed_at if moment > now - rule.within), now]
    log.warning("signing refused", account=str(user.pk), purpose=purpose, failures=len(failures))
    if len(failures) < rule.failures:
        Safeguard.objects.filter(pk=user.pk).update(failed_at=failures)
        return None
    until = now + rule.lock
    with context.regulated_write(actor=GUARD, reason=f"{len(failures)} attempts to sign failed in a row"):
        guard.failed_at, guard.locked_until = [], until
        guard.save(update_fields=["failed_at", "locked_until"])
        _report(user, now, {"failures": len(failures), "purpose": purpose, "address": address, "until": until})
    return until


def forget_failures(user: User) -> None:
    """The right components end the count."""
    Safeguard.objects.filter(pk=user.pk).exclude(failed_at=[]).update(failed_at=[])


def renew_recovery_codes(user: User, *, now: datetime, reason: str) -> list[str]:
    """Ten new codes, kept as keyed digests: whoever reads the answer reads them for the only time. Earlier ones end."""
    codes = hashing.new_recovery_codes()
    with context.regulated_write(actor=user.actor, reason=reason):
        guard = _locked(user)
        guard.recovery_digests = [_digest(user, code) for code in codes]
        guard.recovery_left, guard.recovery_made_at = len(codes), now
        guard.save(update_fields=["recovery_digests", "recovery_left", "recovery_made_at"])
    return codes


def spend_recovery_code(user: User, *, code: str, now: datetime) -> bool:
    """Use up a recovery code. False for one that is none, or was used."""
    digest = _digest(user, code)
    with context.regulated_write(actor=user.actor, reason="Used a recovery code"):
        guard = _locked(user)
        if digest not in guard.recovery_digests:
            return False
        guard.recovery_digests = [kept for kept in guard.recovery_digests if kept != digest]
        guard.recovery_left = len(guard.recovery_digests)
        guard.save(update_fields=["recovery_digests", "recovery_left"])
    return True


def end_recovery_codes(user: User, *, actor: context.Actor, now: datetime, reason: str) -> None:
    with context.regulated_write(actor=actor, reason=reason):
        guard = _locked(user)
        guard.recovery_digests, guard.recovery_left, guard.recovery_made_at = [], 0, None
        guard.save(update_fields=["recovery_digests", "recovery_left", "recovery_made_at"])


def _digest(user: User, code: str) -> str:
    return blind_index(hashing.bare(code), f"safeguards.recovery.{user.pk}")


def _locked(user: User) -> Safeguard:
    """The person's row, made when it is missing, held until the transaction ends."""
    rows = Safeguard.objects.select_for_update()
    found = rows.filter(pk=user.pk).first()
    if found is None:
        with context.regulated_write(actor=GUARD, reason="The person's first use of signing"):
            Safeguard.objects.get_or_create(pk=user.pk)
        found = rows.get(pk=user.pk)
    return found


def _report(user: User, now: datetime, said: dict[str, object]) -> None:
    """The person, and the security contact or whoever stands in for it."""
    _mail(user.email, user.subject_key, user, now, {**said, "oneself": True, "link": outbox.link("signing")})
    told = contacts.recipients("security")
    for one in told:
        if one.source == told[0].source and one.email.casefold() != user.email.casefold():
            values = {**said, "oneself": False, "reader": one.name, "link": outbox.link("person", user.pk)}
            _mail(one.email, one.subject_key, user, now, values)


def _mail(to: str, key: Any, user: User, now: datetime, values: dict[str, object]) -> None:
    outbox.queue_email(
        to=to,
        subject_key=key,
        template="signing-locked",
        context={"person": user, "sender_name": name_here(), "now": now, **values},
        now=now,
        about=f"members.user:{user.pk}",
    )
