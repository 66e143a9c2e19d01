"""What a page shows a signer, sealed into the page, and the challenge that a passkey signs for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.apps import apps
from django.contrib.sessions.backends.base import SessionBase
from django.core.signing import BadSignature

from audit.context import current_schema
from audit.ledger import queries as ledger
from audit.signatures import hashing
from tenants import signing as tokens
from tenants.members.accounts.models import User
from tenants.members.factors import actions as factors

PURPOSE: Final = "signature"
# A page that lay open for longer is read again before it is signed.
PAGE_LIVES: Final = timedelta(hours=1)
CHALLENGE_LIVES: Final = timedelta(seconds=60)
CHALLENGE: Final = "signing challenge"


def seal(content: Mapping[str, Any]) -> str:
    """What is shown, as a token that opens in this schema only."""
    return tokens.sign(dict(content), purpose=PURPOSE)


def read(token: str, user: User) -> Mapping[str, Any] | None:
    """What a page told that this person was about to sign; None when it is old, foreign or altered."""
    try:
        content = tokens.unsign(token, purpose=PURPOSE, max_age_seconds=int(PAGE_LIVES.total_seconds()))
    except BadSignature:
        return None
    return content if isinstance(content, dict) and content.get("signer") == str(user.pk) else None


def make_challenge(
    user: User, session: SessionBase, *, token: str, meaning: str, now: datetime
) -> dict[str, Any] | None:
    """Have a passkey asked for exactly what the page shows: the challenge is the SHA-256 of the intent (P11-200a1).

    Gives what the browser needs; None when the page is old or foreign. It holds for a minute, and once.
    """
    seen = read(token, user)
    if seen is None:
        return None
    said = {
        "v": 1,
        "tenant": current_schema(),
        "records": [_told(key, *found) for key, found in sorted(seen["records"].items())],
        "to": seen["to"],
        "meaning": meaning,
        "signer": str(user.pk),
        "nonce": seen["nonce"],
        "created": now.isoformat(),
    }
    intent = hashing.intent(said)
    session[CHALLENGE] = {"intent": intent, "nonce": seen["nonce"], "meaning": meaning, "at": now.isoformat()}
    return factors.begin(user, bytes.fromhex(hashing.digest(intent)))


def take_challenge(session: SessionBase, nonce: str, meaning: str, now: datetime) -> str | None:
    """The intent that the last challenge was made from, if it was for this page and meaning and is fresh; used up."""
    kept = session.pop(CHALLENGE, None)
    if not kept or (kept["nonce"], kept["meaning"]) != (nonce, meaning):
        return None
    return str(kept["intent"]) if now - datetime.fromisoformat(kept["at"]) <= CHALLENGE_LIVES else None


def _told(key: str, version: int, was: str) -> dict[str, Any]:
    """One record of an intent: the version that was shown, and its leaf in the log."""
    kind, pk = key.split(":", 1)
    leaf = ledger.leaf_of(apps.get_model(kind)._meta.db_table, pk, version)
    return {"record": key, "version": version, "leaf": leaf, "from": was}
