"""Ready to sign: app, passkey, policy and verified identity; then all is lost, and two people reset it."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.authenticators import App, SecurityKey
from tests.journeys.person import Person

HOST, ADMIN = "acme.localhost", "admin@acme.example"
NEW_PASSWORD = "seven quiet rivers at dawn"
SIGNING = "/account/signing/"


def invites(admin: Person, name: str, email: str, role: str) -> None:
    admin.goes_to("/people/invite/").writes("Name", name).writes("E-mail address", email)
    admin.ticks(re.compile(f"^{role}:")).writes("Reason", "Joined the team").presses("Send the invitation")
    admin.reads("is on its way")


def arrives(person: Person, email: str) -> Person:
    person.opens_mail(email, "Acme Pharma invites you").follows_the_link("/invitation/")
    person.writes("New password", NEW_PASSWORD).writes("The same password again", NEW_PASSWORD)
    return person.presses("Set password").signs_in(email, NEW_PASSWORD)


def sets_up_an_app(person: Person, name: str) -> App:
    person.goes_to(SIGNING).follows("Set up an authenticator app").writes("Name", name)
    person.writes("Your password", NEW_PASSWORD).presses("Continue").is_at("Read this with your app")
    expect(person.page.get_by_role("img", name=re.compile("^QR code"))).to_be_visible()
    app = App(person.page.locator(".copyable code").inner_text())
    person.writes("One-time code", "000000").presses("Confirm").reads("There is a problem", "This code does not hold")
    person.writes("One-time code", app.early_code()).presses("Confirm")
    return app


@pytest.mark.req("P11-200a1")
@pytest.mark.req("P11-200b")
def test_a_person_gets_ready_to_sign(somebody, mark):
    email, second = f"nia@{mark}.example", f"deputy@{mark}.example"
    admin = somebody(HOST, ADMIN)
    invites(admin, f"Nia {mark}", email, "Privacy officer")
    nia = arrives(somebody(HOST), email)

    nia.goes_to("/account/").reads("You cannot sign records yet.", "Not verified", "Nothing set up", "not accepted")
    app = sets_up_an_app(nia, "Work phone")
    nia.is_at("Work phone is set up.")
    codes = nia.page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    nia.follows("I have kept them").reads("10 of your recovery codes are unused")

    SecurityKey(nia)
    nia.follows("Set up a passkey").writes("Name", "Laptop").writes("Your password", NEW_PASSWORD)
    nia.writes("One-time code", app.code()).presses("Continue").is_at("Make the passkey “Laptop”")
    nia.presses("Make the passkey").is_at("Your second factors").reads("Laptop is set up. It counts from now on.")
    nia.follows("Test Laptop").presses("Use the passkey").reads("Laptop works, and counts for another 12 months.")

    nia.goes_to("/account/signing/policy/").reads("legal equivalent of your handwritten signature")
    nia.writes("Your password", "wrong password").presses("I have read it and accept it").reads("There is a problem")
    nia.writes("Your password", NEW_PASSWORD).presses("I have read it and accept it").reads("You have accepted version")

    admin.goes_to("/people/").follows(f"Nia {mark}").follows("Verify the identity")
    admin.ticks("Official identity document, seen in person").writes("Reason", "Showed her passport")
    admin.presses("Identity verified").reads("is verified.", "Official identity document, seen in person")
    nia.goes_to("/account/").reads("You can sign records electronically.")

    invites(admin, f"Deputy {mark}", second, "Tenant admin")
    deputy = arrives(somebody(HOST), second)
    admin.goes_to("/people/").follows(f"Nia {mark}").follows("Reset what they sign with")
    admin.writes("Reason", "Lost her bag").presses("Ask for the reset").reads("You cannot decide on this")
    nia.goes_to(SIGNING).reads("Work phone", "Laptop")
    deputy.opens_mail(second, f"A reset for Nia {mark} waits").follows_the_link("/people/factor-resets/")
    deputy.writes("Reason", "Spoke to her by video").presses("Approve the reset").reads("The reset is approved.")
    nia.goes_to(SIGNING).is_at("Sign in").signs_in(email, NEW_PASSWORD)
    nia.goes_to(SIGNING).reads("Nothing is set up yet")
    sets_up_an_app(nia, "New phone")
    nia.is_at("New phone is set up.")


@pytest.mark.req("P11-200b")
def test_a_passkey_that_does_not_know_its_owner_is_not_made(somebody, mark):
    email = f"kim@{mark}.example"
    invites(somebody(HOST, ADMIN), f"Kim {mark}", email, "Privacy officer")
    kim = arrives(somebody(HOST), email)
    SecurityKey(kim, knows_owner=False)
    kim.goes_to(SIGNING).follows("Set up a passkey").writes("Name", "Careless").writes("Your password", NEW_PASSWORD)
    kim.presses("Continue").presses("Make the passkey").reads("The passkey was not used.")
    kim.goes_to(SIGNING).misses("Careless")


@pytest.mark.parametrize("javascript", [False], ids=["without JavaScript"])
def test_an_app_is_set_up_without_javascript_and_passkeys_say_what_they_need(somebody, mark):
    email = f"lou@{mark}.example"
    invites(somebody(HOST, ADMIN), f"Lou {mark}", email, "Security officer")
    lou = arrives(somebody(HOST), email)
    sets_up_an_app(lou, "Phone")
    lou.is_at("Phone is set up.").goes_to(f"{SIGNING}passkeys/add/").reads("A passkey needs JavaScript.")


def test_the_demonstration_shows_the_codes_of_its_people(somebody):
    somebody(HOST).goes_to("/demo/codes/").reads("admin@acme.example", "privacy@acme.example").misses("Paula Admin")
    somebody("localhost").goes_to("/demo/codes/").reads("platform@complere.example").misses("admin@acme.example")
