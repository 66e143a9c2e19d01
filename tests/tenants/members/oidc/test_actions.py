"""What an OpenID provider sends back, over real HTTP: the token that holds, and each forged one that does not."""

import json
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from django.utils import timezone

from tenants import schemas
from tenants.members.arrivals.catalogue import Attempt, ProviderRefused, Purpose
from tenants.members.identity_providers.states import State
from tenants.members.oidc import actions, queries
from tenants.members.oidc.hashing import nonce_of_intent
from tests.tenants.members.oidc.small_op import (
    CLIENT,
    FOREIGN,
    MISSING,
    SECRET,
    SUBJECT,
    altered,
    basic,
    confused,
    signed,
    unsigned,
)  # fmt: skip

# Of our own work for one answer (security budget).
MOST_CPU_SECONDS = 0.05


@pytest.fixture
def attempt(provider):
    return Attempt(purpose=Purpose.SIGN_IN, provider=str(provider.pk), begun_at=timezone.now())


@pytest.fixture
def asked(in_acme, provider):
    """`asked(attempt)` sends somebody to the provider and gives what it was asked."""

    def ask(attempt):
        request = RequestFactory().get("/", headers={"host": in_acme.host})
        request.tenant = in_acme
        address = actions.start(request, provider, attempt)
        return address, {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}

    return ask


@pytest.fixture
def comes_back(op, provider, attempt, asked):
    """`comes_back(attempt, token)`: the provider redeems a code for this token, made by a function of the nonce."""

    def come(token=None, *, of=attempt, **answer):
        _, sent = asked(of)
        op.id_token = token(sent["nonce"]) if token else signed(op.claims(nonce=sent["nonce"]))
        given = {"code": "c-1", "state": sent["state"], "iss": op.issuer} | answer
        said = {name: value for name, value in given.items() if value is not MISSING}
        return actions.answered(provider, of, said, now=timezone.now())

    return come


# --- The way there ------------------------------------------------------------------------------


@pytest.mark.req("ASVS-10.2.1")
def test_the_provider_is_asked_with_state_nonce_and_pkce(asked, attempt, op):
    address, sent = asked(attempt)
    _, again = asked(attempt)
    assert address.startswith(f"{op.issuer}/auth?of=us&")
    assert sent["response_type"] == "code"
    assert sent["client_id"] == CLIENT
    assert sent["redirect_uri"] == "http://acme.localhost:8000/sso/oidc/callback/"
    assert sent["scope"] == "openid email profile"
    assert sent["code_challenge_method"] == "S256"
    assert (len(sent["state"]), len(sent["nonce"]), len(sent["code_challenge"])) == (43, 64, 43)
    assert {sent[name] for name in ("state", "nonce", "code_challenge")} & set(again.values()) == set()
    assert "prompt" not in sent


@pytest.mark.parametrize(
    ("purpose", "fresh", "wanted"),
    [
        (Purpose.SIGN_IN, False, False),
        (Purpose.SIGN_IN, True, True),
        (Purpose.PROVE, False, True),
        (Purpose.SIGN, False, True),
        (Purpose.TEST, False, True),
    ],
)
def test_whoever_must_prove_anew_is_asked_for_it(asked, provider, purpose, fresh, wanted):
    begun = Attempt(purpose=purpose, provider=str(provider.pk), begun_at=timezone.now(), fresh=fresh, intent="{}")
    _, sent = asked(begun)
    assert (sent.get("prompt"), sent.get("max_age")) == (("login", "0") if wanted else (None, None))


def test_what_is_signed_travels_as_nonce(asked, provider):
    intent = '{"meaning":"approval"}'
    _, sent = asked(Attempt(purpose=Purpose.SIGN, provider=str(provider.pk), begun_at=timezone.now(), intent=intent))
    assert sent["nonce"] == nonce_of_intent(intent)


def test_what_the_tenant_requires_is_asked_for(in_acme, make_provider):
    strict = make_provider(in_acme, acr_values=("phr", "phrh"), scopes=("email",))
    request = RequestFactory().get("/", headers={"host": in_acme.host})
    request.tenant = in_acme
    begun = Attempt(purpose=Purpose.SIGN_IN, provider=str(strict.pk), begun_at=timezone.now())
    sent = parse_qs(urlsplit(actions.start(request, strict, begun)).query)
    assert (sent["acr_values"], sent["scope"]) == (["phr phrh"], ["openid email"])


# --- The way back ---------------------------------------------------------------------------------


