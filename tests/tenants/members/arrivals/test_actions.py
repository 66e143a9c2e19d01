"""What somebody was sent for is given back once, in time, and to the browser they left with."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from tenants import schemas
from tenants.members.arrivals import actions
from tenants.members.arrivals.catalogue import ATTEMPT_LIVES, Attempt, ProviderRefused, Purpose, Said
from tenants.members.ceremonies.models import Ceremony
from tests.tenants.members import sso
from tests.tenants.members.sso import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def idp(in_acme):
    return sso.provider()


@pytest.fixture
def attempt(idp):
    return Attempt(purpose=Purpose.SIGN, provider=str(idp.pk), begun_at=NOW, next="/x/", intent='{"v":1}', fresh=True)


def request_of(tenant, cookie=None):
    request = RequestFactory().get("/sso/", headers={"host": tenant.host})
    request.tenant = tenant
    if cookie:
        request.COOKIES["sso"] = cookie
    return request


def leave(tenant, idp, attempt, **options):
    """The secret, and the cookie of the browser that left."""
    request = request_of(tenant)
    secret = actions.begin(request, idp, attempt, **options)
    return secret, actions.bound(request, HttpResponse()).cookies["sso"].value


def code_of(act, *args, **options) -> str:
    with pytest.raises(ProviderRefused) as refused:
        act(*args, **options)
    return refused.value.code


def test_an_attempt_comes_back_whole_and_once(in_acme, idp, attempt):
    secret, cookie = leave(in_acme, idp, attempt)
    assert actions.take(request_of(in_acme, cookie), secret, NOW) == attempt
    assert code_of(actions.take, request_of(in_acme, cookie), secret, NOW) == "unknown-attempt"


@pytest.mark.parametrize("secret", ["", "guess", "a" * 43, "'; --"])
def test_a_secret_that_was_never_given_opens_nothing(in_acme, idp, attempt, secret):
    _, cookie = leave(in_acme, idp, attempt)
    assert code_of(actions.take, request_of(in_acme, cookie), secret, NOW) == "unknown-attempt"


def test_an_attempt_is_over_after_ten_minutes(in_acme, idp, attempt):
    secret, cookie = leave(in_acme, idp, attempt)
    assert code_of(actions.take, request_of(in_acme, cookie), secret, NOW + ATTEMPT_LIVES) == "unknown-attempt"


@pytest.mark.parametrize("cookie", [None, "", "b" * 43, "short", "x" * 5000])
def test_another_browser_cannot_finish_what_this_one_began(in_acme, idp, attempt, cookie):
    secret, _ = leave(in_acme, idp, attempt)
    assert code_of(actions.take, request_of(in_acme, cookie), secret, NOW) == "other-browser"


def test_a_protocol_may_bring_its_own_secret_once(in_acme, idp, attempt):
    secret, cookie = leave(in_acme, idp, attempt, secret="_request-id")
    assert secret == "_request-id"
    assert code_of(actions.begin, request_of(in_acme), idp, attempt, secret="_request-id") == "used"
    assert actions.take(request_of(in_acme, cookie), "_request-id", NOW) == attempt


def test_an_attempt_of_another_provider_is_not_begun(in_acme, attempt):
    assert code_of(actions.begin, request_of(in_acme), sso.provider(name="Other"), attempt) == "other-provider"


def test_two_tabs_of_one_browser_do_not_disturb_each_other(in_acme, idp, attempt):
    first, cookie = leave(in_acme, idp, attempt)
    second = request_of(in_acme, cookie)
    other = actions.begin(second, idp, attempt)
    assert actions.bound(second, HttpResponse()).cookies["sso"].value == cookie
    for secret in (first, other):
        assert actions.take(request_of(in_acme, cookie), secret, NOW) == attempt


def test_an_attempt_begun_at_acme_is_unknown_at_globex(in_acme, globex, idp, attempt):
    secret, cookie = leave(in_acme, idp, attempt)
    with schemas.inside(globex):
        assert code_of(actions.take, request_of(globex, cookie), secret, NOW) == "unknown-attempt"


def test_a_ticket_tells_the_protocol_what_is_wanted_once(in_acme, attempt):
    request = request_of(in_acme)
    ticket = actions.hand_over(request, attempt, now=NOW)
    cookie = actions.bound(request, HttpResponse()).cookies["sso"].value
    assert code_of(actions.take, request_of(in_acme, cookie), ticket, NOW) == "unknown-attempt"
    assert actions.picked_up(request_of(in_acme, cookie), ticket, NOW) == attempt
    assert code_of(actions.picked_up, request_of(in_acme, cookie), ticket, NOW) == "unknown-attempt"
    late = actions.hand_over(request, attempt, now=NOW)
    assert code_of(actions.picked_up, request, late, NOW + timedelta(minutes=2)) == "unknown-attempt"


def test_what_a_provider_said_waits_for_the_next_request_as_ciphertext(in_acme, idp, attempt):
    said = Said(
        issuer="https://idp.example",
        subject="nia",
        claims={"email": "nia@acme.example", "groups": ["a", "b"]},
        email_verified=True,
        authenticated_at=NOW,
        amr=("pwd", "otp"),
        evidence={"id_token": "x.y.z"},
    )
    request = request_of(in_acme)
    secret = actions.keep_answer(request, attempt, said, now=NOW)
    assert "nia" not in str([row.content for row in Ceremony.objects.all()])
    cookie = actions.bound(request, HttpResponse()).cookies["sso"].value
    assert actions.take_answer(request_of(in_acme, cookie), secret, NOW) == (attempt, said)


def test_a_refusal_waits_too(in_acme, idp, attempt):
    request = request_of(in_acme)
    secret = actions.keep_answer(request, attempt, ProviderRefused("audience", "It is for another."), now=NOW)
    cookie = actions.bound(request, HttpResponse()).cookies["sso"].value
    with pytest.raises(actions.RefusedEarlier) as refused:
        actions.take_answer(request_of(in_acme, cookie), secret, NOW)
    assert (refused.value.attempt, refused.value.code, refused.value.words) == (
        attempt,
        "audience",
        "It is for another.",
    )


@pytest.mark.req("ASVS-3.3.2")
@pytest.mark.parametrize(
    ("secure", "host", "name", "same_site", "is_secure"),
    [
        (True, "acme.example", "__Host-sso", "None", True),
        (False, "acme.localhost", "sso", "None", True),
        (False, "acme.example", "sso", "Lax", False),
    ],
)
def test_the_cookie_survives_the_providers_post_wherever_a_browser_lets_it(
    in_acme, settings, secure, host, name, same_site, is_secure
):
    settings.SESSION_COOKIE_SECURE = secure
    in_acme.origin = f"http://{host}"
    cookie = actions.bound(request_of(in_acme), HttpResponse()).cookies[name]
    assert (cookie["samesite"], bool(cookie["secure"]), cookie["httponly"], cookie["path"], cookie["domain"]) == (
        same_site,
        is_secure,
        True,
        "/",
        "",
    )
