"""The digest that page, JSON and database share (SUB-09). Pure: no framework."""

import hashlib
import json
from collections.abc import Mapping, Sequence


def canonical(rows: Sequence[Mapping[str, object]]) -> str:
    """One spelling for equal content: sorted keys, no white space, UTF-8 as it is."""
    return json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(rows: Sequence[Mapping[str, object]]) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(rows).encode()).hexdigest()
