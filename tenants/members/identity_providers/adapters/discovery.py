"""What a provider says of itself at its issuer's address (OpenID Connect Discovery 1.0)."""

from typing import Any, Final

from tenants.members.identity_providers.catalogue import ALGORITHMS, Oidc
from tenants.outbound import Answer, Client, OutboundRefused

WELL_KNOWN: Final = "/.well-known/openid-configuration"
NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL: Final = ("userinfo_endpoint", "end_session_endpoint")
# In the order we prefer them.
AUTHENTICATION: Final = ("client_secret_basic", "client_secret_post")


class DiscoveryRefused(Exception):
    """What was found cannot be used. `code` names the check, `words` say it to the admin who typed the address."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


def discover(issuer: str, client: Client | None = None) -> Oidc:
    """The provider's endpoints and what it can do; what the tenant chooses (client, scopes, …) is left as it starts.

    Raises DiscoveryRefused with words for the admin who typed the address.
    """
    client = client or Client()
    said = _document(issuer, client)
    # Whoever can answer at this address could otherwise speak for another issuer (ASVS 10.5.3).
    if said.get("issuer") != issuer:
        words = f"The document there is of the issuer “{str(said.get('issuer'))[:200]}”. Type that, if it is yours."
        raise DiscoveryRefused("other-issuer", words)
    endpoints: dict[str, Any] = {name: _endpoint(said, name, client) for name in (*NEEDED, *OPTIONAL)}
    return Oidc(
        **endpoints,
        algorithms=_algorithms(said),
        token_endpoint_auth=_authentication(said),
        sends_issuer=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _document(issuer: str, client: Client) -> dict[str, Any]:
    if "?" in issuer or "#" in issuer:
        raise DiscoveryRefused("not-an-issuer", "An issuer has neither “?” nor “#”. Copy it from your provider.")
    try:
        answer = client.get(issuer.removesuffix("/") + WELL_KNOWN)
        return _read(answer)
    except OutboundRefused as refused:
        raise DiscoveryRefused(f"discovery-{refused.code}", f"{refused.words} {_where(issuer)}") from refused


def _read(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise OutboundRefused("status", f"It answered with the status {answer.status} instead of 200.")
    said = answer.json()
    if not isinstance(said, dict):
        raise OutboundRefused("no_object", "It answered with JSON that is no object.")
    return said


def _endpoint(said: dict[str, Any], name: str, client: Client) -> str:
    value = said.get(name) or ""
    if not value and name in OPTIONAL:
        return ""
    try:
        if not isinstance(value, str) or not value:
            raise OutboundRefused("url", "It is missing.")
        client.check(value)
    except OutboundRefused as refused:
        raise DiscoveryRefused(f"bad-{name}", f"The provider's {name} cannot be used: {refused.words}") from refused
    return value


def _algorithms(said: dict[str, Any]) -> tuple[str, ...]:
    offered = said.get("id_token_signing_alg_values_supported")
    known = tuple(one for one in offered if one in ALGORITHMS) if isinstance(offered, list) else ()
    if not known:
        words = "The provider signs ID tokens with none of the algorithms taken here. Let it sign with RS256 or ES256."
        raise DiscoveryRefused("no-algorithm", words)
    return known


def _authentication(said: dict[str, Any]) -> str:
    """What is left out means client_secret_basic (Discovery, section 3)."""
    offered = said.get("token_endpoint_auth_methods_supported")
    if not isinstance(offered, list):
        return AUTHENTICATION[0]
    for method in AUTHENTICATION:
        if method in offered:
            return method
    words = "The provider's token endpoint takes no client secret. Let it take client_secret_basic."
    raise DiscoveryRefused("no-client-secret", words)


def _where(issuer: str) -> str:
    return f"Discovery asks {issuer.removesuffix('/')}{WELL_KNOWN}."
