"""To a SAML provider and back, the end of sessions, and the keys that we have for it."""

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from django.http import HttpRequest
from django.urls import reverse

from audit import context
from audit.subject_keys.queries import seal_secret
from tenants.members.accounts.queries import with_permission
from tenants.members.arrivals import actions as arrivals
from tenants.members.arrivals.catalogue import Attempt, ProviderRefused, Purpose, Said
from tenants.members.ceremonies import actions as ceremonies
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.catalogue import Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind
from tenants.members.outbox import actions as outbox
from tenants.members.saml import queries
from tenants.members.saml.adapters import logout, messages, responses, statements
from tenants.members.saml.adapters.party import party
from tenants.members.saml.catalogue import DRIFT, FRESH_DRIFT, REMEMBERED
from tenants.members.sessions import actions as sessions
from tenants.members.sessions.catalogue import Door, Method
from tenants.tenancy.queries import name_here
from tenants.wakeups.actions import wake

LEAVING: Final = "saml leaving"
LEAVING_LIVES: Final = timedelta(minutes=2)
KEEPER: Final = context.service("keeper of certificates")

log = structlog.get_logger(__name__)


class KeysRefused(Exception):
    """There are no keys yet, or others are being rolled over; the text says so."""


def start(request: HttpRequest, provider: IdentityProvider, attempt: Attempt, *, now: datetime) -> str:
    """Remember the attempt and give the address at the provider, with a signed AuthnRequest. Raises ProviderRefused."""
    sides = party(provider, now)
    request_id = arrivals.begin(request, provider, attempt, secret=_request_id(attempt))
    return messages.sign_in_url(sides, request_id=request_id, fresh=attempt.asks_anew, now=now)


def attempt_of(request: HttpRequest, provider: IdentityProvider, answer: responses.Answer, *, now: datetime) -> Attempt:
    """What this answers, taken once, in the browser that began it. Raises ProviderRefused.

    What answers nothing is taken only where the provider is allowed to begin, and only to sign in.
    """
    if not answer.in_response_to:
        if not providers.saml(provider).allows_unsolicited:
            raise ProviderRefused(
                "unsolicited",
                "The response answers no request of ours (InResponseTo). Begin at the sign-in page here, or allow this "
                "provider to begin.",
            )
        return Attempt(purpose=Purpose.SIGN_IN, provider=str(provider.pk), begun_at=now)
    attempt = arrivals.take(request, answer.in_response_to, now)
    if attempt.provider != str(provider.pk):
        raise ProviderRefused("other-provider", "The response answers a request that was sent to another provider.")
    return attempt


def answered(provider: IdentityProvider, attempt: Attempt, answer: responses.Answer, *, now: datetime) -> Said:
    """What the provider says of who comes with this. Raises ProviderRefused for whatever does not hold."""
    sides = party(provider, now)
    verified = responses.verify(sides, answer, request_id=answer.in_response_to, now=now)
    said = statements.read(sides, verified)
    if queries.wants_fresh(attempt):
        _check_fresh(said, attempt, now)
    _spend(provider, verified, now)
    return replace(said, evidence={**said.evidence, "request_id": answer.in_response_to})


def log_out(provider: IdentityProvider, query: str, *, now: datetime) -> str | None:
    """Do what a sign-out message of the provider says, and give the address that the browser goes on to there.

    None when it only answers ours, or the provider takes no answer. Raises ProviderRefused; each message is good once.
    """
    sides = party(provider, now)
    message = logout.read(sides, query, now)
    try:
        spent = f"{provider.issuer}|{message.message_id}"
        ceremonies.spend("saml logout", secret=spent, until=now + 2 * DRIFT + REMEMBERED, now=now)
    except ceremonies.Spent as again:
        raise ProviderRefused("replay", "This sign-out message came before.") from again
    if not message.asks:
        return None
    for session in message.sessions or ("",):
        if message.subject:
            sessions.end_of_provider(provider_id=provider.pk, subject=message.subject, session=session)
    if not sides.kept.slo_url:
        return None
    return messages.signed_out_url(
        sides, message_id=_fresh_id(), answers=message.message_id, relay_state=message.relay_state, now=now
    )


def sign_out_url(door: Door, *, now: datetime) -> str | None:
    """A page of ours that goes on to the provider's sign-out, for a session that has just ended here; or None.

    Not the provider's address itself: a form of ours may only lead to ourselves (`form-action`), redirects included.
    """
    provider = queries.known(door.provider_id) if door.method is Method.SAML and door.provider_id else None
    if provider is None or not providers.saml(provider).slo_url:
        return None
    try:
        address = messages.sign_out_url(
            party(provider, now),
            request_id=_fresh_id(),
            name=door.provider_subject,
            session=door.provider_session,
            now=now,
        )
    except ProviderRefused:
        # Signed out here all the same.
        return None
    secret = secrets.token_urlsafe(32)
    ceremonies.begin(LEAVING, secret=secret, content={"address": address}, life=LEAVING_LIVES, now=now)
    return reverse("saml-leaving", args=[secret])


def leaving(secret: str, *, now: datetime) -> str | None:
    """Where to go on to, once; None for what is unknown, over or used."""
    kept = ceremonies.finish(LEAVING, secret=secret, now=now)
    return str(kept["address"]) if kept else None


