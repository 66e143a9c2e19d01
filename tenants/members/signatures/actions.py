"""What a page shows a signer, sealed into the page, and what a passkey or an identity provider signs for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, NoReturn
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.sessions.backends.base import SessionBase
from django.core.signing import BadSignature
from django.urls import reverse

from audit.context import current_schema
from audit.ledger import queries as ledger
from audit.signatures import hashing
from audit.subject_keys.queries import seal_name
from tenants import signing as tokens
from tenants.members.accounts.models import User
from tenants.members.arrivals.catalogue import ANSWERED, LEFT, Purpose
from tenants.members.factors import actions as factors
from tenants.members.identity_providers.models import IdentityProvider

PURPOSE: Final = "signature"
# A page that lay open for longer is read again before it is signed.
PAGE_LIVES: Final = timedelta(hours=1)
CHALLENGE_LIVES: Final = timedelta(seconds=60)
CHALLENGE: Final = "signing challenge"
NOT_STATED: Final = "not stated"
# Parts of a provider's evidence that say who signed.
NAMES_SIGNER: Final = frozenset({"id_token", "assertion"})
# What proves a person is never written down.
NOT_KEPT: Final = frozenset({"csrfmiddlewaretoken", "password", "code", "passkey"})


class SentForm(NamedTuple):
    """A form on its way: where it is sent, and its fields in their order."""

    path: str
    fields: list[tuple[str, str]]


class SignElsewhere(Exception):
    """The signer confirms at the identity provider first; `url` leads there."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


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
    intent = intent_of(user, seen, meaning, now)
    session[CHALLENGE] = {"intent": intent, "nonce": seen["nonce"], "meaning": meaning, "at": now.isoformat()}
    return factors.begin(user, bytes.fromhex(hashing.digest(intent)))


def take_challenge(session: SessionBase, nonce: str, meaning: str, now: datetime) -> str | None:
    """The intent that the last challenge was made from, if it was for this page and meaning and is fresh; used up."""
    kept = session.pop(CHALLENGE, None)
    if not kept or (kept["nonce"], kept["meaning"]) != (nonce, meaning):
        return None
    return str(kept["intent"]) if now - datetime.fromisoformat(kept["at"]) <= CHALLENGE_LIVES else None


def leave(
    user: User,
    session: SessionBase,
    form: SentForm,
    seen: Mapping[str, Any],
    *,
    meaning: str,
    provider: IdentityProvider,
    now: datetime,
) -> NoReturn:
    """Send somebody to their own identity provider to sign in anew, for exactly what the page shows: `SignElsewhere`.

    The intent's SHA-256 travels as OpenID Connect nonce or SAML request id (P11-200a1). What was typed stays in the
    session, which is ciphertext; neither password nor code is kept.
    """
    session[LEFT] = {
        "intent": intent_of(user, seen, meaning, now),
        "nonce": seen["nonce"],
        "meaning": meaning,
        "provider": str(provider.pk),
        "path": form.path,
        "fields": [[name, value] for name, value in form.fields if name not in NOT_KEPT],
    }
    session.pop(ANSWERED, None)
    query = urlencode({"purpose": Purpose.SIGN.value, "next": reverse("signing-return")})
    raise SignElsewhere(f"{reverse('sso-start', args=[provider.pk])}?{query}")


def take_answer(
    session: SessionBase, nonce: str, meaning: str, provider: str, now: datetime
) -> Mapping[str, Any] | None:
    """What the provider answered for this page and meaning, if it did so just now; used up."""
    left, answer = session.get(LEFT), session.get(ANSWERED)
    if not left or not answer or answer["intent"] != left["intent"]:
        return None
    if (left["nonce"], left["meaning"], left["provider"]) != (nonce, meaning, provider):
        return None
    session.pop(LEFT)
    session.pop(ANSWERED)
    age = now - datetime.fromisoformat(answer["authenticated_at"])
    return answer if age <= CHALLENGE_LIVES else None


def components(user: User, provider: IdentityProvider, answer: Mapping[str, Any]) -> factors.Components:
    """The sign-in at the provider as evidence of the signature, with what an inspector verifies again.

    Token or assertion names the signer: it is sealed under their key, the provider's public key stands in the clear.
    """
    evidence = {name: str(value) for name, value in answer["evidence"].items()}
    sealed = {name: seal_name(value, user.subject_key) for name, value in evidence.items() if name in NAMES_SIGNER}
    detail = {
        **evidence,
        **sealed,
        "provider": provider.name,
        "issuer": str(answer["issuer"]),
        "challenge": str(answer["intent"]),
    }
    at = datetime.fromisoformat(answer["authenticated_at"])
    # Who one is, is one component; how the provider made sure is the other, in its own words where it has any.
    ways = answer["methods"] or [NOT_STATED]
    return factors.Components((provider.kind, *ways), at, detail)


def intent_of(user: User, seen: Mapping[str, Any], meaning: str, now: datetime) -> str:
    """All that is about to be signed, as canonical JSON."""
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
    return hashing.intent(said)


def _told(key: str, version: int, was: str) -> dict[str, Any]:
    """One record of an intent: the version that was shown, and its leaf in the log."""
    kind, pk = key.split(":", 1)
    leaf = ledger.leaf_of(apps.get_model(kind)._meta.db_table, pk, version)
    return {"record": key, "version": version, "leaf": leaf, "from": was}
