"""What people sign with, and what happens when somebody guesses at it. Pure: no framework."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a factor is."""

    TOTP = "totp"
    PASSKEY = "passkey"


WORDS: Final = {Kind.TOTP: "Authenticator app", Kind.PASSKEY: "Passkey"}

# RFC 6238: a code for each half minute, and one step of drift to either side.
STEP_SECONDS: Final = 30
DIGITS: Final = 6
DRIFT_STEPS: Final = 1
SECRET_BYTES: Final = 20

# Begun and not confirmed: afterwards the secret is not shown any more.
SETUP_LIFE: Final = timedelta(minutes=30)
CEREMONY_LIFE: Final = timedelta(minutes=5)
FACTORS_AT_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class PasskeyEvidence:
    """What an assertion showed. `user_verified`: the authenticator knew its owner by biometrics or PIN (§11.200(b)).

    `assertion` is JSON, the other texts are base64url: with the public key anybody can verify the assertion again.
    """

    credential_id: str
    user_verified: bool
    sign_count: int
    public_key: str
    assertion: str
