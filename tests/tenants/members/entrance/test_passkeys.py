"""Sign-in with nothing but a passkey, and what is refused: replayed, borrowed, forged, of another workspace."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import schemas
from tenants.members.ceremonies.models import Ceremony
from tenants.members.entrance import catalogue
from tenants.members.factors import actions
from tenants.members.factors.models import Factor
from tenants.members.roles import actions as roles
from tenants.members.sessions.models import Session
from tests import cast
from tests.tenants.members.entrance.steps import SECOND, begin, challenge, come_in, rules, with_handle, with_passkey

pytestmark = pytest.mark.django_db
DOOR = "/sign-in/passkey/"
NASTY = [
    "",
    "{}",
    "[]",
    "null",
    '"x"',
    "{" * 5000,
    "a\x00b",
    '{"id": 1, "response": 2}',
    json.dumps({"id": "x" * 9999}),
]


@pytest.fixture
def browser(acme, stranger):
    return stranger("acme.localhost")


@pytest.fixture
def device(acme):
    return with_passkey("cay")


def answer_of(device, asked, key="cay", tenant="acme") -> str:
    with schemas.inside(cast.tenant(tenant)):
        return with_handle(device.get(asked), cast.person(key).pk)


def refused(sent) -> bool:
    return sent.status_code == 422 and "This passkey opens nothing here." in sent.content.decode()


@pytest.mark.req("ASVS-6.3.3")
def test_a_passkey_alone_opens_the_session_and_counts_as_both_steps(acme, browser, device):
    asked = challenge(browser)
    assert (asked["rpId"], asked["allowCredentials"], asked["userVerification"]) == ("acme.localhost", [], "required")
    sent = browser.post(DOOR, {"key-passkey": answer_of(device, asked), "key-next": "/account/"})
    assert sent.headers["Location"] == "/account/"
    assert browser.get("/account/").status_code == 200
    with schemas.inside(acme):
        row = Session.objects.get(user_id=cast.person("cay").pk)
        assert row.method == "passkey"
        assert browser.session["door"]["second"] == "passkey"


@pytest.mark.req("ASVS-6.3.3")
def test_where_a_second_factor_is_required_a_passkey_is_enough(acme, browser, device):
    rules("cay", second_factor="required")
    browser.post(DOOR, {"key-passkey": answer_of(device, challenge(browser))})
    assert browser.get("/account/").status_code == 200


def test_an_answer_opens_nothing_a_second_time(acme, browser, device, stranger):
    answer = answer_of(device, challenge(browser))
    assert browser.post(DOOR, {"key-passkey": answer}).status_code == 302
    assert refused(stranger("acme.localhost").post(DOOR, {"key-passkey": answer}))


def test_a_challenge_that_was_never_asked_for_or_for_something_else_or_too_long_ago_opens_nothing(
    acme, browser, device, stranger
):
    invented = challenge(browser) | {"challenge": "bm90IGFza2VkIGZvciBieSBhbnlib2R5IGhlcmUgIQ"}
    assert refused(browser.post(DOOR, {"key-passkey": answer_of(device, invented)}))
    begin(other := stranger("acme.localhost"), "cay")
    assert refused(browser.post(DOOR, {"key-passkey": answer_of(device, challenge(other, seen="second"))}))
    late = challenge(browser)
    with schemas.inside(acme):
        Ceremony.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(browser.post(DOOR, {"key-passkey": answer_of(device, late)}))


def test_an_answer_for_sign_in_is_no_second_step(acme, browser, device):
    asked = challenge(browser)
    begin(browser, "cay")
    sent = browser.post(SECOND, {"key-passkey": answer_of(device, asked)})
    assert (sent.status_code, "This does not hold." in sent.content.decode()) == (422, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "http://globex.localhost:8000"},
        {"rp_id": "globex.localhost"},
        {"knows_owner": False},
        {"credential_id": b"nobody ever registered this one."},
    ],
)
def test_another_origin_owner_or_device_opens_nothing(acme, browser, device, changed):
    asked = challenge(browser)
    assert refused(browser.post(DOOR, {"key-passkey": answer_of(replace(device, **changed), asked)}))


def test_a_passkey_that_names_another_owner_opens_nothing(acme, browser, device):
    assert refused(browser.post(DOOR, {"key-passkey": answer_of(device, challenge(browser), key="ann")}))


def test_a_passkey_that_counts_backwards_opens_nothing(acme, browser, device):
    assert (
        browser.post(DOOR, {"key-passkey": answer_of(replace(device, count=7), challenge(browser))}).status_code == 302
    )
    browser.post("/sign-out/")
    assert refused(browser.post(DOOR, {"key-passkey": answer_of(replace(device, count=3), challenge(browser))}))


def test_what_one_workspace_asked_and_got_is_nothing_in_another(acme, globex, browser, device, stranger):
    other = stranger("globex.localhost")
    assert refused(other.post(DOOR, {"key-passkey": answer_of(device, challenge(browser))}))
    assert refused(other.post(DOOR, {"key-passkey": answer_of(device, challenge(other))}))


@pytest.mark.parametrize("what", ["removed", "deactivated", "through the provider"])
def test_a_passkey_that_counts_no_more_opens_nothing(acme, browser, device, what):
    with schemas.inside(acme):
        if what == "removed":
            held = Factor.objects.get(user=cast.person("cay"))
            actions.take_away(held, actor=cast.DIRECTOR, now=timezone.now(), reason="Lost")
        elif what == "deactivated":
            roles.deactivate(cast.person("cay"), actor=cast.DIRECTOR, now=timezone.now(), reason="Left the company")
    if what == "through the provider":
        rules("cay", sso_required=True)
    assert refused(browser.post(DOOR, {"key-passkey": answer_of(device, challenge(browser))}))


@pytest.mark.parametrize("answer", NASTY)
def test_nothing_sent_in_place_of_an_answer_breaks_the_door(acme, browser, answer):
    assert refused(browser.post(DOOR, {"key-passkey": answer}))
    begin(browser, "ann")
    assert browser.post(SECOND, {"key-passkey": answer}).status_code == 422


def test_challenges_are_given_out_to_one_address_only_so_often_but_known_browsers_are_their_own(
    acme, browser, stranger
):
    come_in(known := stranger("acme.localhost"), "ann")
    known.post("/sign-out/")
    for _ in range(catalogue.PASSKEYS_PER_SOURCE):
        challenge(browser)
    late = browser.post("/sign-in/challenge/", {"seen": "sign-in"})
    assert (late.status_code, late.headers["Retry-After"]) == (429, "600")
    assert "Too many tries." in late.json()["reason"]
    assert challenge(known)["challenge"]


def test_a_challenge_tells_nothing_of_who_has_an_account(acme, browser, device):
    assert challenge(browser)["allowCredentials"] == []


@pytest.mark.req("ASVS-3.7.2")
def test_a_passkey_leads_to_no_other_host(acme, browser, device):
    said = {"key-passkey": answer_of(device, challenge(browser)), "key-next": "https://evil.example/"}
    assert browser.post(DOOR, said).headers["Location"] == "/"
