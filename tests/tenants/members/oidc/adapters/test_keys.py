"""Keys of a provider: kept, asked for anew for a key not among them, and not as often as a stranger likes."""

import pytest
from django.core.cache import cache

from tenants import schemas
from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.oidc.adapters import keys
from tenants.outbound import Client
from tests.tenants.members.oidc.small_op import jwk_of


@pytest.fixture
def find(op, in_acme):
    return lambda kid, algorithm="RS256": keys.find(f"{op.issuer}/jwks", kid=kid, algorithm=algorithm, client=Client())


def asked(op):
    return op.asked.count("/jwks")


def test_keys_are_asked_for_once(op, find):
    assert (
        find("first") == find("first") == {name: value for name, value in jwk_of("first").items() if name != "key_ops"}
    )
    assert asked(op) == 1


def test_a_key_not_among_them_is_asked_for_at_most_once_a_minute(op, find):
    find("first")
    for _ in range(5):
        with pytest.raises(ProviderRefused) as refused:
            find("second")
        assert refused.value.code == "unknown-key"
    assert asked(op) == 2


def test_a_provider_that_changed_its_key_is_understood_at_once(op, find):
    find("first")
    op.published = ["second"]
    assert find("second")["kid"] == "second"
    assert asked(op) == 2


def test_a_token_that_names_no_key_is_for_a_provider_with_one(op, find):
    assert find(None)["kid"] == "first"
    cache.clear()
    op.published = ["first", "second"]
    with pytest.raises(ProviderRefused):
        find(None)


@pytest.mark.parametrize("algorithm", ["RS512", "PS256", "ES256", "EdDSA"])
def test_a_key_serves_the_algorithm_it_was_published_for(find, algorithm):
    with pytest.raises(ProviderRefused):
        find("first", algorithm)


def test_the_keys_that_acme_knows_are_not_kept_for_globex(op, find, globex):
    find("first")
    with schemas.inside(globex):
        keys.find(f"{op.issuer}/jwks", kid="first", algorithm="RS256", client=Client())
    assert asked(op) == 2


def test_a_private_half_that_a_provider_publishes_is_not_kept(op, find):
    op.answers["/jwks"] = (200, "application/json", b'{"keys":[{"kty":"RSA","kid":"x","n":"AQ","e":"AQAB","d":"AQ"}]}')
    assert find("x") == {"kty": "RSA", "kid": "x", "n": "AQ", "e": "AQAB"}