def test_a_token_that_holds_says_who_came(op, comes_back):
    said = comes_back()
    assert (said.issuer, said.subject, said.session) == (op.issuer, SUBJECT, "session-1")
    assert (said.claims["email"], said.email_verified) == ("ann@acme.example", True)
    assert said.id_token == op.id_token
    assert timezone.now() - said.authenticated_at < timedelta(seconds=60)
    assert json.loads(said.evidence["jwk"])["kid"] == "first"


@pytest.mark.req("ASVS-10.2.1")
def test_the_code_is_redeemed_with_the_verifier_and_our_stored_address(op, comes_back):
    comes_back()
    form = op.forms[-1]
    assert form["redirect_uri"] == "http://acme.localhost:8000/sso/oidc/callback/"
    assert (form["code"], form["grant_type"], len(form["code_verifier"])) == ("c-1", "authorization_code", 64)
    assert "client_secret" not in form
    assert (CLIENT, SECRET) in [basic(header) for header in op.authorized if header.startswith("Basic")]
    assert "Bearer an access token" in op.authorized


def test_a_provider_may_want_the_secret_in_the_form(op, in_acme, make_provider):
    other = make_provider(in_acme, token_endpoint_auth="client_secret_post")
    begun = Attempt(purpose=Purpose.SIGN_IN, provider=str(other.pk), begun_at=timezone.now())
    op.id_token = signed(op.claims(nonce=actions._nonce(begun, "s")))
    actions.answered(other, begun, {"code": "c", "state": "s"}, now=timezone.now())
    assert op.forms[-1]["client_secret"] == SECRET


HOUR = 3600
FORGED = {
    "the audience is another client": ({"aud": "globex-rp"}, "audience"),
    "the issuer is another": ({"iss": "https://idp.example"}, "issuer"),
    "no audience": ({"aud": MISSING}, "missing-claim"),
    "no issuer": ({"iss": MISSING}, "missing-claim"),
    "no end": ({"exp": MISSING}, "missing-claim"),
    "no time of issue": ({"iat": MISSING}, "missing-claim"),
    "no subject": ({"sub": MISSING}, "missing-claim"),
    "several audiences, for another client": ({"aud": [CLIENT, "x"], "azp": "x"}, "authorised-party"),
    "several audiences, for nobody": ({"aud": [CLIENT, "x"]}, "authorised-party"),
    "one audience, for another client": ({"azp": "x"}, "authorised-party"),
    "expired": ({"exp": int(time.time()) - HOUR, "iat": int(time.time()) - 2 * HOUR}, "expired"),
    "issued in the future": ({"iat": int(time.time()) + HOUR, "exp": int(time.time()) + 2 * HOUR}, "not-yet"),
    "not valid yet": ({"nbf": int(time.time()) + HOUR}, "not-yet"),
    "a time that is none": ({"exp": "tomorrow"}, "no-time"),
    "a time outside all calendars": ({"exp": 10**30}, "no-time"),
    "another nonce": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"nonce": MISSING}, "nonce"),
    "another access token": ({"at_hash": "x" * 22}, "at_hash"),
    "an empty subject": ({"sub": ""}, "subject"),
    "a subject that is no text": ({"sub": 7}, "subject"),
    "an endless subject": ({"sub": "x" * 300}, "subject"),
}


@pytest.mark.parametrize(("changes", "code"), FORGED.values(), ids=FORGED)
@pytest.mark.req("ASVS-6.8.2")
@pytest.mark.req("ASVS-9.2.3")
@pytest.mark.req("ASVS-10.5.1")
@pytest.mark.req("ASVS-10.5.3")
@pytest.mark.req("ASVS-10.5.4")
def test_a_token_that_says_something_else_is_refused(op, comes_back, changes, code):
    with pytest.raises(ProviderRefused) as refused:
        comes_back(lambda nonce: signed(op.claims(**({"nonce": nonce} | changes))))
    assert refused.value.code == code
    assert len(refused.value.words) > 20


BY_KEY = {
    "unsigned": (unsigned, "algorithm"),
    "signed with the public key as a secret": (confused, "algorithm"),
    "signed by somebody else under the name of a key": (lambda claims: signed(claims, key=FOREIGN), "signature"),
    "signed by a key that is not published": (lambda claims: signed(claims, kid="second"), "unknown-key"),
    "with another body": (lambda claims: altered(signed(claims), {"sub": "the victim"}), "signature"),
    # One letter less can be no base64 of anything.
    "cut short": (lambda claims: signed(claims)[:-1], "no-token"),
    "no token": (lambda claims: "garbage", "no-token"),
    "three parts of nothing": (lambda claims: "a.b.c", "no-token"),
    "far too long": (lambda claims: f"a.{'b' * 70_000}.c", "no-token"),
}


