"""The keys that sign the log of the schema that the connection is in, and who may use them."""

import base64
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from audit.context import current_schema
from audit.log_keys.models import LogKey
from audit.merkle.notes import SignerKey
from audit.subject_keys import hashing

BOOK = LogKey.Purpose.BOOK
HEADS = LogKey.Purpose.HEADS


class SigningRefused(Exception):
    """This process cannot sign: it has no key, or the wrong one."""


def keys_of(purpose: str = BOOK) -> "QuerySet[LogKey]":
    """Every key that ever signed, oldest first."""
    return LogKey.objects.filter(purpose=purpose).order_by("version")


def signing_key(purpose: str = BOOK) -> LogKey | None:
    """The one that signs now."""
    return keys_of(purpose).filter(retired_at=None).first()


def vkeys(purpose: str = BOOK) -> list[str]:
    """Public keys, oldest first: whoever verifies takes them from here or, better, from elsewhere."""
    return list(keys_of(purpose).values_list("vkey", flat=True))


def signer(key: LogKey) -> SignerKey:
    """The private half. Raises SigningRefused."""
    if key.wrapped is None:
        raise SigningRefused(f"key {key.version} of {key.name} is retired and signs nothing")
    try:
        seed = hashing.unwrap(bytes(key.wrapped), kek(), place_of(key.id))
    except hashing.CiphertextRefused as refused:
        raise SigningRefused(f"COMPLERE_LOG_KEY does not open the key of {key.name}") from refused
    return SignerKey.from_seed(key.name, seed)


def kek() -> bytes:
    """What wraps the signing keys: another key than the one that wraps keys of people. Raises SigningRefused."""
    if not settings.COMPLERE_LOG_KEY:
        raise SigningRefused("this process was not given COMPLERE_LOG_KEY and signs nothing")
    return base64.b64decode(settings.COMPLERE_LOG_KEY)


def place_of(key_id: UUID) -> str:
    return f"log-key|{current_schema()}|{key_id}"


def book_origin() -> UUID:
    """The name that the database gave the book of this schema, for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT origin FROM ledger_standing()")
        (origin,) = cursor.fetchone()
    return UUID(str(origin))
