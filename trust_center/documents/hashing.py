"""The hash that stands for a PDF. Pure: no framework."""

import hashlib


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
