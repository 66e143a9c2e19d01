"""The whole way by HTTP, from our link to the provider and back: who comes in, and what strangers read when not."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from audit import context
from tenants import schemas
from tenants.members.arrivals import actions as arriving
from tenants.members.arrivals.catalogue import Attempt, Purpose, Said
from tenants.members.federation import actions as federation
from tenants.members.identity_providers import actions as configuration
from tenants.members.oidc.hashing import nonce_of_intent
from tenants.members.sessions.models import Session
from tenants.tenancy.states import Plan
from tests import cast
from tests.tenants.members.oidc.small_op import CLIENT, FOREIGN, MISSING, SUBJECT, confused, signed, unsigned

CALLBACK = "/sso/oidc/callback/"


@pytest.fixture
def linked(acme, provider):
    """Cay of Acme is the subject at the provider."""
    with schemas.on_platform(), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        acme.plan = Plan.ENTERPRISE
        acme.save(update_fields=["plan"])
    with schemas.inside(acme):
        said = Said(issuer=provider.issuer, subject=SUBJECT, claims={})
        federation.link(cast.person("cay"), provider, said, now=timezone.now())
    return provider


def leaves(browser, provider, **query):
    """To the provider; what it was asked."""
    answer = browser.get(f"/sso/{provider.pk}/start/?{urlencode({'purpose': 'sign_in'} | query)}")
    assert answer.status_code == 302, answer.content.decode()[:500]
    answer = browser.get(answer["Location"])
    assert answer.status_code == 302, answer.content.decode()[:500]
    return {name: value[0] for name, value in parse_qs(urlsplit(answer["Location"]).query).items()}


def comes_back(browser, op, sent, token=None, **answer):
    op.id_token = token(sent["nonce"]) if token else signed(op.claims(nonce=sent["nonce"]))
    given = {"code": "c-1", "state": sent["state"], "iss": op.issuer} | answer
    return browser.get(CALLBACK, {name: value for name, value in given.items() if value is not MISSING})


def is_in(browser):
    return browser.get("/account/").status_code == 200


@pytest.fixture
def browser():
    return Client(headers={"host": "acme.localhost"}, raise_request_exception=True)


@pytest.mark.req("ASVS-6.8.1")
def test_whoever_the_provider_knows_comes_in_and_goes_on(op, linked, browser):
    answer = comes_back(browser, op, leaves(browser, linked, next="/contacts/"))
    assert (answer.status_code, answer["Location"]) == (302, "/contacts/")
    assert is_in(browser)


def test_the_session_knows_the_provider_its_subject_and_session_and_nothing_readable(op, acme, linked, browser):
    comes_back(browser, op, leaves(browser, linked))
    with schemas.inside(acme):
        row = Session.objects.get(provider_id=linked.pk)
    assert (row.method, len(row.provider_subject), len(row.provider_session)) == ("oidc", 64, 64)
    assert op.id_token not in row.session_data


@pytest.mark.req("ASVS-7.6.1")
def test_what_came_in_so_is_ended_by_the_provider(op, linked, browser):
    comes_back(browser, op, leaves(browser, linked))
    token = signed(op.logout_claims(), typ="logout+jwt")
    assert Client(headers={"host": "acme.localhost"}).post(
        "/sso/oidc/backchannel-logout/", {"logout_token": token}
    ).status_code == 200  # fmt: skip
    assert not is_in(browser)


FORGED = {
    "for another client": lambda op, nonce: signed(op.claims(nonce=nonce, aud="globex-rp")),
    "of another issuer": lambda op, nonce: signed(op.claims(nonce=nonce, iss="https://idp.example")),
    "without audience, issuer and end": lambda op, nonce: signed(
        op.claims(nonce=nonce, aud=MISSING, iss=MISSING, exp=MISSING)
    ),
    "for several, issued to another": lambda op, nonce: signed(op.claims(nonce=nonce, aud=[CLIENT, "x"], azp="x")),
    "expired": lambda op, nonce: signed(op.claims(nonce=nonce, exp=1)),
    "with another nonce": lambda op, nonce: signed(op.claims(nonce="another")),
    "unsigned": lambda op, nonce: unsigned(op.claims(nonce=nonce)),
    "with the public key as a secret": lambda op, nonce: confused(op.claims(nonce=nonce)),
    "signed by somebody else": lambda op, nonce: signed(op.claims(nonce=nonce), key=FOREIGN),
    "garbage": lambda op, nonce: "garbage",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
@pytest.mark.req("ASVS-6.8.2")
def test_a_forged_token_opens_nothing_and_tells_strangers_nothing(op, linked, browser, forge):
    answer = comes_back(browser, op, leaves(browser, linked), lambda nonce: forge(op, nonce))
    assert answer.status_code in (400, 403)
    text = answer.content.decode()
    assert [word for word in ("nonce", "aud", "signature", op.issuer, CLIENT) if word in text] == []
    assert not is_in(browser)


@pytest.mark.req("ASVS-6.8.2")
def test_userinfo_of_another_and_an_unverified_address_open_nothing(op, linked, browser):
    for said in ({"sub": "the victim"}, {"sub": SUBJECT, "email": "cay@acme.example", "email_verified": False}):
        op.userinfo = said
        assert comes_back(browser, op, leaves(browser, linked)).status_code in (400, 403)
        assert not is_in(browser)


@pytest.mark.req("ASVS-6.8.1")
def test_a_subject_that_nobody_is_does_not_become_the_owner_of_its_address(op, linked, browser):
    op.userinfo = {"sub": "a stranger", "email": "cay@acme.example", "email_verified": True}
    sent = leaves(browser, linked)
    answer = comes_back(browser, op, sent, lambda nonce: signed(op.claims(nonce=nonce, sub="a stranger")))
    assert answer.status_code in (400, 403)
    assert not is_in(browser)


@pytest.mark.req("ASVS-10.2.1")
def test_an_answer_counts_once_and_only_in_the_browser_that_asked(op, linked, browser):
    sent, stranger = leaves(browser, linked), Client(headers={"host": "acme.localhost"})
    assert comes_back(stranger, op, sent).status_code == 400
    sent = leaves(browser, linked)
    assert comes_back(browser, op, sent).status_code == 302
    again = Client(headers={"host": "acme.localhost"})
    again.cookies = browser.cookies
    assert comes_back(again, op, sent).status_code == 400


@pytest.mark.parametrize(
    "query",
    [{}, {"state": ""}, {"state": "x", "code": "y"}, {"error": "access_denied"}, {"state": "\x00", "code": "y"}],
)
@pytest.mark.req("ASVS-10.2.1")
def test_an_answer_to_nothing_is_refused(acme, browser, query):
    assert browser.get(CALLBACK, query).status_code == 400


def test_somebody_who_says_no_at_the_provider_reads_a_plain_page(op, linked, browser):
    sent = leaves(browser, linked)
    answer = browser.get(CALLBACK, {"error": "access_denied", "state": sent["state"], "iss": op.issuer})
    assert (answer.status_code, "access_denied" in answer.content.decode()) == (400, False)


@pytest.mark.req("ASVS-6.8.1")
def test_what_was_begun_at_acme_does_not_end_at_globex(op, linked, browser, globex):
    sent = leaves(browser, linked)
    elsewhere = Client(headers={"host": "globex.localhost"})
    elsewhere.cookies = browser.cookies
    assert comes_back(elsewhere, op, sent).status_code == 400


def test_a_ticket_is_good_once_and_only_in_its_browser(linked, browser):
    way = browser.get(f"/sso/{linked.pk}/start/?purpose=sign_in")["Location"]
    assert Client(headers={"host": "acme.localhost"}).get(way).status_code == 400
    way = browser.get(f"/sso/{linked.pk}/start/?purpose=sign_in")["Location"]
    assert [browser.get(way).status_code for _ in range(2)] == [302, 400]


def test_a_ticket_for_one_provider_does_not_open_another(acme, linked, browser, make_provider):
    way = urlsplit(browser.get(f"/sso/{linked.pk}/start/?purpose=sign_in")["Location"])
    other = make_provider(acme)
    assert browser.get(f"/sso/oidc/{other.pk}/start/?{way.query}").status_code == 400


def test_a_provider_that_is_switched_off_meanwhile_lets_nobody_in(op, acme, linked, browser):
    sent = leaves(browser, linked)
    with schemas.inside(acme):
        configuration.switch_off(linked, actor=cast.DIRECTOR, now=timezone.now(), reason="Set the stage")
    assert comes_back(browser, op, sent).status_code in (400, 403)
    assert not is_in(browser)


@pytest.mark.req("ASVS-6.3.4")
def test_a_password_opens_all_the_same_whatever_a_provider_is(op, linked, browser, settings):
    settings.OUTBOUND_ALLOWED = []
    answer = browser.post("/sign-in/", {"email": "cay@acme.example", "password": cast.PASSWORD})
    assert (answer.status_code, is_in(browser)) == (302, True)


def test_a_form_of_a_signature_leads_on_over_a_page_of_ours(acme, linked, browser):
    """Redirects of a form may lead to no other host: Chromium holds `form-action` against them, too."""
    browser.cookies["sso"] = "b" * 43
    request = RequestFactory().get("/", headers={"host": "acme.localhost"})
    request.COOKIES["sso"], request.tenant = "b" * 43, acme
    with schemas.inside(acme):
        attempt = Attempt(purpose=Purpose.SIGN, provider=str(linked.pk), begun_at=timezone.now(), intent="{}")
        ticket = arriving.hand_over(request, attempt, now=timezone.now())
    page = browser.get(f"/sso/oidc/{linked.pk}/start/", {"ticket": ticket})
    assert (page.status_code, page["Refresh"].startswith(f"0; url={linked.issuer}/auth")) == (200, True)
    assert f"nonce={nonce_of_intent('{}')}" in page["Refresh"]
