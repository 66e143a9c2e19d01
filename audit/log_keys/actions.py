"""Making and replacing the keys that sign logs."""

import uuid
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from audit import context
from audit.log_keys import hashing, queries
from audit.log_keys.models import LogKey
from audit.merkle import notes
from audit.subject_keys.hashing import wrap


class RotationRefused(ValueError):
    """There is no key that a successor could follow."""


def create(*, actor: context.Actor, now: datetime, reason: str, purpose: str = queries.BOOK) -> LogKey:
    """The first key of a log, which gets its name; the key that signs already where there is one."""
    with context.regulated_write(actor=actor, reason=reason):
        known = queries.signing_key(purpose)
        return known or _make(purpose, version=1, epoch=1, name=_first_name(purpose), now=now)


def rotate(
    *,
    actor: context.Actor,
    now: datetime,
    reason: str,
    purpose: str = queries.BOOK,
    epoch: int | None = None,
    lost: bool = False,
) -> LogKey:
    """A new key takes over; the old one announces it and is dropped.

    `epoch`: the log itself begins anew under a name of its own. `lost`: the old key cannot announce anything any more.
    Raises RotationRefused, SigningRefused.
    """
    with context.regulated_write(actor=actor, reason=reason):
        old = LogKey.objects.select_for_update().filter(purpose=purpose, retired_at=None).first()
        if old is None:
            raise RotationRefused("This log has no key that a successor could follow.")
        announcer = None if lost else queries.signer(old)
        _retire(old, now)
        became = epoch or old.epoch
        name = old.name if became == old.epoch else f"{_base_name(old)}/{became}"
        return _make(purpose, version=old.version + 1, epoch=became, name=name, now=now, announcer=announcer)


def retire(*, actor: context.Actor, now: datetime, reason: str, purpose: str = queries.BOOK) -> LogKey | None:
    """Nothing is signed any more under this log's name: a tenant has left. None when no key signs."""
    with context.regulated_write(actor=actor, reason=reason):
        key = LogKey.objects.select_for_update().filter(purpose=purpose, retired_at=None).first()
        if key is not None:
            _retire(key, now)
        return key


def _make(
    purpose: str, *, version: int, epoch: int, name: str, now: datetime, announcer: notes.SignerKey | None = None
) -> LogKey:
    key = LogKey(id=uuid.uuid4(), purpose=purpose, version=version, epoch=epoch, name=name, created_at=now)
    signer = notes.SignerKey.new(name)
    key.vkey = signer.vkey
    key.wrapped = wrap(signer.seed, queries.kek(), queries.place_of(key.id))
    if announcer is not None:
        key.announcement = notes.sign(hashing.announcement(announcer.vkey, key.vkey, now), announcer)
    key.save(force_insert=True)
    return key


def _retire(key: LogKey, now: datetime) -> None:
    # What no longer exists cannot be stolen.
    key.retired_at, key.wrapped = now, None
    key.save(update_fields=["retired_at", "wrapped"])


def _first_name(purpose: str) -> str:
    host = urlsplit(settings.PLATFORM_ORIGIN).netloc
    return f"{host}/transparency" if purpose == queries.HEADS else f"{host}/log/{queries.book_origin()}"


def _base_name(key: LogKey) -> str:
    return key.name if key.epoch == 1 else key.name.removesuffix(f"/{key.epoch}")
