"""The exchange of a code for what the provider says of somebody."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from tenants.members.arrivals.catalogue import ProviderRefused, Said
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.oidc.adapters import tokens
from tenants.members.oidc.catalogue import Expected, Verified
from tenants.outbound import Answer, Client, OutboundRefused

# All that the library may read, whatever Django's settings say.
SHELL: Final = {"OIDC_AUTHENTICATION_CALLBACK_URL": "oidc-callback"}
ERRORS: Final = {
    "invalid_client": "It does not know the client id, or the secret is another. Copy both again from the provider.",
    "invalid_grant": "It does not take the code: the redirect address registered there differs, or the code is over.",
    "unauthorized_client": "The client may not use the authorization code flow. Allow it at the provider.",
}


class Arrived:
    """What the library reads of a request: the answer of the provider, and our address as it is stored."""

    def __init__(self, code: str, state: str, callback: str) -> None:
        self.GET = {"code": code, "state": state}
        self._callback = callback

    def build_absolute_uri(self, _path: str) -> str:
        """Never from the Host header, which whoever asks may write as they like."""
        return self._callback


class RelyingParty(OIDCAuthenticationBackend):
    """One provider of one schema. The library leads through the exchange; what is believed is decided here.

    Made for a request and used by hand: it is none of Django's backends, so a provider cannot disturb a password.
    """

    def __init__(self, provider: IdentityProvider, expected: Expected, *, now: datetime, client: Client | None) -> None:
        # The library's own reads Django's settings, and fails where they name no provider.
        self.provider, self.expected, self.now = provider, expected, now
        self.settings, self.client = providers.oidc(provider), client or Client()
        self.OIDC_RP_CLIENT_ID = self.settings.client_id
        self.OIDC_RP_CLIENT_SECRET = providers.secret_of(provider).decode()
        self.access_token = ""
        self.verified: Verified | None = None

    @staticmethod
    def get_settings(attr: str, *_default: Any) -> Any:
        return SHELL[attr]

    def said(self, code: str, verifier: str, *, callback: str) -> Said:
        """Raises ProviderRefused, whatever goes wrong."""
        found: Said = self.authenticate(Arrived(code, "checked", callback), code_verifier=verifier)
        return found

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        auth, form = self._authentication(payload)
        try:
            answer = self.client.post(self.settings.token_endpoint, data=form, auth=auth)
            said = answer.json()
        except OutboundRefused as refused:
            words = f"The provider's token endpoint gives no answer. {refused.words}"
            raise ProviderRefused(f"token-{refused.code}", words) from refused
        if answer.status != 200 or not isinstance(said, dict):
            raise _refused_token(answer, said)
        if not isinstance(said.get("id_token"), str) or not isinstance(said.get("access_token"), str):
            raise ProviderRefused("no-id-token", "The provider sent no ID token. Let the scope “openid” be allowed.")
        self.access_token = said["access_token"]
        return said

    def verify_token(self, token: str, **_: Any) -> dict[str, Any]:
        self.verified = tokens.verified(
            token, issuer=self.provider.issuer, settings=self.settings, client=self.client, now=self.now
        )
        tokens.id_token_holds(
            self.verified, self.expected, settings=self.settings, access_token=self.access_token, now=self.now
        )
        return self.verified.claims

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """The access token is kept nowhere; the ID token goes with what was said."""

    def get_userinfo(self, access_token: str, id_token: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Nothing where the provider has no such endpoint. Raises ProviderRefused."""
        if not self.settings.userinfo_endpoint:
            return {}
        try:
            answer = self.client.get(
                self.settings.userinfo_endpoint, headers={"Authorization": f"Bearer {access_token}"}
            )
            said = answer.json() if answer.status == 200 and answer.kind != "application/jwt" else None
        except OutboundRefused as refused:
            words = f"The provider's userinfo endpoint gives no answer. {refused.words}"
            raise ProviderRefused(f"userinfo-{refused.code}", words) from refused
        if not isinstance(said, dict):
            words = f"The userinfo endpoint answers {answer.status} {answer.kind}; right would be 200 and JSON."
            raise ProviderRefused("userinfo", words)
        # Without this, the answer to a token of somebody else would sign in as them (OpenID Connect Core 5.3.2).
        if said.get("sub") != payload["sub"]:
            raise ProviderRefused("userinfo-subject", "The userinfo endpoint speaks of another sub than the ID token.")
        return said

    def get_or_create_user(self, access_token: str, id_token: str, payload: dict[str, Any]) -> Said:
        """No account is looked for here: identity is issuer and subject, and `federation` knows those."""
        userinfo = self.get_userinfo(access_token, id_token, payload)
        source = payload if "email" in payload else userinfo
        if source.get("email") and _is(source.get("email_verified"), truth=False):
            words = "The provider says that the e-mail address is not verified (email_verified is false)."
            raise ProviderRefused("email-not-verified", words)
        verified_email = bool(source.get("email")) and _is(source.get("email_verified"), truth=True)
        return self._as_said(userinfo | payload, verified_email=verified_email)

    def _as_said(self, claims: dict[str, Any], *, verified_email: bool) -> Said:
        held = self.verified
        if held is None:
            raise ProviderRefused("no-id-token", "Nothing was verified.")
        auth_time, amr, sid = held.claims.get("auth_time"), held.claims.get("amr"), held.claims.get("sid")
        return Said(
            issuer=self.provider.issuer,
            subject=held.claims["sub"],
            claims=claims,
            email_verified=verified_email,
            authenticated_at=None if auth_time is None else tokens.instant(auth_time),
            acr=str(held.claims.get("acr") or ""),
            amr=tuple(one for one in amr if isinstance(one, str)) if isinstance(amr, list) else (),
            session=str(sid) if tokens.is_subject(sid) else "",
            id_token=held.token,
            evidence={"id_token": held.token, "jwk": json.dumps(held.key, sort_keys=True)},
        )

    def _authentication(self, payload: dict[str, str]) -> tuple[tuple[str, str] | None, dict[str, str]]:
        form = dict(payload)
        secret = form.pop("client_secret")
        if self.settings.token_endpoint_auth == "client_secret_post":  # noqa: S105  the name of a method
            return None, form | {"client_secret": secret}
        # Encoded first, so that a colon in the id is none (RFC 6749, section 2.3.1).
        return (quote_plus(form["client_id"]), quote_plus(secret)), form


def _refused_token(answer: Answer, said: Any) -> ProviderRefused:
    told: Mapping[str, Any] = said if isinstance(said, dict) else {}
    error = str(told.get("error", ""))[:60]
    words = ERRORS.get(error, str(told.get("error_description", ""))[:300])
    return ProviderRefused(
        f"token-{error}" if error in ERRORS else "token-refused",
        f"The provider's token endpoint answers {answer.status} {error or 'without a word'}. {words}".strip(),
    )


def _is(value: object, *, truth: bool) -> bool:
    """Some providers send booleans as text."""
    return value is truth or (isinstance(value, str) and value.lower() == str(truth).lower())
