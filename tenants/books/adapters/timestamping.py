"""A time-stamping authority (RFC 3161). The openssl command makes the question and verifies the answer."""

import hashlib
import re
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

TIMEOUT = 20
MOST_BYTES = 64 * 1024
SAID_AT = re.compile(r"^Time stamp: (.+ GMT)$", re.MULTILINE)


class StampRefused(Exception):
    """No time stamp could be had, or the one that came does not verify."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The authority's answer, word for word (DER), and the moment that it attests."""

    token: bytes
    at: datetime


def stamp(data: bytes) -> Stamp:
    """A verified time stamp over the SHA-256 of `data`. Raises StampRefused."""
    if not settings.TSA_CERTIFICATES:
        raise StampRefused("TSA_CERTIFICATES is not set: a time stamp that nobody can verify proves nothing")
    digest = hashlib.sha256(data).hexdigest()
    question = _openssl("ts", "-query", "-digest", digest, "-sha256", "-cert")
    token = _ask(question)
    verify(token, data)
    return Stamp(token, _moment(token))


def verify(token: bytes, data: bytes) -> None:
    """That the authority vouches for `data`. Raises StampRefused."""
    digest = hashlib.sha256(data).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.tsr"
        path.write_bytes(token)
        _openssl("ts", "-verify", "-digest", digest, "-in", str(path), "-CAfile", settings.TSA_CERTIFICATES)


def _ask(question: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    if not settings.TSA_URL.startswith(("https://", "http://")):
        raise StampRefused("TSA_URL is not the address of a time-stamping authority")
    request = urllib.request.Request(settings.TSA_URL, question, headers)  # noqa: S310  checked above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            token: bytes = answer.read(MOST_BYTES + 1)
    except (urllib.error.URLError, OSError) as failure:
        raise StampRefused(f"the time-stamping authority does not answer: {failure}") from failure
    if len(token) > MOST_BYTES:
        raise StampRefused("the answer of the time-stamping authority is too long")
    return token


def _moment(token: bytes) -> datetime:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.tsr"
        path.write_bytes(token)
        said = SAID_AT.search(_openssl("ts", "-reply", "-in", str(path), "-text").decode())
    if said is None:
        raise StampRefused("the time stamp names no moment")
    form = "%b %d %H:%M:%S.%f %Y GMT" if "." in said[1] else "%b %d %H:%M:%S %Y GMT"
    return datetime.strptime(said[1], form).replace(tzinfo=UTC)


def _openssl(*words: str) -> bytes:
    try:
        done = subprocess.run(["openssl", *words], capture_output=True, check=False, timeout=TIMEOUT)  # noqa: S607
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise StampRefused(f"openssl cannot be run: {failure}") from failure
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()
        raise StampRefused(f"openssl {' '.join(words[:2])} refuses: {last[-1] if last else 'no reason given'}")
    return done.stdout
