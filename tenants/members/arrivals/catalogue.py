"""What goes to an identity provider and what comes back, whatever the protocol. Pure: no framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

# Between leaving for the provider and coming back.
ATTEMPT_LIVES: Final = timedelta(minutes=10)


# Keys of the session: what somebody left for the provider to sign, and what it answered.
LEFT: Final = "signing elsewhere"
ANSWERED: Final = "signing answered"

# Refusals of somebody whom the provider did sign in: they may not come in here. All others are of the answer itself.
POLICY: Final = frozenset(
    {
        "inactive", "off", "plan", "no-account", "no-email", "email-unverified", "foreign-domain", "address-taken",
        "no-role", "other-person", "other-subject", "not-allowed",
    }
)  # fmt: skip


class Purpose(StrEnum):
    """Why somebody was sent to the provider."""

    SIGN_IN = "sign_in"
    LINK = "link"
    TEST = "test"
    SIGN = "sign"
    PROVE = "prove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is remembered while somebody is at the provider. `user`: who is signed in here, where somebody must be.

    `intent`: with `SIGN`, the canonical JSON of what is signed; its SHA-256 travels as OpenID Connect nonce or SAML
    request id. `fresh`: only an authentication after `begun_at` counts.
    """

    purpose: Purpose
    provider: str
    begun_at: datetime
    next: str = ""
    user: str = ""
    intent: str = ""
    fresh: bool = False

    @property
    def asks_anew(self) -> bool:
        """Whether the provider is asked to authenticate the person anew; a test learns so whether it obeys."""
        return self.fresh or self.purpose in (Purpose.SIGN, Purpose.PROVE, Purpose.TEST, Purpose.LINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a provider says of somebody, with every signature, audience and time already verified.

    `subject` is stable and unique at `issuer`. `authenticated_at` is aware; None: it did not say. `evidence` is what an
    inspector verifies again: ID token or assertion, and the key it was verified with.
    """

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    email_verified: bool = False
    authenticated_at: datetime | None = None
    acr: str = ""
    amr: tuple[str, ...] = ()
    session: str = ""
    id_token: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)


class ProviderRefused(Exception):
    """What came back does not hold. `code` names the check, `words` explain it to an admin; strangers hear neither."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words
