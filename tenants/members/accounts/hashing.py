"""One-time links: the mail holds the token, the database only its digest. Pure: no framework."""

import hashlib
import secrets


def new_token() -> str:
    """256 bits, readable in an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a token; a copy of the database opens no link."""
    return hashlib.sha256(token.encode()).hexdigest()
