"""What is kept of an identity provider, by kind. Pure: no framework."""

from collections.abc import Mapping as Values
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

# What signs ID tokens. Asymmetric only: with HS* the client secret would be a key, with "none" there is none.
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Read from JSON and written to it; what an earlier version left out takes its default."""

    @classmethod
    def read(cls, stored: Values[str, Any]) -> Self:
        known = {one.name for one in fields(cls)}
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
        return cls(**{name: value for name, value in values.items() if name in known})

    def stored(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Oidc(_Kept):
    """OpenID Connect. The endpoints are what discovery gave when an admin last confirmed it; all are https URLs.

    `algorithms`: what ID tokens may be signed with. `acr_values`: what is asked for and then required; empty: nothing.
    """

    client_id: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    algorithms: tuple[str, ...] = ("RS256",)
    acr_values: tuple[str, ...] = ()
    token_endpoint_auth: str = "client_secret_basic"  # noqa: S105  the name of a method
    # RFC 9207: it sends its issuer with each answer, so that one without is refused.
    sends_issuer: bool = False


@dataclass(frozen=True, slots=True)
class Saml(_Kept):
    """SAML 2.0. Certificates are PEM texts: several of the provider during its roll-over, ours newest first.

    `authn_contexts`: the classes that are required; empty: any.
    """

    sso_url: str = ""
    slo_url: str = ""
    certificates: tuple[str, ...] = ()
    own_certificates: tuple[str, ...] = ()
    name_id_format: str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    authn_contexts: tuple[str, ...] = ()
    allows_unsolicited: bool = False
    # Who last changed whom we trust, while people were linked: somebody else switches it on again.
    trust_changed_by: str = ""
    # Which ends of certificates administrators were told of; kept by `saml.actions`.
    warned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping(_Kept):
    """Which claim or attribute says what, and which group gives which role. `default_role` may be empty: no role."""

    email: str = "email"
    name: str = "name"
    groups: str = "groups"
    roles: Values[str, str] = field(default_factory=dict)
    default_role: str = ""
    # Whether roles follow the groups at each sign-in, or are given once, with the account.
    follow_groups: bool = True
