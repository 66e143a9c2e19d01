"""A signature in words: what was signed, by whom, when, what for, and whether it still holds."""

from typing import Any
from zoneinfo import ZoneInfo

from audit.presenters import Story
from audit.signatures import queries as signatures
from audit.signatures.models import Signature
from audit.signed_records import queries
from audit.trail import presenters as trail
from audit.transitions import label

METHODS = {
    "password": "password",
    "totp": "one-time code of an authenticator app",
    "passkey": "passkey that knew its owner",
    "oidc": "fresh sign-in at the signer's identity provider (OpenID Connect)",
    "saml": "fresh sign-in at the signer's identity provider (SAML)",
    # How it says that it asked (RFC 8176).
    "not stated": "a way that the provider does not state",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password": "password there",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport": "password there",
    "pwd": "password there",
    "mfa": "several factors there",
    "otp": "one-time code there",
    "hwk": "hardware key there",
    "swk": "software key there",
    "fpt": "fingerprint there",
    "face": "face there",
    "pin": "PIN there",
    "session": "the password given earlier in the same session",
}


def page(signature: Signature, story: Story, title: str, zone: ZoneInfo) -> dict[str, Any]:
    """The context of the page that verifies a signature."""
    version = queries.signed_version(signature, story)
    told = trail.entries([version], zone)[0].changes if version else []
    standing = signatures.standing(signature)
    return {
        "title": title,
        "signature": signature,
        "shown": queries.shown(signature),
        "standing": standing,
        "content": [change for change in told if change.new != trail.NOTHING],
        "step": f"from {label(signature.from_state)} to {label(signature.to_state)}",
        "methods": " and ".join(METHODS.get(method, method) for method in signature.methods),
        "signed_at": trail.moment(signature.signed_at, ZoneInfo(signature.time_zone)),
        "authenticated_at": trail.moment(signature.authenticated_at, ZoneInfo(signature.time_zone)),
        "kind": story.kind,
        "zone": zone.key,
    }
