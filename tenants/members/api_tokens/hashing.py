"""The form of a token: `ct_`, the id of its row, and a secret of 256 bits (ASVS 11.5.1). Pure: no framework."""

import re
import secrets
from typing import Final
from uuid import UUID

FORM: Final = re.compile(r"\Act_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")
SECRET_BYTES: Final = 32


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def written(token_id: UUID, secret: str) -> str:
    return f"ct_{token_id.hex}_{secret}"


def read(text: str) -> tuple[UUID, str] | None:
    """The id and the secret in a token, or None for what is no token of ours."""
    found = FORM.fullmatch(text)
    return (UUID(found[1]), found[2]) if found else None


def same(one: str, other: str) -> bool:
    """In constant time."""
    return secrets.compare_digest(one.encode(), other.encode())
