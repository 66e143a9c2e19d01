"""Naming e-mail domains as one's own, and proving it in the DNS, again every day."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from audit import context
from tenants.members.email_domains import queries
from tenants.members.email_domains.adapters import resolver
from tenants.members.email_domains.catalogue import (
    CHECKED_EVERY,
    MOST_DOMAINS,
    DomainRefused,
    checked,
    record_name,
    record_value,
)
from tenants.members.email_domains.models import EmailDomain
from tenants.members.outbox import actions as outbox
from tenants.members.roles import queries as roles
from tenants.schemas import is_platform
from tenants.tenancy.queries import name_here
from tenants.wakeups.actions import wake

CLOCK: Final = context.service("domain check")
AT_ONCE: Final = 10

# TXT records of a name; raises `resolver.LookUpFailed`.
LookUp = Callable[[str], list[str]]

log = structlog.get_logger(__name__)


def add(*, domain: str, actor: context.Actor, now: datetime, reason: str) -> EmailDomain:
    """Name a domain as this workspace's own; it counts once it is proved. Raises `DomainRefused`."""
    name = checked(domain, own_host="" if is_platform() else urlsplit(settings.PLATFORM_ORIGIN).hostname or "")
    with context.regulated_write(actor=actor, reason=reason):
        if queries.domains().filter(pk=name).exists():
            raise DomainRefused(f"{name} is on the list already.")
        if queries.domains().count() >= MOST_DOMAINS:
            raise DomainRefused(f"There are {MOST_DOMAINS} domains on the list. Take one off first.")
        return EmailDomain.objects.create(
            domain=name,
            token=secrets.token_urlsafe(24),
            created_at=now,
            created_by=f"{actor.name} ({actor.role})",
        )


def check(domain: EmailDomain, *, actor: context.Actor, now: datetime, look_up: LookUp = resolver.texts) -> EmailDomain:
    """Look the record up. Found: the domain is proved. Gone for certain: it is proved no more, and the admins are told.

    When the DNS does not answer, what was proved stays so until it does.
    """
    problem, lasting = _problem(domain, look_up)
    with context.regulated_write(actor=actor, reason=problem or f"Its record was found at {record_name(domain.pk)}"):
        fresh = EmailDomain.objects.select_for_update().get(pk=domain.pk)
        was_proved = fresh.verified_at is not None
        proved_at = (fresh.verified_at or now) if not problem else None if lasting else fresh.verified_at
        changed = (fresh.problem, fresh.verified_at) != (problem, proved_at)
        fresh.problem, fresh.verified_at, fresh.checked_at = problem, proved_at, now
        if changed:
            fresh.save(update_fields=["problem", "verified_at", "checked_at"])
        else:
            # Looked up, and all as it was: no act on the record.
            EmailDomain.objects.filter(pk=fresh.pk).update(checked_at=now)
        if proved_at:
            wake(now + CHECKED_EVERY)
        if was_proved and not proved_at:
            _tell_admins(fresh, now)
    return fresh


def remove(domain: EmailDomain, *, actor: context.Actor, now: datetime, reason: str) -> None:
    """The workspace calls it its own no more; accounts that came with it stay."""
    with context.regulated_write(actor=actor, reason=reason):
        for fresh in EmailDomain.objects.select_for_update().filter(pk=domain.pk):
            fresh.delete()


def check_due(now: datetime) -> int:
    """The chore: what was proved is looked up again every day. Returns how many were."""
    found = queries.due(now)[:AT_ONCE]
    for domain in found:
        check(domain, actor=CLOCK, now=now)
    return len(found)


def _problem(domain: EmailDomain, look_up: LookUp) -> tuple[str, bool]:
    """What stands against the proof, empty when nothing does; and whether that is for certain."""
    name = record_name(domain.pk)
    try:
        found = look_up(name)
    except resolver.LookUpFailed as failed:
        return failed.words, failed.lasting
    if any(secrets.compare_digest(text.strip().encode(), record_value(domain.token).encode()) for text in found):
        return "", False
    return f"{name} has another value. Copy the value shown here, without quotation marks.", True


def _tell_admins(domain: EmailDomain, now: datetime) -> None:
    log.warning("domain proved no more", domain=domain.pk)
    for admin in roles.admins():
        outbox.queue_email(
            to=admin.email,
            subject_key=admin.subject_key,
            template="domain-unproved",
            context={
                "person": admin,
                "domain": domain.pk,
                "problem": domain.problem,
                "link": outbox.link("email-domains"),
                "sender_name": name_here(),
                "now": now,
            },
            now=now,
            about=f"members.emaildomain:{domain.pk}",
        )
