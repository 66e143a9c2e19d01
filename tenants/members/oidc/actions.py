"""To a provider and back: asking, verifying what comes, ending sessions (OpenID Connect Core 1.0, RFC 9700)."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
import structlog
from django.http import HttpRequest
from django.urls import reverse
from mozilla_django_oidc.utils import generate_code_challenge

from audit.subject_keys.hashing import from_token, to_token
from audit.subject_keys.queries import open_secret, seal_secret
from tenants import signing
from tenants.members.arrivals import actions as arrivals
from tenants.members.arrivals.catalogue import Attempt, ProviderRefused, Purpose, Said
from tenants.members.ceremonies import actions as ceremonies
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.oidc import queries
from tenants.members.oidc.adapters import tokens
from tenants.members.oidc.adapters.relying_party import RelyingParty
from tenants.members.oidc.catalogue import LEEWAY, LOGOUT_AGE, LONGEST_TOKEN, Expected
from tenants.members.oidc.hashing import nonce_of_intent
from tenants.members.outbox.actions import link
from tenants.members.sessions import actions as sessions
from tenants.members.sessions.catalogue import Door
from tenants.outbound import Client

LEAVING: Final = "oidc leaving"
LEAVING_LIVES: Final = timedelta(minutes=2)
LONGEST_ANSWER: Final = 4096
PLACE: Final = "members.ceremony.leaving"

log = structlog.get_logger(__name__)


def start(request: HttpRequest, provider: IdentityProvider, attempt: Attempt) -> str:
    """Remember the attempt and give the address at the provider. Raises ProviderRefused."""
    settings = providers.oidc(provider)
    state = arrivals.begin(request, provider, attempt)
    asked = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": link("oidc-callback"),
        "scope": " ".join(dict.fromkeys(("openid", *settings.scopes))),
        "state": state,
        "nonce": _nonce(attempt, state),
        "code_challenge": generate_code_challenge(_verifier(state), "S256"),
        "code_challenge_method": "S256",
    }
    if attempt.asks_anew:
        asked |= {"prompt": "login", "max_age": "0"}
    if settings.acr_values:
        asked["acr_values"] = " ".join(settings.acr_values)
    return queries.with_query(settings.authorization_endpoint, asked)


def answered(
    provider: IdentityProvider,
    attempt: Attempt,
    answer: Mapping[str, str],
    *,
    now: datetime,
    client: Client | None = None,
) -> Said:
    """What the provider says of who comes back with this answer. Raises ProviderRefused, whatever goes wrong."""
    settings = providers.oidc(provider)
    issuer = answer.get("iss")
    # RFC 9207: an answer of one provider must not be taken for that of another (ASVS 10.2.2).
    if (issuer is not None or settings.sends_issuer) and issuer != provider.issuer:
        raise ProviderRefused("mix-up", f"The answer came from another issuer (iss) than {provider.issuer}.")
    if "error" in answer:
        raise _provider_says_no(answer)
    state, code = answer.get("state", ""), answer.get("code", "")
    if not code or len(code) > LONGEST_ANSWER:
        raise ProviderRefused("no-code", "The provider's answer holds no code.")
    expected = Expected(
        nonce=_nonce(attempt, state),
        acr_values=settings.acr_values,
        not_before=attempt.begun_at if queries.wants_fresh(attempt) else None,
    )
    party = RelyingParty(provider, expected, now=now, client=client)
    return party.said(code, _verifier(state), callback=link("oidc-callback"))


def log_out(token: str, *, now: datetime, client: Client | None = None) -> int:
    """End what a logout token names (Back-Channel Logout 1.0, ASVS 7.6.1). Returns how many sessions ended.

    Raises ProviderRefused, also for a token that came before.
    """
    claims = _unverified(token)
    provider = queries.of_logout(claims.get("iss"), claims.get("aud"))
    if provider is None:
        raise ProviderRefused("logout-of-another", "The logout token names no provider and client of this workspace.")
    said = tokens.verified(
        token,
        issuer=provider.issuer,
        settings=providers.oidc(provider),
        client=client or Client(),
        now=now,
        required=tokens.LOGOUT,
    )
    gone = tokens.logged_out(said, now=now)
    until = tokens.instant(said.claims["iat"]) + LOGOUT_AGE + LEEWAY
    try:
        ceremonies.spend("logout token", secret=f"{provider.pk}|{gone.jti}", until=max(until, now + LEEWAY), now=now)
    except ceremonies.Spent as again:
        raise ProviderRefused("logout-again", "This logout token came before (jti).") from again
    return sessions.end_of_provider(provider_id=provider.pk, subject=gone.subject, session=gone.session)


def sign_out_url(door: Door, *, now: datetime) -> str | None:
    """A page of ours that goes on to the provider's sign-out, for a session that has just ended here; or None.

    Not the provider's address itself: a form of ours may only lead to ourselves (`form-action`), redirects included.
    """
    address = queries.end_session_url(door)
    if address is None:
        return None
    secret = secrets.token_urlsafe(32)
    # The ID token in it speaks of a person.
    sealed = to_token(seal_secret(address.encode(), PLACE))
    ceremonies.begin(LEAVING, secret=secret, content={"address": sealed}, life=LEAVING_LIVES, now=now)
    return reverse("oidc-leaving", args=[secret])


def leaving(secret: str, *, now: datetime) -> str | None:
    """Where to go on to, once; None for what is unknown, over or used."""
    kept = ceremonies.finish(LEAVING, secret=secret, now=now)
    return open_secret(from_token(kept["address"]), PLACE).decode() if kept else None


def _nonce(attempt: Attempt, state: str) -> str:
    """What is signed stands in the token itself; otherwise 256 bits that nobody without our key can tell from state."""
    if attempt.purpose is Purpose.SIGN:
        return nonce_of_intent(attempt.intent)
    return signing.digest(state, purpose="oidc nonce")


def _verifier(state: str) -> str:
    """RFC 7636: 64 characters, 256 bits, kept nowhere, as only our key makes it out of the state."""
    return signing.digest(state, purpose="oidc code verifier")


def _provider_says_no(answer: Mapping[str, str]) -> ProviderRefused:
    error, described = answer["error"][:60], answer.get("error_description", "")[:300]
    return ProviderRefused("provider-refused", f"The provider answers “{error}”. {described}".strip())


def _unverified(token: str) -> dict[str, Any]:
    """Only to find out whose key verifies it. Raises ProviderRefused."""
    try:
        if len(token) > LONGEST_TOKEN:
            raise ValueError
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as wrong:
        raise ProviderRefused("no-token", "What came is no logout token.") from wrong
    return dict(claims)