@pytest.mark.parametrize(("forge", "code"), BY_KEY.values(), ids=BY_KEY)
@pytest.mark.req("ASVS-6.8.2")
def test_a_token_of_nobody_we_know_is_refused(op, comes_back, forge, code):
    with pytest.raises(ProviderRefused) as refused:
        comes_back(lambda nonce: forge(op.claims(nonce=nonce)))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "changes",
    [{"exp": timedelta(seconds=-30)}, {"iat": timedelta(seconds=30)}, {"aud": [CLIENT]}, {"at_hash": MISSING}],
)
def test_clocks_may_differ_by_a_minute_and_optional_claims_be_missing(op, comes_back, changes):
    moments = {
        name: int(time.time() + value.total_seconds()) for name, value in changes.items() if name in ("exp", "iat")
    }
    said = changes | moments
    assert comes_back(lambda nonce: signed(op.claims(**({"nonce": nonce} | said)))).subject == SUBJECT


@pytest.mark.req("ASVS-10.5.2")
def test_userinfo_of_somebody_else_signs_nobody_in(op, comes_back):
    op.userinfo = {"sub": "the victim", "email": "ann@acme.example", "email_verified": True}
    with pytest.raises(ProviderRefused) as refused:
        comes_back()
    assert refused.value.code == "userinfo-subject"


@pytest.mark.parametrize("said", [False, "false", "False"])
@pytest.mark.req("ASVS-6.8.2")
def test_an_address_that_the_provider_calls_unverified_is_refused(op, comes_back, said):
    op.userinfo["email_verified"] = said
    with pytest.raises(ProviderRefused) as refused:
        comes_back()
    assert refused.value.code == "email-not-verified"


def test_an_address_of_which_nothing_is_said_is_taken_as_not_verified(op, comes_back):
    del op.userinfo["email_verified"]
    assert comes_back().email_verified is False


@pytest.mark.parametrize("iss", [MISSING, "https://idp.example", "", "http://127.0.0.1:1"])
@pytest.mark.req("ASVS-10.2.2")
def test_an_answer_of_another_issuer_is_not_redeemed(in_acme, op, make_provider, iss):
    sends = make_provider(in_acme, sends_issuer=True)
    begun = Attempt(purpose=Purpose.SIGN_IN, provider=str(sends.pk), begun_at=timezone.now())
    answer = {"code": "c", "state": "s"} | ({} if iss is MISSING else {"iss": iss})
    with pytest.raises(ProviderRefused) as refused:
        actions.answered(sends, begun, answer, now=timezone.now())
    assert (refused.value.code, op.forms) == ("mix-up", [])


@pytest.mark.req("ASVS-10.2.2")
def test_a_wrong_issuer_is_refused_even_of_a_provider_that_need_not_name_it(comes_back, op):
    with pytest.raises(ProviderRefused) as refused:
        comes_back(iss="https://idp.example")
    assert (refused.value.code, op.forms) == ("mix-up", [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "access_denied", "error_description": "No <b>entry</b>"}, "provider-refused"),
        ({"code": MISSING}, "no-code"),
        ({"code": ""}, "no-code"),
        ({"code": "x" * 5000}, "no-code"),
    ],
)
def test_an_answer_without_a_code_is_refused(comes_back, op, answer, code):
    with pytest.raises(ProviderRefused) as refused:
        comes_back(**answer)
    assert (refused.value.code, op.forms) == (code, [])


@pytest.mark.parametrize(
    ("path", "answer", "code"),
    [
        ("/token", (400, "application/json", b'{"error":"invalid_grant"}'), "token-invalid_grant"),
        ("/token", (401, "application/json", b'{"error":"invalid_client"}'), "token-invalid_client"),
        ("/token", (400, "application/json", b'{"error":"made_up"}'), "token-refused"),
        ("/token", (500, "text/html", b"<h1>Oops</h1>"), "token-no_json"),
        ("/token", (200, "application/json", b"[]"), "token-refused"),
        ("/token", (200, "application/json", b'{"access_token":"x"}'), "no-id-token"),
        ("/token", (200, "application/json", b'{"access_token":1,"id_token":2}'), "no-id-token"),
        ("/token", (302, "text/html", b""), "token-redirect"),
        ("/jwks", (500, "application/json", b"{}"), "keys-unreadable"),
        ("/jwks", (200, "application/json", b'{"keys":7}'), "keys-unreadable"),
        ("/jwks", (200, "application/json", b'{"keys":[7,{"kty":"oct","k":"x"}]}'), "unknown-key"),
        ("/jwks", (200, "application/json", b'{"keys":[{"kty":"RSA","kid":"first","n":"!","e":"!"}]}'), "bad-key"),
        ("/jwks", (200, "application/json", b'{"keys":[{"kty":"RSA","kid":"first"}]}'), "bad-key"),
        ("/jwks", (200, "text/plain", b"x" * 300_000), "keys-large"),
        ("/me", (401, "application/json", b"{}"), "userinfo"),
        ("/me", (200, "application/jwt", b"a.b.c"), "userinfo-no_json"),
        ("/me", (200, "application/json", b"null"), "userinfo"),
        ("/me", (200, "application/json", b"{}"), "userinfo-subject"),
    ],
)
def test_whatever_the_provider_answers_is_a_refusal_in_words(comes_back, op, path, answer, code):
    op.answers[path] = answer
    with pytest.raises(ProviderRefused) as refused:
        comes_back()
    assert refused.value.code in {code, "userinfo"}
    assert len(refused.value.words) > 20


