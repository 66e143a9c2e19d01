"""Sign-out from the provider's side (back-channel) and to it (RP-initiated), over real HTTP and real sessions."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.members.ceremonies.models import Ceremony
from tenants.members.identity_providers.states import State
from tenants.members.oidc import actions, queries
from tenants.members.sessions.catalogue import Door, Method
from tenants.members.sessions.models import Session
from tests import cast
from tests.tenants.members.oidc.small_op import CLIENT, EVENT, FOREIGN, MISSING, SUBJECT, confused, signed, unsigned

LOGOUT = "/sso/oidc/backchannel-logout/"
TYPE = "logout+jwt"
MOST_CPU_SECONDS = 0.05


@pytest.fixture
def came_by(acme, provider):
    """`came_by("ann", session="s-1")`: a browser that came in through the provider."""

    def enter(key, *, subject=SUBJECT, session="session-1", id_token="the.id.token"):
        with schemas.inside(acme):
            return cast.browser(
                cast.person(key), acme, method=Method.OIDC, provider_id=str(provider.pk), provider_subject=subject,
                provider_session=session, id_token=id_token,
            )  # fmt: skip

    return enter


@pytest.fixture
def told(acme):
    """`told(token)` sends a logout token to Acme's address, as a server does: no cookie, no CSRF token."""

    def tell(token, host="acme.localhost"):
        client = Client(headers={"host": host}, enforce_csrf_checks=True)
        return client.post(LOGOUT, {"logout_token": token})

    return tell


def is_in(browser):
    return browser.get("/account/").status_code == 200


@pytest.mark.req("ASVS-7.6.1")
def test_the_provider_ends_the_session_that_it_names_and_no_other(op, came_by, told, sign_in):
    named, another, password = came_by("cay"), came_by("cay", session="session-2"), sign_in("cay")
    other_person = came_by("ben", subject="sub-2", session="session-3")
    assert told(signed(op.logout_claims(), typ=TYPE)).status_code == 200
    assert [is_in(browser) for browser in (named, another, password, other_person)] == [False, True, True, True]


@pytest.mark.req("ASVS-7.6.1")
def test_without_a_session_all_of_the_subject_end(op, came_by, told, sign_in):
    both, other_person = [came_by("cay"), came_by("cay", session="session-2")], came_by("ben", subject="sub-2")
    response = told(signed(op.logout_claims(sid=MISSING), typ=TYPE))
    assert (response.status_code, response["Cache-Control"]) == (200, response["Cache-Control"])
    assert "no-store" in response["Cache-Control"]
    assert [is_in(browser) for browser in (*both, other_person)] == [False, False, True]


def test_without_a_subject_the_session_that_is_named_ends(op, came_by, told):
    named, another = came_by("cay"), came_by("cay", session="session-2")
    assert told(signed(op.logout_claims(sub=MISSING), typ=f"application/{TYPE}")).status_code == 200
    assert [is_in(browser) for browser in (named, another)] == [False, True]


def test_a_session_that_is_gone_already_is_no_fault(op, acme, told, provider):
    assert told(signed(op.logout_claims(), typ=TYPE)).status_code == 200


HOUR = 3600
REFUSED = {
    "no typ of its own": (lambda op: signed(op.logout_claims(), typ="JWT")),
    "an ID token": (lambda op: signed(op.claims(nonce="n"))),
    "an ID token that calls itself a logout": (lambda op: signed(op.claims(nonce="n"), typ=TYPE)),
    "no events": (lambda op: signed(op.logout_claims(events=MISSING), typ=TYPE)),
    "another event": (lambda op: signed(op.logout_claims(events={"x": {}}), typ=TYPE)),
    "events that are none": (lambda op: signed(op.logout_claims(events=[EVENT]), typ=TYPE)),
    "an event that is no object": (lambda op: signed(op.logout_claims(events={EVENT: True}), typ=TYPE)),
    "a nonce": (lambda op: signed(op.logout_claims(nonce="n"), typ=TYPE)),
    "no number of its own": (lambda op: signed(op.logout_claims(jti=MISSING), typ=TYPE)),
    "an empty number": (lambda op: signed(op.logout_claims(jti=""), typ=TYPE)),
    "nobody named": (lambda op: signed(op.logout_claims(sub=MISSING, sid=MISSING), typ=TYPE)),
    "a subject that is no text": (lambda op: signed(op.logout_claims(sub=["sub-1"]), typ=TYPE)),
    "three minutes old": (lambda op: signed(op.logout_claims(iat=int(time.time()) - 180), typ=TYPE)),
    "from the future": (lambda op: signed(op.logout_claims(iat=int(time.time()) + HOUR), typ=TYPE)),
    "expired": (lambda op: signed(op.logout_claims(exp=int(time.time()) - HOUR), typ=TYPE)),
    "no end": (lambda op: signed(op.logout_claims(exp=MISSING), typ=TYPE)),
    "no time of issue": (lambda op: signed(op.logout_claims(iat=MISSING), typ=TYPE)),
    "another client": (lambda op: signed(op.logout_claims(aud="globex-rp"), typ=TYPE)),
    "no client": (lambda op: signed(op.logout_claims(aud=MISSING), typ=TYPE)),
    "clients that are none": (lambda op: signed(op.logout_claims(aud={"x": 1}), typ=TYPE)),
    "another issuer": (lambda op: signed(op.logout_claims(iss="https://idp.example"), typ=TYPE)),
    "signed by somebody else": (lambda op: signed(op.logout_claims(), key=FOREIGN, typ=TYPE)),
    "unsigned": (lambda op: unsigned(op.logout_claims())),
    "the public key as a secret": (lambda op: confused(op.logout_claims())),
    "garbage": (lambda op: "garbage"),
    "nothing": (lambda op: ""),
    "far too long": (lambda op: "x" * 100_000),
    "a list for claims": (lambda op: signed_list()),
}


