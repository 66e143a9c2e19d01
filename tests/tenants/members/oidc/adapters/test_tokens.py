"""Whatever stands in a token, signed or not: it holds, or it is refused in words. Nothing else ever comes of it."""

import json
from datetime import UTC, datetime

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers.catalogue import Oidc
from tenants.members.oidc.adapters import tokens
from tenants.members.oidc.catalogue import LOGOUT_EVENT, Expected, Verified
from tests.tenants.members.oidc.small_op import CLIENT, KEYS

ISSUER = "https://idp.example"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SETTINGS = Oidc(client_id=CLIENT, algorithms=("RS256", "ES256"))
KEY = KEYS["first"]
TYPES = ("JWT", "logout+jwt", "")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "azp",
    "acr",
    "auth_time",
    "at_hash",
    "sid",
    "jti",
    "events",
)
GOOD = {
    "iss": ISSUER, "sub": "s", "aud": CLIENT, "exp": SECONDS + 60, "iat": SECONDS, "nonce": "n", "auth_time": SECONDS,
    "jti": "j",
}  # fmt: skip


def signed(claims, typ="JWT"):
    """Past the library's own checks of what one may sign."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), KEY, algorithm="RS256", headers={"typ": typ})


def believed(token, *, logout):
    """What the product does with a token once it has the key."""
    algorithm = tokens.header_of(token, SETTINGS)["alg"]
    required = tokens.LOGOUT if logout else tokens.ID_TOKEN
    claims = tokens._decoded(token, KEY.public_key(), algorithm, ISSUER, CLIENT, required)
    tokens._in_time(claims, NOW)
    said = Verified(token=token, algorithm=algorithm, claims=claims, key={})
    if logout:
        return tokens.logged_out(said, now=NOW)
    expected = Expected(nonce="n", not_before=NOW)
    tokens.id_token_holds(said, expected, settings=SETTINGS, access_token="a", now=NOW)
    return claims


def outcome(token, *, logout):
    try:
        return believed(token, logout=logout)
    except ProviderRefused as refused:
        return refused.code


def test_the_good_ones_hold():
    assert outcome(signed(GOOD), logout=False) == GOOD
    gone = {name: value for name, value in GOOD.items() if name != "nonce"} | {"events": {LOGOUT_EVENT: {}}}
    assert outcome(signed(gone, "logout+jwt"), logout=True).subject == "s"


@settings(max_examples=300, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(NAMES), values, max_size=4),
    typ=st.sampled_from(TYPES),
    logout=st.booleans(),
)
@pytest.mark.req("ASVS-6.8.2")
def test_no_claims_break_anything(changes, typ, logout):
    told = outcome(signed(GOOD | changes, typ), logout=logout)
    assert isinstance(told, str) or logout or told["iss"] == ISSUER


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.from_regex(tokens.COMPACT, fullmatch=True))
@pytest.mark.req("ASVS-6.8.2")
def test_no_text_passes_for_a_token(text):
    assert outcome(text, logout=False) in {"no-token", "algorithm"}


@settings(max_examples=200, deadline=None)
@given(where=st.floats(min_value=0, max_value=1), letter=st.sampled_from("AZaz09-_."))
def test_a_token_with_another_letter_in_head_or_body_is_refused(where, letter):
    """The signature covers the text itself, so that no two spellings of a body pass."""
    token = signed(GOOD)
    place = int(where * (token.rindex(".") - 1))
    changed = token[:place] + letter + token[place + 1 :]
    assert changed == token or isinstance(outcome(changed, logout=False), str)


@pytest.mark.parametrize("seconds", [None, "1", [], {}, True, 10**40, -(10**40), float("inf"), float("nan")])
def test_what_is_no_moment_is_refused(seconds):
    with pytest.raises(ProviderRefused) as refused:
        tokens.instant(seconds)
    assert refused.value.code == "no-time"
