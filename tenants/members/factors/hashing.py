"""One-time codes (RFC 4226, RFC 6238). Pure: no framework."""

import base64
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from django_otp.oath import hotp

from tenants.members.factors.catalogue import DIGITS, DRIFT_STEPS, SECRET_BYTES, STEP_SECONDS

SEPARATORS: Final = re.compile(r"[\s\-]+")


def new_secret() -> bytes:
    """160 bits, as RFC 4226 (R6) recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def in_base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode().rstrip("=")


def in_groups(text: str) -> str:
    """Four by four, to be typed by hand."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(secret: bytes, *, issuer: str, account: str) -> str:
    """What an authenticator app reads from the picture."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    values = {
        "secret": in_base32(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    return f"otpauth://totp/{label}?{urlencode(values, quote_via=quote)}"


def step_at(moment: datetime) -> int:
    """The number of half minutes since 1970; `moment` is aware."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    return str(hotp(secret, step, digits=DIGITS)).zfill(DIGITS)


def next_code_at(moment: datetime) -> datetime:
    """When the code that holds at `moment` is followed by the next."""
    return moment + timedelta(seconds=STEP_SECONDS - moment.timestamp() % STEP_SECONDS)


def matching_step(secret: bytes, code: str, moment: datetime, *, after: int | None) -> int | None:
    """The step whose code this is, one to either side of `moment` at most; None when it is no code of these.

    Steps up to `after` were used before. Takes the same time whatever the outcome.
    """
    given, here, found = SEPARATORS.sub("", code).encode(), step_at(moment), None
    for step in range(here - DRIFT_STEPS, here + DRIFT_STEPS + 1):
        same = hmac.compare_digest(code_at(secret, max(step, 0)).encode(), given)
        if same and (after is None or step > after):
            found = step
    return found
