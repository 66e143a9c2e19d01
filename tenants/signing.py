"""Signed tokens and digests that only hold in the schema and for the purpose they were made for.

`django.core.signing` alone is cross-tenant: a token signed in one loads in another (proved).
"""

from typing import Any

from django.core import signing
from django.utils.crypto import salted_hmac

from tenants.schemas import current_schema


def sign(payload: Any, *, purpose: str) -> str:
    return signing.dumps(payload, salt=_salt(purpose))


def unsign(token: str, *, purpose: str, max_age_seconds: int) -> Any:
    """Raises `django.core.signing.BadSignature`, also for a token of another schema."""
    return signing.loads(token, salt=_salt(purpose), max_age=max_age_seconds)


def digest(*parts: str, purpose: str) -> str:
    """Stands for what must not be read where it is kept, as a network address in the cache.

    Keyed: a plain hash of an address is found again by trying them all (GDPR Art. 4(5)).
    """
    return salted_hmac(_salt(purpose), "\x00".join(parts), algorithm="sha256").hexdigest()


def _salt(purpose: str) -> str:
    return f"complere|{current_schema()}|{purpose}"
