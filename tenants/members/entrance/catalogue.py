"""How somebody comes in, step by step, and when an identity provider vouches for the second. Pure: no framework."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Final

# Key of the session's data: the first step is done, the second is due. Nothing else opens meanwhile.
PENDING: Final = "entrance"
PENDING_LIVES: Final = timedelta(minutes=10)
CHALLENGE_LIVES: Final = timedelta(minutes=5)
# In ten minutes, by one person, one known browser, or one network address.
PASSKEYS_PER_SOURCE: Final = 50

# Guesses at the second step of one account, from all browsers it does not know together and from each that it knows.
GUESSES: Final = 5
GUESS_PAUSE: Final = timedelta(minutes=15)


class Purpose(StrEnum):
    """What a passkey is asked for."""

    SIGN_IN = "sign-in"
    SECOND = "second"
    PROVE = "prove"


class Second(StrEnum):
    """What was shown as the second factor; kept at the session's door."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"
    PROVIDER = "provider"


WORDS: Final = {
    Second.TOTP: "Authenticator app",
    Second.PASSKEY: "Passkey",
    Second.RECOVERY: "Recovery code",
    Second.PROVIDER: "Identity provider",
}

# RFC 8176. One of the second line beside one of the first is two factors, too.
SAYS_SEVERAL: Final = frozenset({"mfa", "http://schemas.microsoft.com/claims/multipleauthn"})
KNOWS: Final = frozenset({"pwd", "pin", "kba"})
HAS_OR_IS: Final = frozenset({"otp", "hwk", "swk", "sc", "pop", "fpt", "face", "iris", "retina", "vbm", "fido"})
# Contexts that mean two factors wherever they are used.
TWO_FACTORS: Final = frozenset(
    {
        "https://refeds.org/profile/mfa",
        "http://schemas.microsoft.com/claims/multipleauthn",
        "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
        "phr",
        "phrh",
        "urn:okta:loa:2fa:any",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
    }
)
# What never means two, even where an admin asks for it by name.
ONE_FACTOR: Final = frozenset(
    {
        "0",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession",
        "1",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocol",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocolPassword",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:SecureRemotePassword",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:X509",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos",
        "urn:federation:authentication:windows",
    }
)


def vouches(*, amr: Collection[str], acr: str, asked: Collection[str] = ()) -> bool:
    """Whether a provider says that two factors were shown. `asked`: the contexts that its admin requires of it."""
    said = frozenset(amr)
    if said & SAYS_SEVERAL or (said & KNOWS and said & HAS_OR_IS):
        return True
    return acr in TWO_FACTORS or (bool(acr) and acr in asked and acr not in ONE_FACTOR)
