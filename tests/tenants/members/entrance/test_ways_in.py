"""Every way in, by every rule on second factors, for people with and without one: one table (ASVS 6.3.4)."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.session import SessionStorage
from django.test import RequestFactory
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts.models import PasswordReset
from tenants.members.arrivals.catalogue import Said
from tenants.members.entrance import actions
from tenants.members.roles import actions as roles
from tenants.members.sessions.catalogue import DOOR, Method
from tests import cast
from tests.tenants.members.entrance.steps import (
    SECOND,
    challenge,
    enter,
    provider_of,
    rules,
    same,
    with_handle,
    with_passkey,
    without_factors,
)  # fmt: skip

pytestmark = pytest.mark.django_db
IN, ASKED, SET_UP = "in", "second step", "set up first"

# Way in, whether the person has a factor, the rule: what happens.
TABLE = [
    ("password", False, "optional", IN),
    ("password", False, "required", SET_UP),
    ("password", True, "optional", ASKED),
    ("password", True, "required", ASKED),
    ("passkey", True, "optional", IN),
    ("passkey", True, "required", IN),
    ("provider, one factor", False, "optional", IN),
    ("provider, one factor", False, "required", SET_UP),
    ("provider, one factor", True, "optional", ASKED),
    ("provider, one factor", True, "required", ASKED),
    ("provider, two factors, trusted", False, "optional", IN),
    ("provider, two factors, trusted", False, "required", IN),
    ("provider, two factors, trusted", True, "optional", IN),
    ("provider, two factors, trusted", True, "required", IN),
    ("provider, two factors, not trusted", False, "required", SET_UP),
    ("provider, two factors, not trusted", True, "optional", ASKED),
    ("provider, two factors, not trusted", True, "required", ASKED),
]


@pytest.mark.req("ASVS-6.3.4")
@pytest.mark.parametrize(("way", "has_factor", "rule", "result"), TABLE)
def test_every_way_in_is_held_to_the_same_rule(acme, stranger, way, has_factor, rule, result):
    rules("cay", second_factor=rule)
    device = with_passkey("cay") if has_factor else None
    browser = stranger("acme.localhost")
    if way == "password":
        answer = enter(browser, "cay@acme.example")
    elif way == "passkey":
        with schemas.inside(acme):
            shown = with_handle(device.get(challenge(browser)), cast.person("cay").pk)
        answer = browser.post("/sign-in/passkey/", {"key-passkey": shown})
    else:
        answer = through_provider(browser, two="two factors" in way, trusted="not trusted" not in way)
    assert outcome(browser, answer) == result


def through_provider(browser: Any, *, two: bool, trusted: bool) -> Any:
    """What the protocols do once everything is verified."""
    provider = provider_of("cay", trusts_second_factor=trusted)
    amr = ("pwd", "mfa") if two else ("pwd",)
    said = Said(issuer=provider.issuer, subject="cay-at-acme", claims={}, amr=amr, session="s1", id_token="x.y.z")
    with schemas.inside(cast.tenant("acme")):
        request = RequestFactory(headers={"host": "acme.localhost"}).get("/")
        request.session = browser.session
        request.tenant = cast.tenant("acme")
        request._messages = SessionStorage(request)
        request.user = AnonymousUser()
        answer = actions.admit(
            request, cast.person("cay"), method=Method.OIDC, said=said, provider=provider, next="/", now=timezone.now()
        )
        request.session.save()
        browser.cookies["sid"] = request.session.session_key
    return answer


def outcome(browser: Any, answer: Any) -> str:
    assert answer.status_code == 302
    if answer.headers["Location"] == SECOND:
        assert browser.get("/account/").headers["Location"].startswith("/sign-in/")
        return ASKED
    assert answer.headers["Location"] == "/"
    page = browser.get("/account/")
    if page.status_code == 302:
        assert page.headers["Location"] == "/account/signing/"
        return SET_UP
    assert page.status_code == 200
    return IN


def test_a_session_from_a_provider_keeps_what_its_logout_needs(acme, stranger):
    browser = stranger("acme.localhost")
    through_provider(browser, two=True, trusted=True)
    with schemas.inside(acme):
        door = browser.session[DOOR]
    assert (door["method"], door["provider_subject"], door["provider_session"]) == ("oidc", "cay-at-acme", "s1")
    assert (door["second"], door["id_token"]) == ("provider", "x.y.z")


def test_somebody_who_may_not_sign_in_is_not_let_in_by_any_provider(acme, stranger):
    with schemas.inside(acme):
        roles.deactivate(cast.person("cay"), actor=cast.DIRECTOR, now=timezone.now(), reason="Left the company")
    browser = stranger("acme.localhost")
    assert through_provider(browser, two=True, trusted=True).status_code == 403
    assert browser.get("/account/").status_code == 302


@pytest.mark.req("ASVS-6.3.4")
@pytest.mark.parametrize("way", ["password", "reset"])
def test_where_everybody_comes_through_the_provider_a_password_opens_nothing_and_nobody_sees_why(acme, stranger, way):
    rules("cay", sso_required=True)
    browser = stranger("acme.localhost")
    if way == "password":
        right, wrong = enter(browser, "cay@acme.example"), enter(browser, "cay@acme.example", "wrong password")
        assert (right.status_code, wrong.status_code) == (422, 422)
        assert same(right) == same(wrong)
    else:
        answers = [browser.post("/password-reset/", {"email": f"{name}@acme.example"}) for name in ("cay", "nobody")]
        assert {(one.status_code, one.headers["Location"]) for one in answers} == {(302, "/password-reset/sent/")}
        with schemas.inside(acme):
            assert PasswordReset.objects.count() == 0


@pytest.mark.req("ASVS-6.3.4")
def test_a_recovery_account_still_comes_in_by_password_and_a_second_factor(acme, stranger):
    with schemas.inside(acme):
        ids = [cast.person("ann").pk, cast.person("cay").pk]
    rules("ann", sso_required=True, recovery_accounts=ids)
    browser = stranger("acme.localhost")
    assert enter(browser, "ann@acme.example").headers["Location"] == SECOND
    other = stranger("acme.localhost")
    assert outcome(other, enter(other, "cay@acme.example")) == SET_UP
    browser.post("/password-reset/", {"email": "ann@acme.example"})
    with schemas.inside(acme):
        assert PasswordReset.objects.count() == 1


def test_the_page_shows_the_provider_first_where_everybody_comes_through_it(acme, stranger, monkeypatch):
    monkeypatch.setattr("tenants.members.identity_providers.queries.plan_allows", lambda: True)
    provider = provider_of("cay")
    page = stranger("acme.localhost").get("/sign-in/?next=/people/").content.decode()
    way = f'href="/sso/{provider.pk}/start/?purpose=sign_in&amp;next=%2Fpeople%2F"'
    assert way in page
    assert page.index("Password") < page.index(way)
    rules("cay", sso_required=True)
    page = stranger("acme.localhost").get("/sign-in/").content.decode()
    assert page.index("Sign in with Acme ID") < page.index("Sign in with a recovery account") < page.index("Password")


@pytest.mark.parametrize(
    ("ended", "says"),
    [("idle", "was not used for a while"), ("second", "ask for a second factor now"), ("<b>", ""), ("", "")],
)
def test_the_page_says_why_a_session_ended(acme, stranger, ended, says):
    page = stranger("acme.localhost").get("/sign-in/", {"ended": ended}).content.decode()
    assert says in page
    assert "<b>" not in page
    assert ('role="status"' in page.split("<form")[0]) is bool(says)


def test_factors_that_were_removed_are_not_asked_for(acme, stranger):
    without_factors("ann")
    browser = stranger("acme.localhost")
    assert outcome(browser, enter(browser, "ann@acme.example")) == IN
