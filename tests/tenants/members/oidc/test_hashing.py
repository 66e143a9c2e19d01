"""Hashes of the standards, with the standards' own examples where they give one."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mozilla_django_oidc.utils import generate_code_challenge

from tenants.members.oidc import hashing


def test_at_hash_is_that_of_the_standard():
    """OpenID Connect Core 1.0, appendix A.3."""
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert hashing.hash_of_token(token, "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


@pytest.mark.parametrize(("algorithm", "size"), [("RS256", 22), ("ES384", 32), ("PS512", 43), ("EdDSA", 43)])
def test_at_hash_goes_by_the_algorithm_that_signed(algorithm, size):
    assert len(hashing.hash_of_token("a token", algorithm)) == size


@pytest.mark.req("ASVS-10.2.1")
def test_the_challenge_is_that_of_the_standard():
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert generate_code_challenge(verifier, "S256") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(st.text())
def test_the_nonce_of_what_is_signed_is_its_hash(intent):
    digest = hashlib.sha256(intent.encode()).digest()
    assert hashing.nonce_of_intent(intent) == hashing.base64url(digest)
    assert len(hashing.nonce_of_intent(intent)) == 43
