"""Settings for python3-saml from a provider's row, strict, and never from the request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from onelogin.saml2.settings import OneLogin_Saml2_Settings

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.catalogue import Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.saml import queries
from tenants.members.saml.catalogue import POST, REDIRECT, RSA_SHA256, SHA256, Addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Both sides of a conversation. `keys`, `kept.own_certificates`: ours, newest first; `trusted`: theirs in force."""

    issuer: str
    kept: Saml
    addresses: Addresses
    keys: tuple[str, ...]
    trusted: tuple[certificates.Certificate, ...]

    def settings(self, *, messages_signed: bool = False) -> OneLogin_Saml2_Settings:
        """`messages_signed`: for sign-out, where python3-saml takes unsigned messages otherwise."""
        return OneLogin_Saml2_Settings(
            {
                "strict": True,
                "debug": False,
                "sp": self._ours(),
                "idp": self._theirs(),
                "security": {**SECURITY, "wantMessagesSigned": messages_signed, **self._contexts()},
            }
        )

    def request_data(self, address: str, **query: Any) -> dict[str, Any]:
        """The request as python3-saml wants it, at the address where the message must have come in."""
        parts = urlsplit(address)
        return {
            "https": "on" if parts.scheme == "https" else "off",
            "http_host": parts.netloc,
            "script_name": parts.path,
            "get_data": query,
            "post_data": {},
        }

    def _ours(self) -> dict[str, Any]:
        return {
            "entityId": self.addresses.entity_id,
            "assertionConsumerService": {"url": self.addresses.acs, "binding": POST},
            "singleLogoutService": {"url": self.addresses.slo, "binding": REDIRECT},
            "NameIDFormat": self.kept.name_id_format,
            # While ours roll over the provider knows the oldest for certain: it signs until the new one is confirmed.
            "x509cert": self.kept.own_certificates[-1],
            "privateKey": self.keys[-1],
        }

    def _theirs(self) -> dict[str, Any]:
        signing = [one.pem for one in self.trusted]
        sign_out = {"singleLogoutService": {"url": self.kept.slo_url, "binding": REDIRECT}} if self.kept.slo_url else {}
        return {
            "entityId": self.issuer,
            "singleSignOnService": {"url": self.kept.sso_url, "binding": REDIRECT},
            "x509cert": signing[0],
            "x509certMulti": {"signing": signing, "encryption": signing[:1]},
            **sign_out,
        }

    def _contexts(self) -> dict[str, Any]:
        asked = [*self.kept.authn_contexts]
        return {"requestedAuthnContext": asked or False, "failOnAuthnContextMismatch": bool(asked)}


SECURITY: dict[str, Any] = {
    "wantAssertionsSigned": True,
    "wantNameId": True,
    "wantAttributeStatement": False,
    "authnRequestsSigned": True,
    "logoutRequestSigned": True,
    "logoutResponseSigned": True,
    "rejectDeprecatedAlgorithm": True,
    "allowRepeatAttributeName": False,
    "allowSingleLabelDomains": True,
    "signatureAlgorithm": RSA_SHA256,
    "digestAlgorithm": SHA256,
}


def party(provider: IdentityProvider, now: datetime) -> Party:
    """Raises `ProviderRefused` for a provider whose set-up is not complete, or whose certificates are all over."""
    kept = providers.saml(provider)
    keys = tuple(queries.private_keys(provider))
    if not (provider.issuer and kept.sso_url and kept.certificates and keys and kept.own_certificates):
        raise ProviderRefused(
            "not-set-up", "The set-up is not complete: it needs the provider's metadata and keys of ours."
        )
    known = certificates.known(kept.certificates)
    trusted = tuple(one for one in known if not one.is_over(now))
    if not trusted:
        last = max(known, key=lambda one: one.not_after)
        raise ProviderRefused(
            "certificate-expired",
            f"The provider's certificate was valid to {last.not_after:%d %B %Y, %H:%M} UTC "
            f"(SHA-256 {last.fingerprint}). Upload its current metadata.",
        )
    return Party(issuer=provider.issuer, kept=kept, addresses=queries.addresses(provider), keys=keys, trusted=trusted)
