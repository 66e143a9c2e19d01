"""Tokens that a provider signed: what must hold before a word of them is believed (ASVS 9.2, 10.5)."""

import re
from datetime import UTC, datetime
from typing import Any, Final

import jwt

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers.catalogue import ALGORITHMS, Oidc
from tenants.members.oidc.adapters import keys
from tenants.members.oidc.catalogue import (
    LEEWAY,
    LOGOUT_AGE,
    LOGOUT_EVENT,
    LOGOUT_TYPE,
    LONGEST_SUBJECT,
    LONGEST_TOKEN,
    Expected,
    LoggedOut,
    Verified,
)
from tenants.members.oidc.hashing import hash_of_token
from tenants.outbound import Client

ID_TOKEN: Final = ("exp", "iat", "sub", "iss", "aud")
LOGOUT: Final = ("exp", "iat", "iss", "aud", "jti", "events")
COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def header_of(token: str, settings: Oidc) -> dict[str, Any]:
    """The header of a token whose algorithm is taken here; nothing of it is verified yet. Raises ProviderRefused."""
    if len(token) > LONGEST_TOKEN or not COMPACT.fullmatch(token):
        raise ProviderRefused("no-token", "What came is no signed token (JWT) of three parts.")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as wrong:
        raise ProviderRefused("no-token", "What came is no signed token (JWT).") from wrong
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or algorithm not in settings.algorithms:
        wanted = ", ".join(one for one in settings.algorithms if one in ALGORITHMS)
        raise ProviderRefused("algorithm", f"The token is signed with {algorithm!r}; right would be {wanted}.")
    return header


def verified(
    token: str,
    *,
    issuer: str,
    settings: Oidc,
    client: Client,
    now: datetime,
    required: tuple[str, ...] = ID_TOKEN,
) -> Verified:
    """Signature, issuer, audience, times, and the claims that must be there. Raises ProviderRefused."""
    header = header_of(token, settings)
    algorithm = str(header["alg"])
    kid = header.get("kid")
    jwk = keys.find(settings.jwks_uri, kid=kid if kid is None else str(kid), algorithm=algorithm, client=client)
    claims = _decoded(token, keys.public_key(jwk, algorithm), algorithm, issuer, settings.client_id, required)
    _in_time(claims, now)
    return Verified(token=token, algorithm=algorithm, claims=claims, key=jwk)


def id_token_holds(said: Verified, expected: Expected, *, settings: Oidc, access_token: str, now: datetime) -> None:
    """What only an ID token must say. Raises ProviderRefused."""
    claims = said.claims
    if claims.get("nonce") != expected.nonce:
        raise ProviderRefused("nonce", "The token answers another request: its nonce is not the one that was sent.")
    if not is_subject(claims["sub"]):
        raise ProviderRefused("subject", "The token's sub must be text of 1 to 255 ASCII characters.")
    _authorised_party(claims, settings.client_id)
    wanted = claims.get("at_hash")
    if wanted is not None and wanted != hash_of_token(access_token, said.algorithm):
        raise ProviderRefused("at_hash", "The access token is not the one that the ID token was issued with.")
    if expected.acr_values and claims.get("acr") not in expected.acr_values:
        words = f"The provider says acr {claims.get('acr')!r}; required is one of {', '.join(expected.acr_values)}."
        raise ProviderRefused("acr", words)
    if expected.not_before is not None:
        _fresh(claims, expected.not_before, now)


def logged_out(said: Verified, *, now: datetime) -> LoggedOut:
    """What a logout token asks for (OpenID Connect Back-Channel Logout 1.0, section 2.6). Raises ProviderRefused."""
    claims, kind = said.claims, str(jwt.get_unverified_header(said.token).get("typ", "")).lower()
    if kind.removeprefix("application/") != LOGOUT_TYPE:
        raise ProviderRefused("logout-type", f"The token's typ is {kind!r}; a logout token has {LOGOUT_TYPE!r}.")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise ProviderRefused("logout-event", "The token's events do not name the back-channel logout.")
    if "nonce" in claims:
        raise ProviderRefused("logout-nonce", "A logout token has no nonce: this could be an ID token.")
    if now - instant(claims["iat"]) > LOGOUT_AGE:
        raise ProviderRefused("logout-late", "The logout token is older than two minutes.")
    subject, session, jti = claims.get("sub", ""), claims.get("sid", ""), claims["jti"]
    named = [one for one in (subject, session) if one != ""]
    if not named or not all(is_subject(one) for one in (*named, jti)):
        raise ProviderRefused("logout-of-nobody", "A logout token names a sub, a sid or both, and has a jti.")
    return LoggedOut(subject=subject, session=session, jti=jti)


def is_subject(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT and value.isascii()


def instant(seconds: object) -> datetime:
    """Seconds since 1970 as an aware instant. Raises ProviderRefused."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ProviderRefused("no-time", "A time in the token is no number of seconds.")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as wrong:
        raise ProviderRefused("no-time", "A time in the token lies outside all calendars.") from wrong


def _decoded(
    token: str, key: Any, algorithm: str, issuer: str, audience: str, required: tuple[str, ...]
) -> dict[str, Any]:
    """Times are compared with the `now` that is passed in, the rest by the library."""
    options: Any = {"require": list(required), "verify_exp": False, "verify_iat": False, "verify_nbf": False,
                    "strict_aud": False, "verify_sub": False, "verify_jti": False}  # fmt: skip
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm], issuer=issuer, audience=audience, options=options)
    except jwt.MissingRequiredClaimError as missing:
        raise ProviderRefused("missing-claim", f"The token does not say {missing.claim}.") from missing
    except jwt.InvalidIssuerError as wrong:
        raise ProviderRefused("issuer", f"The token was issued by another than {issuer}.") from wrong
    except jwt.InvalidAudienceError as wrong:
        words = f"The token is for another client: its aud does not name the client id {audience}."
        raise ProviderRefused("audience", words) from wrong
    except jwt.InvalidSignatureError as wrong:
        raise ProviderRefused("signature", "The token's signature does not hold with the provider's key.") from wrong
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as wrong:
        raise ProviderRefused("no-token", "The token cannot be read.") from wrong
    return dict(claims)


def _in_time(claims: dict[str, Any], now: datetime) -> None:
    if instant(claims["exp"]) <= now - LEEWAY:
        raise ProviderRefused("expired", "The token is over. Compare the clocks: more than 60 seconds are not taken.")
    for name in ("iat", "nbf"):
        if claims.get(name) is not None and instant(claims[name]) > now + LEEWAY:
            raise ProviderRefused("not-yet", f"The token's {name} lies more than 60 seconds ahead of our clock.")


def _authorised_party(claims: dict[str, Any], client_id: str) -> None:
    """OpenID Connect Core 3.1.3.7, 4 and 5: a token for several names the one that asked for it."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp")
    if (party is None and several) or (party is not None and party != client_id):
        raise ProviderRefused("authorised-party", f"The token was issued to another client than {client_id} (azp).")


def _fresh(claims: dict[str, Any], not_before: datetime, now: datetime) -> None:
    if claims.get("auth_time") is None:
        words = "The provider does not say when the person authenticated. Let it send auth_time."
        raise ProviderRefused("no-auth-time", words)
    if instant(claims["auth_time"]) < not_before - LEEWAY:
        words = "The person was not asked to authenticate anew. The provider must obey prompt=login and max_age=0."
        raise ProviderRefused("not-fresh", words)
    if instant(claims["auth_time"]) > now + LEEWAY:
        raise ProviderRefused("not-yet", "The token's auth_time lies more than 60 seconds ahead of our clock.")