def make_keys(provider: IdentityProvider, *, actor: context.Actor, now: datetime, reason: str) -> IdentityProvider:
    """Our first pair for this provider (RSA 3072): signs what we ask, opens what it encrypts. Raises KeysRefused."""
    with context.regulated_write(actor=actor, reason=reason):
        row = _locked(provider)
        if providers.saml(row).own_certificates:
            raise KeysRefused("There are keys already. Roll them over instead.")
        return _keep_keys(row, *certificates.make(_host(), now), keys=[], pems=(), now=now)


def roll_keys(provider: IdentityProvider, *, actor: context.Actor, now: datetime, reason: str) -> IdentityProvider:
    """A second pair beside the first: both stand in our metadata until `confirm_keys`. Raises KeysRefused."""
    with context.regulated_write(actor=actor, reason=reason):
        row = _locked(provider)
        pems, keys = providers.saml(row).own_certificates, queries.private_keys(row)
        if len(pems) != 1:
            raise KeysRefused("Keys are being rolled over already." if pems else "There are no keys yet.")
        return _keep_keys(row, *certificates.make(_host(), now), keys=keys, pems=pems, now=now)


def confirm_keys(provider: IdentityProvider, *, actor: context.Actor, now: datetime, reason: str) -> IdentityProvider:
    """The provider has the new metadata: the old pair goes, for good. Raises KeysRefused."""
    with context.regulated_write(actor=actor, reason=reason):
        row = _locked(provider)
        pems, keys = providers.saml(row).own_certificates, queries.private_keys(row)
        if len(pems) < 2:
            raise KeysRefused("No keys are being rolled over.")
        return _keep_keys(row, keys[0], pems[0], keys=[], pems=(), now=now)


def warn_of_ends(now: datetime) -> int:
    """The chore: tell of each certificate that ends in 30, 14 and 3 days, once each. Returns how many were told."""
    told = 0
    for provider in providers.active().filter(kind=Kind.SAML):
        kept = providers.saml(provider)
        due = [found for found in queries.warnings(provider) if found[0] <= now and found[1] not in kept.warned]
        if not due:
            continue
        with context.regulated_write(actor=KEEPER, reason="A certificate ends soon"):
            row = _locked(provider)
            _store(row, replace(providers.saml(row), warned=(*kept.warned, *(name for _, name, _, _ in due))))
            # Of several warnings that fell due together, one is told.
            ends = {one.fingerprint: (one, ours) for _, _, one, ours in due if not one.is_over(now)}
            for one, ours in ends.values():
                _tell(row, one, ours, now)
                told += 1
    return told


def _request_id(attempt: Attempt) -> str:
    """What is signed stands in the provider's own answer; otherwise 256 bits. An ID begins with no digit."""
    if attempt.purpose is Purpose.SIGN:
        return "_" + hashlib.sha256(attempt.intent.encode()).hexdigest()
    return _fresh_id()


def _fresh_id() -> str:
    return "_" + secrets.token_hex(32)


def _check_fresh(said: Said, attempt: Attempt, now: datetime) -> None:
    at = said.authenticated_at
    if at is None or at < attempt.begun_at - FRESH_DRIFT:
        raise ProviderRefused(
            "not-fresh",
            f"The person authenticated (AuthnInstant) {f'{at:%d %B %Y, %H:%M:%S} UTC' if at else 'at no time given'}, "
            "before being asked to do it anew. Let the provider obey ForceAuthn.",
        )
    if at > now + DRIFT:
        raise ProviderRefused("too-early", f"The person authenticates only at {at:%H:%M:%S} UTC, by the provider.")


def _spend(provider: IdentityProvider, verified: responses.Verified, now: datetime) -> None:
    """Whatever two requests do at the same time, one of them wins (ASVS 6.8.3)."""
    one = hashlib.sha256(f"{provider.issuer}|{verified.assertion.get('ID')}".encode()).hexdigest()
    try:
        ceremonies.spend("saml assertion", secret=one, until=verified.until + REMEMBERED, now=now)
    except ceremonies.Spent as again:
        raise ProviderRefused("replay", "This assertion was used before. Each is good once.") from again


def _locked(provider: IdentityProvider) -> IdentityProvider:
    return IdentityProvider.objects.select_for_update().get(pk=provider.pk)


def _keep_keys(
    row: IdentityProvider, key: str, pem: str, *, keys: list[str], pems: tuple[str, ...], now: datetime
) -> IdentityProvider:
    row.secret = seal_secret("".join((key, *keys)).encode(), providers.place_of_secret(row))
    _store(row, replace(providers.saml(row), own_certificates=(pem, *pems)))
    wake(now)
    return row


def _store(row: IdentityProvider, kept: Saml) -> None:
    row.settings = kept.stored()
    row.save(update_fields=["settings", "secret"])


def _host() -> str:
    return urlsplit(outbox.origin()).hostname or "complere"


def _tell(provider: IdentityProvider, one: certificates.Certificate, ours: bool, now: datetime) -> None:  # noqa: FBT001
    values: dict[str, Any] = {
        "provider": provider.name,
        "certificate": one,
        "ours": ours,
        "days": one.days_left(now),
        "sender_name": name_here(),
        "now": now,
        "link": outbox.link("saml-keys", provider.pk),
    }
    for person in with_permission("members.manage_access"):
        outbox.queue_email(
            to=person.email,
            subject_key=person.subject_key,
            template="saml-certificate",
            context={"person": person, **values},
            now=now,
            about=f"members.identityprovider:{provider.pk}",
        )
