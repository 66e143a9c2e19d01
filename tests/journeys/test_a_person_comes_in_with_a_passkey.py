"""Passkeys at the door: enrolment, sign-in with nothing else, second step, step-up; and what they do not open."""

import re
from urllib.parse import parse_qsl

import pytest

from tests.journeys.authenticators import SecurityKey
from tests.journeys.person import PASSWORD, Person

ACME, GLOBEX = "acme.localhost", "globex.localhost"
SECRET = "seven quiet rivers at dawn"


def arrives(somebody, mark: str, role: str = "Member") -> tuple[Person, str]:
    """A person of this test's own, invited and here."""
    email = f"pia@{mark}.example"
    admin = somebody(ACME, "admin@acme.example")
    admin.goes_to("/people/invite/").writes("Name", f"Pia {mark}").writes("E-mail address", email)
    admin.ticks(re.compile(f"^{role}:")).writes("Reason", "Joined the team").presses("Send the invitation")
    admin.reads("is on its way")
    pia = somebody(ACME).opens_mail(email, "Acme Pharma invites you").follows_the_link("/invitation/")
    pia.writes("New password", SECRET).writes("The same password again", SECRET).presses("Set password")
    return pia.signs_in(email, SECRET).is_at(f"Good to see you, Pia {mark}"), email


def sets_up(person: Person, password: str) -> SecurityKey:
    key = SecurityKey(person)
    person.goes_to("/account/signing/passkeys/add/").writes("Name", "Laptop").writes("Your password", password)
    person.presses("Continue").presses("Make the passkey").is_at("Laptop is set up.")
    return key


def sent(person: Person, path: str, press: str) -> dict[str, str]:
    """What the browser sends to `path` after this button."""
    with person.page.expect_request(lambda asked: asked.method == "POST" and asked.url.endswith(path)) as found:
        person.page.get_by_role("button", name=press, exact=True).click()
    person.page.wait_for_load_state("load")
    body = found.value.post_data or ""
    return dict(parse_qsl(body))


@pytest.mark.req("ASVS-6.3.3")
@pytest.mark.req("ASVS-7.5.1")
def test_a_person_comes_in_with_a_passkey(somebody, mark):
    pia, email = arrives(somebody, mark)
    key = sets_up(pia, SECRET)
    assert [one["isResidentCredential"] for one in key.credentials()] == [True]

    # Nothing but the passkey: the browser knows whose it is.
    pia.goes_to("/account/")
    signs_out(pia)
    pia.presses("Sign in with a passkey").is_at(f"Good to see you, Pia {mark}")

    # As the second step.
    signs_out(pia)
    pia.writes("E-mail address", email).writes("Password", SECRET).presses("Sign in").is_at("One more step")
    pia.goes_to("/account/").is_at("Sign in").goes_to("/sign-in/second-step/")
    pia.presses("Use a passkey").is_at(f"Good to see you, Pia {mark}")

    # Before a dangerous act.
    pia.goes_to("/account/prove/?next=/account/signing/").is_at("Confirm that it is you")
    pia.presses("Use a passkey").is_at("Your second factors")

    # A recovery code when the device is gone.
    pia.goes_to("/account/signing/").reads("10 of your recovery codes are unused")


@pytest.mark.req("ASVS-6.3.3")
def test_an_answer_of_a_passkey_opens_nothing_twice(somebody, mark):
    pia, _ = arrives(somebody, mark)
    sets_up(pia, SECRET)
    signs_out(pia.goes_to("/account/"))
    said = sent(pia, "/sign-in/passkey/", "Sign in with a passkey")
    pia.is_at(f"Good to see you, Pia {mark}")
    signs_out(pia)
    sends(pia, said).reads("This passkey opens nothing here.")
    pia.goes_to("/account/").is_at("Sign in")


@pytest.mark.req("ASVS-6.3.3")
def test_another_workspace_offers_nothing_and_takes_nothing(somebody, mark):
    pia, _ = arrives(somebody, mark)
    key = sets_up(pia, SECRET)
    signs_out(pia.goes_to("/account/"))
    stranger = somebody(GLOBEX)
    key.is_copied_to(SecurityKey(stranger))
    stranger.goes_to("/sign-in/").presses("Sign in with a passkey").reads("The passkey was not used.")
    stranger.is_at("Sign in")
    # Nor what it answered to this workspace, sent to the other.
    answered = sent(pia, "/sign-in/passkey/", "Sign in with a passkey")
    sends(stranger, answered).reads("This passkey opens nothing here.")
    stranger.goes_to("/account/").is_at("Sign in")


def test_staff_come_in_by_password_and_code_and_are_told_of_passkeys(somebody):
    lena = somebody("localhost")
    lena.email = "support@complere.example"
    lena.goes_to("/console/").writes("E-mail address", lena.email).writes("Password", PASSWORD).presses("Sign in")
    lena.is_at("One more step").writes("One-time code", "000000").presses("Continue").reads("There is a problem")
    lena.shows_a_second_factor().is_at("Good to see you, Suki Support")
    lena.goes_to("/console/account/").reads("A passkey is safer", "App of the demonstration")


@pytest.mark.parametrize("javascript", [False], ids=["without JavaScript"])
def test_the_door_opens_without_javascript(somebody):
    somebody(ACME, "privacy@acme.example").is_at(re.compile("Good to see you"))
    somebody(ACME).goes_to("/sign-in/").misses("Follow what your browser asks")


def sends(person: Person, said: dict[str, str]) -> Person:
    """The same answer of a passkey, from this person's sign-in page."""
    with person.page.expect_navigation():
        person.page.evaluate(
            """(answer) => {
                const form = document.querySelector("form[action$='/sign-in/passkey/']");
                form.querySelector("[data-passkey-answer]").value = answer;
                form.submit();
            }""",
            said["key-passkey"],
        )
    return person


def signs_out(person: Person) -> None:
    person.page.locator("details.menu summary").click()
    person.presses("Sign out").is_at("Sign in")