def signed_list():
    """A JWT whose body is no object."""
    head, _, tail = signed({}, typ=TYPE).split(".")
    return f"{head}.WzFd.{tail}"


@pytest.mark.parametrize("forge", REFUSED.values(), ids=REFUSED)
@pytest.mark.req("ASVS-10.5.5")
def test_a_logout_token_that_does_not_hold_ends_nothing(op, came_by, told, forge):
    browser = came_by("cay")
    response = told(forge(op))
    assert (response.status_code, response.json()) == (400, {"error": "invalid_request"})
    assert is_in(browser)


@pytest.mark.req("ASVS-10.5.5")
def test_a_logout_token_counts_once(op, came_by, told):
    token = signed(op.logout_claims(), typ=TYPE)
    assert told(token).status_code == 200
    again = came_by("cay")
    assert told(token).status_code == 400
    assert is_in(again)


@pytest.mark.req("ASVS-6.8.1")
def test_a_logout_at_globex_ends_nothing_at_acme(op, came_by, told, globex, make_provider):
    make_provider(globex, client_id="globex-rp")
    browser = came_by("cay")
    assert told(signed(op.logout_claims(aud="globex-rp"), typ=TYPE), host="globex.localhost").status_code == 200
    assert is_in(browser)


def test_a_provider_that_was_switched_off_may_still_end_what_it_opened(op, acme, make_provider, told):
    switched_off = make_provider(acme, state=State.OFF)
    with schemas.inside(acme):
        browser = cast.browser(
            cast.person("cay"), acme, method=Method.OIDC, provider_id=str(switched_off.pk), provider_subject=SUBJECT,
        )  # fmt: skip
        before = Session.objects.filter(provider_id=switched_off.pk).count()
    assert told(signed(op.logout_claims(sid=MISSING), typ=TYPE)).status_code == 200
    assert (before, is_in(browser)) == (1, False)


def test_a_server_that_sends_without_end_is_held_off(op, told, settings):
    settings.ANONYMOUS_SENDINGS_A_MINUTE = 10_000
    codes = {told("garbage").status_code for _ in range(125)}
    assert codes == {400, 429}


def test_only_a_form_is_taken(stranger):
    assert stranger("acme.localhost").get(LOGOUT).status_code == 405


def test_refusing_costs_little(op, came_by, told):
    told(signed(op.logout_claims(), typ=TYPE))
    spent = []
    for forge in REFUSED.values():
        token, began = forge(op), time.thread_time()
        assert told(token).status_code == 400
        spent.append(time.thread_time() - began)
    assert sorted(spent)[-2] < MOST_CPU_SECONDS, spent


# --- From here to the provider ------------------------------------------------------------------


def door(provider, **changes):
    now = timezone.now()
    said = {"method": Method.OIDC, "opened_at": now, "proved_at": now, "provider_id": str(provider.pk)}
    return Door(**(said | {"id_token": "the.id.token"} | changes))


def test_the_provider_learns_whose_session_ends_and_where_to_go_on(in_acme, provider, op):
    address = queries.end_session_url(door(provider))
    assert address.startswith(f"{op.issuer}/end?a=b&")
    assert parse_qs(urlsplit(address).query) == {
        "a": ["b"],
        "client_id": [CLIENT],
        "id_token_hint": ["the.id.token"],
        "post_logout_redirect_uri": ["http://acme.localhost:8000/sso/oidc/signed-out/"],
    }


def test_whoever_came_another_way_is_not_sent_to_a_provider(in_acme, provider, make_provider):
    without = make_provider(in_acme, end_session_endpoint="")
    now = timezone.now()
    assert queries.end_session_url(door(without)) is None
    assert queries.end_session_url(door(provider, method=Method.PASSWORD)) is None
    assert queries.end_session_url(door(provider, provider_id="")) is None
    assert actions.sign_out_url(door(without), now=now) is None


def test_the_way_to_the_provider_leads_over_a_page_of_ours_once(acme, provider, op, stranger):
    with schemas.inside(acme):
        path = actions.sign_out_url(door(provider), now=timezone.now())
    assert "id.token" not in path
    page = stranger("acme.localhost").get(path)
    assert page.status_code == 200
    assert page["Refresh"].startswith(f"0; url={op.issuer}/end?a=b&client_id=")
    assert "Go on to your identity provider" in page.content.decode()
    again = stranger("acme.localhost").get(path)
    assert (again.status_code, again["Location"]) == (302, "/sso/oidc/signed-out/")


def test_the_page_to_come_back_to_is_for_everybody(acme, stranger):
    assert "You are signed out" in stranger("acme.localhost").get("/sso/oidc/signed-out/").content.decode()


def test_the_address_that_names_a_person_is_not_left_in_the_clear(acme, provider):
    with schemas.inside(acme):
        actions.sign_out_url(door(provider), now=timezone.now())
        kept = Ceremony.objects.get(kind=actions.LEAVING)
    assert "id.token" not in str(kept.content)


def test_nobody_who_is_signed_in_reads_that_they_are_out(acme, sign_in):
    answer = sign_in("cay").get("/sso/oidc/signed-out/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
