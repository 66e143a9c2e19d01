"""Begun once, finished once: whatever two requests do at the same time, one of them wins."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tenants import signing
from tenants.members.ceremonies.models import Ceremony
from tenants.wakeups.actions import wake


class Spent(Exception):
    """This was used before."""


def begin(kind: str, *, secret: str, content: Mapping[str, Any], life: timedelta, now: datetime) -> None:
    """Keep what a later request needs to finish, under a digest of `secret`. Raises `Spent` when that is known."""
    row = Ceremony(key=_key(kind, secret), kind=kind, content=dict(content), created_at=now, expires_at=now + life)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            wake(row.expires_at)
    except IntegrityError as known:
        raise Spent(kind) from known


def finish(kind: str, *, secret: str, now: datetime) -> dict[str, Any] | None:
    """What was kept, taken out so that nobody takes it twice; None for what is unknown, over, or taken."""
    with transaction.atomic():
        row = Ceremony.objects.select_for_update().filter(key=_key(kind, secret)).first()
        if row is None:
            return None
        row.delete()
    return row.content if row.expires_at > now else None


def spend(kind: str, *, secret: str, until: datetime, now: datetime) -> None:
    """Mark `secret` as used until then. Raises `Spent` when it was used before."""
    begin(kind, secret=secret, content={}, life=until - now, now=now)


def forget_ended(now: datetime) -> int:
    """The chore: what is over goes."""
    gone, _ = Ceremony.objects.filter(expires_at__lte=now).delete()
    return gone


def _key(kind: str, secret: str) -> str:
    return signing.digest(kind, secret, purpose="ceremony")
