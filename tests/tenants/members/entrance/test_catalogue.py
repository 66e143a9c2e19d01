import pytest

from tenants.members.entrance.catalogue import GUESS_PAUSE, GUESSES, ONE_FACTOR, PENDING_LIVES, TWO_FACTORS, vouches

SAML = "urn:oasis:names:tc:SAML:2.0:ac:classes:"


@pytest.mark.req("ASVS-6.8.4")
@pytest.mark.parametrize(
    ("amr", "acr", "asked", "two"),
    [
        ((), "", (), False),
        (("pwd",), "", (), False),
        (("otp",), "", (), False),
        (("hwk",), "", (), False),
        (("mfa",), "", (), True),
        (("pwd", "mfa"), "", (), True),
        (("pwd", "otp"), "", (), True),
        (("pin", "hwk"), "", (), True),
        (("pwd", "pin"), "", (), False),
        (("MFA",), "", (), False),
        (("pwd", "sms"), "", (), False),
        ((), "https://refeds.org/profile/mfa", (), True),
        ((), "http://schemas.microsoft.com/claims/multipleauthn", (), True),
        ((), f"{SAML}MobileTwoFactorContract", (), True),
        ((), f"{SAML}PasswordProtectedTransport", (), False),
        # What an admin requires by name counts, but for what can never be two.
        ((), "gold", (), False),
        ((), "gold", ("gold",), True),
        ((), "silver", ("gold",), False),
        ((), f"{SAML}PasswordProtectedTransport", (f"{SAML}PasswordProtectedTransport",), False),
        ((), "0", ("0",), False),
        ((), "", ("",), False),
    ],
)
def test_when_a_provider_vouches_for_two_factors(amr, acr, asked, two):
    assert vouches(amr=amr, acr=acr, asked=asked) is two


def test_no_context_means_both_one_and_two_factors():
    assert TWO_FACTORS.isdisjoint(ONE_FACTOR)


def test_guesses_at_a_code_stay_hopeless():
    """Three codes of a million hold at a time: at five guesses a quarter of an hour a year gives half a chance."""
    a_year = 365 * 24 * 4 * GUESSES
    assert (1 - 3 / 10**6) ** a_year > 0.5
    assert (GUESS_PAUSE.total_seconds(), PENDING_LIVES.total_seconds()) == (900, 600)
