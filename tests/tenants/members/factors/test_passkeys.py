"""Passkeys against a software authenticator, which answers well and badly."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.members.accounts.models import User
from tenants.members.factors import actions, queries
from tenants.members.factors.adapters import passkeys
from tests import cast
from tests.soft_passkey import SoftPasskey
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
MADE, INTENT = b"m" * 32, b"i" * 32


def register(user: User, key: SoftPasskey, name: str = "Laptop", now: datetime = NOW) -> actions.Enrolled:
    code = cast.code_of(user, now)
    options = actions.begin_passkey(user, name=name, password=cast.PASSWORD, code=code, challenge=MADE, now=now)
    return actions.register_passkey(user, name=name, response=key.create(options), challenge=MADE, now=now)


def show(user: User, answer, *, challenge: bytes = INTENT, password: str = cast.PASSWORD, now: datetime = LATER):
    return actions.check_password_and_passkey(user, password=password, assertion=answer, challenge=challenge, now=now)


@pytest.fixture
def ann(in_acme) -> User:
    return cast.person("ann")


@pytest.fixture
def key(ann) -> SoftPasskey:
    made = SoftPasskey()
    register(ann, made)
    return made


@pytest.mark.req("ASVS-6.3.7")
def test_a_passkey_is_registered_by_name_and_its_person_told(ann, key):
    found = queries.passkeys(queries.factors_of(ann))
    assert [(one.name, one.confirmed_at, one.sign_count) for one in found] == [("Laptop", NOW, 0)]
    assert "Laptop" in mails.newest("factor-changed").body


@pytest.mark.req("P11-200b")
def test_the_browser_is_asked_for_a_passkey_that_knows_its_owner(ann):
    options = passkeys.creation_options(ann, MADE)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert (options["rp"]["id"], options["user"]["name"]) == ("acme.localhost", "ann@acme.example")
    assert actions.begin(ann, INTENT)["userVerification"] == "required"


@pytest.mark.req("P11-200b")
def test_a_passkey_that_does_not_know_its_owner_is_refused(ann, key):
    with pytest.raises(passkeys.PasskeyRefused):
        register(ann, SoftPasskey(knows_owner=False, credential_id=b"another one of the suite"), "Careless", LATER)
    key.knows_owner = False
    with pytest.raises(actions.ComponentsRefused):
        show(ann, key.get(actions.begin(ann, INTENT)))


@pytest.mark.req("P11-200a1")
@pytest.mark.req("P11-200b")
def test_password_and_passkey_are_two_components_and_the_assertion_is_kept(ann, key):
    shown = show(ann, key.get(actions.begin(ann, INTENT)))
    assert (shown.methods, shown.authenticated_at) == (("password", "passkey"), LATER)
    factor = queries.passkeys(queries.factors_of(ann))[0]
    assert (factor.sign_count, factor.last_used_at) == (1, LATER)
    assert (shown.detail["user_verified"], shown.detail["credential_id"]) == ("true", factor.credential_id)
    assert set(json.loads(shown.detail["assertion"])) == {"clientDataJSON", "authenticatorData", "signature"}


def test_what_the_browser_posts_as_json_is_taken_too(ann, key):
    assert show(ann, json.dumps(key.get(actions.begin(ann, INTENT)))).methods == ("password", "passkey")


def test_the_password_is_needed_too_but_within_a_series(ann, key):
    with pytest.raises(actions.ComponentsRefused):
        show(ann, key.get(actions.begin(ann, INTENT)), password="wrong password")
    answer = key.get(actions.begin(ann, INTENT))
    shown = actions.check_password_and_passkey(
        ann, password="", assertion=answer, challenge=INTENT, now=LATER, in_series=True
    )
    assert shown.methods == ("session", "passkey")


def test_verify_gives_the_evidence(ann, key):
    evidence = actions.verify(ann, key.get(actions.begin(ann, INTENT)), INTENT, now=LATER)
    assert (evidence.user_verified, evidence.sign_count) == (True, 1)


BAD = {
    "made for another intent": lambda key: {"challenge": b"x" * 32},
    "made on another origin": lambda key: {"key": replace(key, origin="http://evil.example")},
    "made on another tenant's host": lambda key: {"key": replace(key, origin="http://globex.localhost:8000")},
    "made for another host": lambda key: {"key": replace(key, rp_id="evil.example")},
    "of an unknown credential": lambda key: {"key": SoftPasskey(credential_id=b"unknown credential 0001")},
    "signed by another key": lambda key: {"key": SoftPasskey()},
}


@pytest.mark.parametrize("how", BAD)
@pytest.mark.req("P11-200a2")
def test_an_assertion_is_refused(ann, key, how):
    bad = BAD[how](key)
    answer = bad.get("key", key).get(actions.begin(ann, bad.get("challenge", INTENT)))
    with pytest.raises(actions.ComponentsRefused):
        show(ann, answer)
    with pytest.raises(passkeys.PasskeyRefused):
        actions.verify(ann, answer, INTENT, now=LATER)


def test_a_passkey_that_counts_backwards_is_refused(ann, key):
    key.count = 41
    show(ann, key.get(actions.begin(ann, INTENT)))
    key.count = 40
    with pytest.raises(actions.ComponentsRefused):
        show(ann, key.get(actions.begin(ann, INTENT)))
    assert queries.passkeys(queries.factors_of(ann))[0].sign_count == 42


def test_an_assertion_is_taken_once_where_the_passkey_counts(ann, key):
    answer = key.get(actions.begin(ann, INTENT))
    show(ann, answer)
    with pytest.raises(actions.ComponentsRefused):
        show(ann, answer)


@pytest.mark.req("P11-100a")
def test_the_passkey_of_one_person_serves_no_other_and_is_registered_once(ann, key):
    ben = cast.person("ben")
    with pytest.raises(actions.ComponentsRefused):
        show(ben, key.get(actions.begin(ann, INTENT)))
    with pytest.raises(passkeys.PasskeyRefused):
        register(ben, key)


def test_a_removed_passkey_signs_no_more(ann, key):
    factor = queries.passkeys(queries.factors_of(ann))[0]
    later = NOW + timedelta(seconds=30)
    actions.remove(ann, factor, code=cast.code_of(ann, later), now=later, reason="Laptop was sold")
    with pytest.raises(actions.ComponentsRefused):
        show(ann, key.get(actions.begin(ann, INTENT)))


@pytest.mark.req("P11-300e")
def test_a_passkey_is_tested_like_an_app(ann, key):
    factor = queries.passkeys(queries.factors_of(ann))[0]
    late = NOW + timedelta(days=366)
    with pytest.raises(actions.ComponentsRefused):
        show(ann, key.get(actions.begin(ann, INTENT)), now=late)
    actions.test_passkey(ann, factor, response=key.get(actions.begin(ann, INTENT)), challenge=INTENT, now=late)
    assert show(ann, key.get(actions.begin(ann, INTENT)), now=late).methods == ("password", "passkey")


@pytest.mark.req("P11-300d")
def test_failures_with_a_passkey_lock_signing_too(ann, key):
    for _ in range(4):
        with pytest.raises(actions.ComponentsRefused):
            show(ann, {})
    with pytest.raises(actions.SigningLocked):
        show(ann, {})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
PARTS = st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "attestationObject", "signature"])


@given(answer=st.dictionaries(PARTS, anything) | st.text(max_size=60), inner=st.dictionaries(PARTS, anything))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_browser_sends_is_refused_and_breaks_nothing(ann, key, answer, inner):
    factor = queries.passkeys(queries.factors_of(ann))[0]
    if isinstance(answer, dict):
        answer |= {"id": factor.credential_id, "response": inner}
    with pytest.raises(passkeys.PasskeyRefused):
        passkeys.registered(answer, MADE)
    with pytest.raises(passkeys.PasskeyRefused):
        actions.verify(ann, answer, INTENT, now=LATER)
