"""The keys of this schema. Tenant keys are kept in the process; a person's key never is."""

import base64
from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import connection

from audit.context import current_schema
from audit.subject_keys import hashing
from audit.subject_keys.models import SubjectKey, TenantKey

# What stands where a name was.
ERASED_NAME = "erased"


class ErasedError(Exception):
    """The person's key was destroyed: what it encrypted cannot be read again."""


def root_key() -> bytes:
    return base64.b64decode(settings.COMPLERE_ROOT_KEY)


def place_of_tenant_key(schema: str, purpose: str, version: int) -> str:
    return f"tenant-key|{schema}|{purpose}|{version}"


def place_of_subject_key(schema: str, subject: str) -> str:
    return f"subject-key|{schema}|{subject}"


def tenant_key(purpose: str) -> bytes:
    """The newest key of this purpose in the schema that the connection is in."""
    return _tenant_key(str(connection.settings_dict["NAME"]), current_schema(), purpose)


@lru_cache(maxsize=4096)
def _tenant_key(database: str, schema: str, purpose: str) -> bytes:
    row = TenantKey.objects.filter(purpose=purpose).order_by("-version").first()
    if row is None:
        raise LookupError(f"schema {schema} has no {purpose} key: it was not provisioned whole")
    return hashing.unwrap(bytes(row.wrapped), root_key(), place_of_tenant_key(schema, purpose, row.version))


def open_subject_key(subject_key: SubjectKey) -> bytes:
    """The person's key in the clear; raises `ErasedError` once it was destroyed."""
    if subject_key.wrapped is None:
        raise ErasedError("erased")
    place = place_of_subject_key(current_schema(), str(subject_key.pk))
    return hashing.unwrap(bytes(subject_key.wrapped), tenant_key(TenantKey.Purpose.WRAP), place)


def blind_index(text: str, purpose: str) -> str:
    """Keyed digest of `text` for exact look-ups within this schema and purpose."""
    return hashing.blind_index(text, tenant_key(TenantKey.Purpose.BLIND), purpose)


def seal_secret(secret: bytes, place: str) -> bytes:
    """A secret of the schema's owner, as a client secret or a private key, bound to `place` (table, column, row)."""
    return hashing.seal(secret, tenant_key(TenantKey.Purpose.WRAP), f"{current_schema()}|{place}")


def open_secret(sealed: bytes, place: str) -> bytes:
    """Raises `audit.subject_keys.hashing.CiphertextRefused` for what was altered or moved."""
    return hashing.unseal(sealed, tenant_key(TenantKey.Purpose.WRAP), f"{current_schema()}|{place}")


def word_indexes(text: str, purpose: str) -> list[str]:
    """One short keyed digest for each word, so that names can be searched word by word."""
    words = sorted(set(hashing.fold(text).split()))
    return [blind_index(word, purpose)[:24] for word in words]


def seal_name(name: str, subject_key: SubjectKey) -> str:
    """A person's name as trails keep it: ciphertext under their key; the name itself once they are erased."""
    try:
        key = open_subject_key(subject_key)
    except ErasedError:
        return ""
    return hashing.to_token(hashing.seal(name.encode(), key, _place_of_name(str(subject_key.pk))))


def open_name(token: str, subject_key: SubjectKey | None) -> str:
    """The name that a trail holds, “erased” once its person is; a name in the clear is given back as it is."""
    if not token.startswith(hashing.MARK):
        return token
    if subject_key is None:
        return ERASED_NAME
    try:
        key = open_subject_key(subject_key)
    except ErasedError:
        return ERASED_NAME
    return hashing.unseal(hashing.from_token(token), key, _place_of_name(str(subject_key.pk))).decode()


def open_names(tokens: Iterable[tuple[str, UUID | None]]) -> dict[str, str]:
    """The names behind many tokens, each with the id of its key; one query."""
    pairs = {(token, key) for token, key in tokens if token.startswith(hashing.MARK)}
    keys = SubjectKey.objects.in_bulk({key for _, key in pairs if key is not None})
    return {token: open_name(token, keys.get(key) if key else None) for token, key in pairs}


def _place_of_name(subject: str) -> str:
    return f"{current_schema()}|{subject}|actor.name"
