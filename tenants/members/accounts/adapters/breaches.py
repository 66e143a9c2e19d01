"""Passwords that leaked somewhere: looked up in a file on this machine, or asked of a range API (ASVS 6.2.12).

`BREACH_CHECK` says where. `bundled` asks nobody: the lists of `tenants.members.passwords` are all there is. With the
range API five characters of the digest leave this machine, never the password. What cannot be asked refuses nobody.
"""

import hashlib
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError

from tenants import outbound

BUNDLED, RANGE_API, LOCAL_FILE = "bundled", "range-api", "local-file"
LEAKED = "This password is in a list of leaked passwords. Choose one that you use nowhere else."
PREFIX = 5
# Somebody waits with a password typed.
SECONDS = 1.0
OK = 200

log = structlog.get_logger(__name__)


class NotBreached:
    def validate(self, password: str, user: Any = None) -> None:
        if leaked(password):
            raise ValidationError(LEAKED, code="password_leaked")

    def get_help_text(self) -> str:
        return "Not one that leaked."


def leaked(password: str) -> bool:
    """Whether the source that is set knows this password. False where it cannot be read: it is no reason to refuse."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        if settings.BREACH_CHECK == LOCAL_FILE:
            with Path(settings.BREACH_FILE).open("rb") as file:
                return in_file(file, digest.encode())
        return settings.BREACH_CHECK == RANGE_API and in_range(_asked(digest[:PREFIX]), digest[PREFIX:])
    except (OSError, outbound.OutboundRefused) as failed:
        log.warning("leaked passwords could not be looked up", source=settings.BREACH_CHECK, why=type(failed).__name__)
        return False


def in_file(file: BinaryIO, digest: bytes) -> bool:
    """Whether a line begins with `digest`; the lines are sorted by it, as Pwned Passwords orders them.

    Halves the bytes, not the lines: a file of 40 GB takes about 36 reads.
    """
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        line = _line_at(file, middle)[: len(digest)].upper()
        if line and line < digest:
            low = middle + 1
        else:
            high = middle
    return _line_at(file, low)[: len(digest)].upper() == digest


def _line_at(file: BinaryIO, place: int) -> bytes:
    """The first whole line that begins after `place`; at 0, the first of all. Empty at the end."""
    file.seek(place)
    if place:
        file.readline()
    return file.readline()


def in_range(answer: str, rest: str) -> bool:
    """Whether the answer of the range API names the rest of a digest, with a count above zero (padding has none)."""
    named = (line.strip().partition(":") for line in answer.splitlines())
    return any(name == rest and count.strip("0") != "" for name, _, count in named)


def _asked(prefix: str) -> str:
    """Every digest that begins so, a line each; padded, so that the size of the answer tells nothing."""
    client = outbound.Client(seconds=SECONDS)
    answer = client.get(settings.BREACH_API + prefix, headers={"Accept": "text/plain", "Add-Padding": "true"})
    if answer.status != OK:
        raise OSError(f"the range API answered {answer.status}")
    return answer.body.decode("ascii", errors="replace")