def test_a_provider_that_is_down_is_a_refusal_in_words(in_acme, make_provider, settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.1:1"]
    down = make_provider(in_acme, token_endpoint="http://127.0.0.1:1/token")
    begun = Attempt(purpose=Purpose.SIGN_IN, provider=str(down.pk), begun_at=timezone.now())
    with pytest.raises(ProviderRefused) as refused:
        actions.answered(down, begun, {"code": "c", "state": "s"}, now=timezone.now())
    assert refused.value.code == "token-unreachable"


@pytest.mark.parametrize(
    ("acr", "wanted"), [("phr", SUBJECT), ("phrh", SUBJECT), ("pwd", "acr"), (MISSING, "acr")], ids=str
)
@pytest.mark.req("ASVS-6.8.4")
def test_the_required_strength_must_be_said(in_acme, op, make_provider, acr, wanted):
    strict = make_provider(in_acme, acr_values=("phr", "phrh"))
    begun = Attempt(purpose=Purpose.SIGN_IN, provider=str(strict.pk), begun_at=timezone.now())
    op.id_token = signed(op.claims(nonce=actions._nonce(begun, "s"), acr=acr))
    try:
        came = actions.answered(strict, begun, {"code": "c", "state": "s"}, now=timezone.now()).subject
    except ProviderRefused as refused:
        came = refused.code
    assert came == wanted


@pytest.mark.parametrize(
    ("auth_time", "wanted"),
    [
        (0, SUBJECT),
        (-50, SUBJECT),
        (-70, "not-fresh"),
        (-HOUR, "not-fresh"),
        (HOUR, "not-yet"),
        (MISSING, "no-auth-time"),
    ],
    ids=str,
)
def test_only_who_authenticated_for_this_counts_where_that_is_asked(provider, op, comes_back, auth_time, wanted):
    begun = Attempt(purpose=Purpose.SIGN, provider=str(provider.pk), begun_at=timezone.now(), intent="{}")
    at = auth_time if auth_time is MISSING else int(time.time()) + auth_time
    try:
        came = comes_back(lambda nonce: signed(op.claims(nonce=nonce, auth_time=at)), of=begun).subject
    except ProviderRefused as refused:
        came = refused.code
    assert came == wanted


def test_refusing_costs_little(op, comes_back, attempt):
    """Each forged token; the first fetches the keys."""
    comes_back()
    spent = []
    for changes, _ in FORGED.values():
        began = time.thread_time()
        with pytest.raises(ProviderRefused):
            comes_back(lambda nonce, changes=changes: signed(op.claims(**({"nonce": nonce} | changes))))
        spent.append(time.thread_time() - began)
    assert max(spent) < MOST_CPU_SECONDS, spent


# --- Which provider ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "purpose", "works"),
    [
        (State.ACTIVE, Purpose.SIGN_IN, True),
        (State.DRAFT, Purpose.SIGN_IN, False),
        (State.OFF, Purpose.SIGN_IN, False),
        (State.DRAFT, Purpose.TEST, True),
        (State.DRAFT, Purpose.LINK, False),
    ],
)
def test_only_a_provider_in_use_serves_and_one_being_set_up_can_be_tried(in_acme, make_provider, state, purpose, works):
    made = make_provider(in_acme, state=state)
    if works:
        assert queries.for_purpose(made.pk, purpose) == made
    else:
        with pytest.raises(ProviderRefused):
            queries.for_purpose(made.pk, purpose)


@pytest.mark.req("ASVS-6.8.1")
def test_a_provider_of_acme_is_none_of_globex(provider, globex):
    with schemas.inside(globex), pytest.raises(ProviderRefused) as refused:
        queries.for_purpose(provider.pk, Purpose.SIGN_IN)
    assert refused.value.code == "no-provider"
