"""Tokens with which machines come in: made, recognised, taken back, and told of before they end."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from audit import context
from audit.transitions import MoveRefused
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.queries import with_permission
from tenants.members.api_tokens import catalogue, hashing, queries
from tenants.members.api_tokens.models import AccessToken
from tenants.members.api_tokens.states import Purpose
from tenants.members.machines import Machine, MachineRefused
from tenants.members.outbox import actions as outbox
from tenants.members.roles import actions as roles
from tenants.members.roles.catalogue import PERMISSIONS
from tenants.members.roles.queries import admins, permissions_held_by
from tenants.tenancy.queries import name_here, zone_here
from tenants.wakeups.actions import wake

log = structlog.get_logger(__name__)
UNKNOWN = "This token is unknown, expired or revoked."


class TokenRefused(ValueError):
    """A token like this is not made; `field` is what it is about."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def create(
    *,
    purpose: str,
    name: str,
    scopes: Collection[str],
    networks: Collection[str],
    days: int,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> tuple[AccessToken, str]:
    """The token, and its text: it can be read here and never again. `days`: 1 to 365.

    Raises `TokenRefused`, also for a directory's token made by who may not do themselves what it does (P11-10g).
    """
    _check(purpose, scopes, days, now)
    _check_maker(purpose, actor)
    token = AccessToken(
        id=uuid.uuid4(),
        purpose=purpose,
        name=name.strip(),
        scopes=sorted(set(scopes)),
        networks=[*dict.fromkeys(networks)],
        created_at=now,
        created_by=f"{actor.name} ({actor.role})",
        expires_at=now + timedelta(days=days),
    )
    secret = hashing.new_secret()
    token.digest = queries.digest_of(token.pk, secret)
    with context.regulated_write(actor=actor, reason=reason):
        token.save(force_insert=True)
        wake(catalogue.warn_at(created_at=now, expires_at=token.expires_at) or token.expires_at)
    return token, hashing.written(token.pk, secret)


def revoke(token: AccessToken, *, actor: context.Actor, now: datetime, reason: str) -> AccessToken:
    """Take it back; it opens nothing from the next request on. Raises `MoveRefused` when it is revoked already."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = AccessToken.objects.select_for_update().get(pk=token.pk)
        if fresh.revoked_at is not None:
            raise MoveRefused("This token is revoked already.")
        fresh.revoked_at, fresh.revoked_by = now, f"{actor.name} ({actor.role})"
        fresh.save(update_fields=["revoked_at", "revoked_by"])
    return fresh


def admit(*, text: str | None, scopes: frozenset[str], address: str, now: datetime) -> Machine:
    """Who comes with this token; None: no token came. Raises `MachineRefused`.

    An address is slowed down for refusals only: a good token opens however many bad ones came from beside it.
    """
    token = queries.by_text(text) if text else None
    if token is None or not _holds(token, now):
        _count_refusal(address)
        code, words = ("invalid_token", UNKNOWN) if text else ("", "Send a token: Authorization: Bearer …")
        raise MachineRefused(401, code, words)
    if not catalogue.is_within(address, token.networks):
        _count_refusal(address)
        raise MachineRefused(403, "invalid_token", "This token is not good from this address.")
    if not scopes & set(token.scopes):
        raise MachineRefused(
            403,
            "insufficient_scope",
            "This token lacks the scope that is asked here.",
            scope=" ".join(sorted(scopes)),
        )
    if attempts.count("machine", str(token.pk), window=catalogue.MINUTE) > catalogue.REQUESTS_A_MINUTE:
        raise MachineRefused(429, "", "This token asks too often.", seconds=int(catalogue.MINUTE.total_seconds()))
    _note_use(token, now)
    return machine_of(token)


def machine_of(token: AccessToken) -> Machine:
    return Machine(token.pk, token.name, frozenset(token.scopes), context.service(f"{catalogue.ACTS_AS}{token.name}"))


def tell_of_ends(now: datetime) -> int:
    """The chore: who manages access is mailed 14 days before a token ends, and when it has ended."""
    told = 0
    with transaction.atomic():
        for token in queries.to_warn(now).select_for_update(skip_locked=True):
            AccessToken.objects.filter(pk=token.pk).update(warned_at=now)
            if catalogue.warn_at(created_at=token.created_at, expires_at=token.expires_at) is not None:
                _tell(token, "token-expiring", now)
            told += 1
        for token in queries.to_end(now).select_for_update(skip_locked=True):
            AccessToken.objects.filter(pk=token.pk).update(ended_at=now)
            _tell(token, "token-expired", now)
            told += 1
    return told


def _check(purpose: str, scopes: Collection[str], days: int, now: datetime) -> None:
    if not scopes or not set(scopes) <= set(catalogue.of_purpose(purpose)):
        raise TokenRefused("scopes", "Choose from the scopes of this purpose.")
    if not 1 <= days <= catalogue.LONGEST_DAYS:
        raise TokenRefused("days", f"Enter a number of days from 1 to {catalogue.LONGEST_DAYS}.")
    if queries.holding(now) >= catalogue.MOST_TOKENS:
        raise TokenRefused("name", f"There are {catalogue.MOST_TOKENS} tokens already. Revoke one that is not used.")


def _check_maker(purpose: str, actor: context.Actor) -> None:
    held = permissions_held_by(actor.id)
    if lacking := [PERMISSIONS[key] for key in catalogue.NEEDED_TO_MAKE.get(purpose, ()) if key not in held]:
        raise TokenRefused("purpose", f"You may not {'; '.join(lacking)}. So you cannot make a token that may.")
    if purpose != Purpose.SCIM:
        return
    try:
        roles.check_may_give(queries.given_roles(), actor=actor)
    except roles.RoleRefused as refused:
        words = f"A group of the directory gives a role that you cannot give. {refused}"
        raise TokenRefused("purpose", words) from refused


def _holds(token: AccessToken, now: datetime) -> bool:
    return token.revoked_at is None and token.expires_at > now


def _count_refusal(address: str) -> None:
    tried = attempts.count("machine refused", address, window=catalogue.REFUSALS_WINDOW)
    if tried > catalogue.REFUSALS_PER_ADDRESS:
        seconds = int(catalogue.REFUSALS_WINDOW.total_seconds())
        raise MachineRefused(429, "", "Too many requests without a good token came from this address.", seconds=seconds)


def _note_use(token: AccessToken, now: datetime) -> None:
    """To the minute: more would cost a write at every request."""
    minute = now.replace(second=0, microsecond=0)
    if token.last_used_at is None or token.last_used_at < minute:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=minute)


def _tell(token: AccessToken, template: str, now: datetime) -> None:
    for person in with_permission("members.manage_access") or admins():
        outbox.queue_email(
            to=person.email,
            subject_key=person.subject_key,
            template=template,
            context={
                "person": person,
                "token": token,
                "sender_name": name_here(),
                "zone": zone_here(),
                "link": outbox.link("access-tokens"),
                "now": now,
            },
            now=now,
            about=f"members.accesstoken:{token.pk}",
        )
