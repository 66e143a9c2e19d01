"""What is asked of a provider and believed of it. Pure: no framework."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

# Clocks of two companies differ.
LEEWAY: Final = timedelta(seconds=60)
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPE: Final = "logout+jwt"
# A logout that comes later is a replay, or of no use (ASVS 10.5.5).
LOGOUT_AGE: Final = timedelta(minutes=2)
LONGEST_TOKEN: Final = 64 * 1024
# What one server may send: a provider ends the sessions of many people at once, but not of thousands.
LOGOUTS_A_MINUTE: Final = 120
MINUTE: Final = timedelta(minutes=1)
# OpenID Connect Core 2: a subject has at most 255 characters, ASCII.
LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an ID token must say besides issuer and audience. `not_before`: of its authentication; None: any time."""

    nonce: str
    acr_values: tuple[str, ...] = ()
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A token whose signature, issuer, audience and times hold. `key` is the JWK that it was verified with."""

    token: str
    algorithm: str
    claims: dict[str, Any]
    key: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """Whose sessions end: those of the subject, or the one that the provider names, or both when both are said."""

    subject: str
    session: str
    jti: str
