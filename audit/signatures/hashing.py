"""The bytes that are signed. Pure: no framework."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import rfc8785


def intent(values: Mapping[str, Any]) -> str:
    """Canonical JSON (RFC 8785), so that a third party can make the same bytes again."""
    return rfc8785.dumps(dict(values)).decode()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def differences(text: str, values: Mapping[str, Any]) -> list[str]:
    """Names of the values that the intent does not hold like this."""
    said = json.loads(text)
    return sorted(name for name, value in values.items() if said.get(name) != value)
