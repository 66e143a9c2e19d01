"""The keys that a provider signs with: kept ten minutes; for one not among them asked again, at most once a minute."""

from typing import Any, Final

import jwt
from django.core.cache import cache

from tenants import signing
from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.outbound import Client, OutboundRefused

KEPT_SECONDS: Final = 600
# How long a failed fetch is remembered.
FAILURE_SECONDS: Final = 30
# Tokens with invented key ids must not make us ask the provider as often as they come.
REFETCH_SECONDS: Final = 60
MOST_KEYS: Final = 50
# By the beginning of an algorithm's name: RSA, elliptic curves, Edwards curves.
KEY_TYPES: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


def find(jwks_uri: str, *, kid: str | None, algorithm: str, client: Client) -> dict[str, Any]:
    """The public JWK that this token says it was signed with. Raises ProviderRefused."""
    found = _matching(_kept(jwks_uri, client), kid, algorithm)
    if not found and cache.add(_key("refetch", jwks_uri), 1, timeout=REFETCH_SECONDS):
        found = _matching(_fetch(jwks_uri, client), kid, algorithm)
    if len(found) != 1:
        words = (
            f"The token names the key {kid!r} ({algorithm}), and {len(found)} keys at {jwks_uri} match; right is one."
        )
        raise ProviderRefused("unknown-key", f"{words} If the provider has just changed its keys, try in a minute.")
    return found[0]


def public_key(jwk: dict[str, Any], algorithm: str) -> Any:
    """Raises ProviderRefused for what is no public key of this algorithm."""
    try:
        return jwt.PyJWK(jwk, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise ProviderRefused("bad-key", "The provider's key for this token cannot be read.") from wrong


def _kept(jwks_uri: str, client: Client) -> list[dict[str, Any]]:
    kept = cache.get(_key("jwks", jwks_uri))
    return kept if isinstance(kept, list) else _fetch(jwks_uri, client)


def _fetch(jwks_uri: str, client: Client) -> list[dict[str, Any]]:
    if cache.get(_key("jwks-failed", jwks_uri)):
        # Anybody can make us ask; a provider that does not answer must not hold threads.
        raise ProviderRefused("keys-unavailable", "The provider's keys could not be had a moment ago. Try in a minute.")
    try:
        answer = client.get(jwks_uri, headers={"Accept": "application/jwk-set+json, application/json"})
        said = answer.json() if answer.status == 200 else None
    except OutboundRefused as refused:
        cache.set(_key("jwks-failed", jwks_uri), 1, timeout=FAILURE_SECONDS)
        words = f"The provider's keys cannot be had. {refused.words}"
        raise ProviderRefused(f"keys-{refused.code}", words) from refused
    keys = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise ProviderRefused("keys-unreadable", f"At {jwks_uri} there is no set of keys (JWKS).")
    known = [_public(key) for key in keys if isinstance(key, dict) and key.get("kty") in KEY_TYPES.values()]
    cache.set(_key("jwks", jwks_uri), known, timeout=KEPT_SECONDS)
    return known


def _matching(keys: list[dict[str, Any]], kid: str | None, algorithm: str) -> list[dict[str, Any]]:
    """A token without `kid` is for a provider with one fitting key."""
    kty = KEY_TYPES.get(algorithm[:2])
    fit = [key for key in keys if key.get("kty") == kty and key.get("use", "sig") == "sig"]
    fit = [key for key in fit if key.get("alg", algorithm) == algorithm]
    return fit if kid is None else [key for key in fit if key.get("kid") == kid]


def _public(jwk: dict[str, Any]) -> dict[str, Any]:
    """Without the private half, should a provider publish it."""
    return {name: jwk[name] for name in ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y") if name in jwk}


def _key(what: str, jwks_uri: str) -> str:
    return f"oidc-{what}-{signing.digest(jwks_uri, purpose='oidc keys')}"
