"""Discovery by the issuer's address: what is taken, and what an admin reads when it cannot be."""

import pytest

from tenants.members.identity_providers.adapters.discovery import DiscoveryRefused, discover
from tests.tenants.members.oidc.conftest import op, running_op  # noqa: F401  fixtures work by their names

WELL_KNOWN = "/.well-known/openid-configuration"


def refusal(issuer):
    with pytest.raises(DiscoveryRefused) as refused:
        discover(issuer)
    return refused.value


def test_endpoints_and_abilities_are_taken(op):  # noqa: F811
    found = discover(op.issuer)
    assert (found.authorization_endpoint, found.token_endpoint) == (f"{op.issuer}/auth", f"{op.issuer}/token")
    assert (found.jwks_uri, found.userinfo_endpoint) == (f"{op.issuer}/jwks", f"{op.issuer}/me")
    assert found.end_session_endpoint == f"{op.issuer}/end?a=b"
    assert (found.sends_issuer, found.token_endpoint_auth) == (True, "client_secret_basic")
    assert op.asked == [WELL_KNOWN]


@pytest.mark.req("ASVS-6.8.2")
def test_neither_none_nor_a_shared_secret_counts_as_an_algorithm(op):  # noqa: F811
    assert discover(op.issuer).algorithms == ("RS256", "ES256")
    op.document["id_token_signing_alg_values_supported"] = ["none", "HS256"]
    assert refusal(op.issuer).code == "no-algorithm"


@pytest.mark.parametrize("said", ["https://idp.example", None, 7, "http://127.0.0.1/"])
@pytest.mark.req("ASVS-10.5.3")
def test_a_document_of_another_issuer_is_refused(op, said):  # noqa: F811
    op.document["issuer"] = said
    assert refusal(op.issuer).code == "other-issuer"


@pytest.mark.req("ASVS-10.5.3")
def test_the_issuer_is_compared_to_the_letter(op):  # noqa: F811
    assert refusal(f"{op.issuer}/").code == "other-issuer"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "value", [None, "", 7, "http://169.254.169.254/", "javascript:alert(1)", "ftp://x/", "no address"]
)
@pytest.mark.req("ASVS-1.3.6")
def test_an_endpoint_that_would_never_be_asked_is_refused_at_once(op, name, value):  # noqa: F811
    op.document[name] = value
    assert refusal(op.issuer).code == f"bad-{name}"


@pytest.mark.parametrize("name", ["userinfo_endpoint", "end_session_endpoint"])
def test_what_a_provider_may_leave_out_may_be_missing_but_not_wrong(op, name):  # noqa: F811
    del op.document[name]
    assert getattr(discover(op.issuer), name) == ""
    op.document[name] = "javascript:alert(1)"
    assert refusal(op.issuer).code == f"bad-{name}"


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        (None, "client_secret_basic"),
        (["client_secret_post"], "client_secret_post"),
        (["client_secret_post", "client_secret_basic"], "client_secret_basic"),
        (["private_key_jwt"], "no-client-secret"),
    ],
)
def test_how_the_client_proves_itself_is_what_the_provider_takes(op, offered, wanted):  # noqa: F811
    op.document["token_endpoint_auth_methods_supported"] = offered
    try:
        got = discover(op.issuer).token_endpoint_auth
    except DiscoveryRefused as refused:
        got = refused.code
    assert got == wanted


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((404, "text/html", b"<h1>No</h1>"), "discovery-status"),
        ((200, "text/html", b"<h1>Welcome</h1>"), "discovery-no_json"),
        ((200, "application/json", b"[]"), "discovery-no_object"),
        ((302, "text/html", b""), "discovery-redirect"),
        ((200, "application/json", b"{" * 300_000), "discovery-large"),
    ],
)
def test_what_is_no_discovery_document_is_refused_in_words(op, answer, code):  # noqa: F811
    op.answers[WELL_KNOWN] = answer
    refused = refusal(op.issuer)
    assert (refused.code, WELL_KNOWN in refused.words) == (code, True)


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ("https://idp.example/?a=b", "not-an-issuer"),
        ("https://idp.example/#here", "not-an-issuer"),
        ("http://idp.example", "discovery-scheme"),
        ("https://127.0.0.1", "discovery-address"),
        ("https://localhost", "discovery-address"),
        ("https://idp.example:8443", "discovery-port"),
        ("idp.example", "discovery-url"),
        ("", "discovery-url"),
    ],
)
@pytest.mark.req("ASVS-1.3.6")
def test_an_issuer_that_is_no_public_https_address_is_refused(op, issuer, code):  # noqa: F811
    assert refusal(issuer).code in {code, "discovery-scheme"}
