from datetime import datetime
from typing import Any

from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.saml import queries
from tenants.members.saml.catalogue import WARNINGS

STEPS = {
    "make": ("Make our keys", "We need a pair of keys before this provider can trust what we send."),
    "roll": (
        "Make a new pair",
        "The old pair goes on working until you confirm that the provider has the new one.",
    ),
    "confirm": (
        "The provider has the new one",
        "Upload our metadata at the provider first. After this the old pair is gone, with all that is encrypted to it.",
    ),
}


def next_act(provider: IdentityProvider, wanted: str) -> str:
    """What can be done with our keys now; `wanted` is what was asked for, which may be over."""
    held = len(providers.saml(provider).own_certificates)
    return wanted if wanted in STEPS else ("make", "roll")[held] if held < 2 else "confirm"


def keys_page(provider: IdentityProvider, act: str, tz: str, now: datetime) -> dict[str, Any]:
    kept, where = providers.saml(provider), queries.addresses(provider)
    label, explained = STEPS[act]
    return {
        "provider": provider,
        "act": act,
        "act_label": label,
        "act_explained": explained,
        "has_keys": bool(kept.own_certificates),
        "addresses": [
            {"label": "Entity id (audience)", "value": where.entity_id},
            {"label": "Assertion consumer service (HTTP-POST)", "value": where.acs},
            {"label": "Single logout (HTTP-Redirect, signed)", "value": where.slo},
        ],
        "groups": [
            {"heading": "Our certificates", "rows": _rows(kept.own_certificates, tz, now)},
            {"heading": "The provider's certificates", "rows": _rows(kept.certificates, tz, now)},
        ],
        "tz": tz,
    }


def state_of(one: certificates.Certificate, now: datetime) -> tuple[str, str]:
    """Tone and word for a certificate."""
    if one.is_over(now):
        return "failed", "Over: not taken any more"
    days = one.days_left(now)
    return ("attention", f"Ends in {days} days") if days < WARNINGS[0] else ("verified", "In force")


def _rows(pems: tuple[str, ...], tz: str, now: datetime) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    for one in certificates.known(pems):
        tone, word = state_of(one, now)
        found.append(
            [
                {"term": "State", "text": word, "tone": tone},
                {"term": "Subject", "text": one.subject},
                {"term": "Key", "text": one.key},
                {"term": "Valid to", "at": one.not_after, "tz": tz},
                {"term": "SHA-256", "text": one.fingerprint},
            ]
        )
    return found
