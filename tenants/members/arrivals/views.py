"""Leaving for an identity provider, and coming back, whatever the protocol."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import structlog
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit import watch
from audit.context import current_request
from tenants.members.access import public_door, to_sign_in, too_many
from tenants.members.access import refused as not_allowed
from tenants.members.access_policies.catalogue import STEP_UP
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.queries import signed_in
from tenants.members.arrivals import actions
from tenants.members.arrivals.catalogue import ANSWERED, LEFT, POLICY, Attempt, ProviderRefused, Purpose, Said
from tenants.members.entrance import actions as entrance
from tenants.members.entrance import queries as entrance_queries
from tenants.members.federation import actions as federation
from tenants.members.federation import queries as identities
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State
from tenants.members.sessions import actions as sessions
from tenants.members.sessions import queries as session_queries
from tenants.members.sessions.catalogue import Method

# One address may be a whole company on a Monday morning; who is signed in is counted alone.
STARTS_PER_ADDRESS: Final = 1200
STARTS_PER_PERSON: Final = 60
REFUSALS_AN_ADDRESS: Final = 60
MINUTE: Final = timedelta(minutes=1)
STARTS_REMEMBERED: Final = timedelta(minutes=10)
LONGEST_PATH: Final = 2000
OTHER_PERSON = "Somebody else is signed in now than when this was begun."

log = structlog.get_logger(__name__)


@public_door
@never_cache
@require_safe
def start(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Check what is wanted, and hand it to the protocol. `?purpose=` is a Purpose, `?next=` a path of this host."""
    provider, purpose = _provider_or_404(provider_id), _purpose_or_404(request)
    if _starts_too_often(request):
        return too_many(request, int(STARTS_REMEMBERED.total_seconds()))
    now = timezone.now()
    if (held := _held_back(request, purpose, now)) is not None:
        return held
    if purpose is not Purpose.TEST and (provider.state != State.ACTIVE or not providers.plan_allows()):
        # As if there were none: strangers learn nothing of what is being set up.
        raise Http404
    attempt = _attempt(request, provider, purpose, now)
    ticket = actions.hand_over(request, attempt, now=now)
    way = f"{reverse(f'{provider.kind}-start', args=[provider.pk])}?{urlencode({'ticket': ticket})}"
    return actions.bound(request, redirect(way))


@public_door
@never_cache
@require_safe
def arrived(request: HttpRequest) -> HttpResponse:
    """The request after a POST from the provider's page: this one carries the cookies of this host."""
    now = timezone.now()
    try:
        attempt, said = actions.take_answer(request, request.GET.get("answer", ""), now)
    except actions.RefusedEarlier as earlier:
        return refused(request, None, earlier.attempt, earlier, now=now)
    except ProviderRefused as unknown:
        return refused(request, None, None, unknown, now=now)
    return finish(request, attempt, said, now=now)


def finish(request: HttpRequest, attempt: Attempt, said: Said, *, now: datetime) -> HttpResponse:
    """What the attempt was for, done with what the provider said. Never raises ProviderRefused: it is answered."""
    if request.method == "POST":
        return _answered_later(request, attempt, said, now)
    provider = providers.of_attempt(attempt.provider)
    try:
        if provider is None:
            raise ProviderRefused("unknown-provider", "The provider is not known here any more.")
        _check_same_person(request, attempt)
        return FINISHES[attempt.purpose](request, provider, attempt, said, now)
    except ProviderRefused as why:
        return refused(request, provider, attempt, why, now=now)


def refused(
    request: HttpRequest,
    provider: IdentityProvider | None,
    attempt: Attempt | None,
    why: ProviderRefused,
    *,
    now: datetime,
) -> HttpResponse:
    """The answer to what does not hold: an admin who tests reads why, anybody else one plain page."""
    if attempt is not None and request.method == "POST" and attempt.purpose is Purpose.TEST:
        return _answered_later(request, attempt, why, now)
    if provider is None and attempt is not None:
        provider = providers.of_attempt(attempt.provider)
    here = current_request().address
    if attempts.count("sso refused", here, window=MINUTE) > REFUSALS_AN_ADDRESS:
        # What strangers send must not fill a log that nobody can empty.
        return too_many(request, int(MINUTE.total_seconds()))
    log.warning("identity provider refused", code=why.code, provider=str(provider.pk) if provider else None)
    record = f"members.identityprovider:{provider.pk}" if provider else ""
    watch.refused("ProviderRefused", f"{why.code}: sign-in through an identity provider", record)
    if provider is not None and attempt is not None and _may_read(request, attempt):
        federation.note_failed_test(provider, why, actor=signed_in(request).actor, now=now)
        return _to_result(provider)
    status = 403 if why.code in POLICY else 400
    return render(request, "tenants/arrivals/refused.html", {"retry": attempt is not None}, status=status)


def _sign_in(
    request: HttpRequest, provider: IdentityProvider, attempt: Attempt, said: Said, now: datetime
) -> HttpResponse:
    user = federation.arrive(provider, said, now=now)
    method = Method(provider.kind)
    return entrance.admit(request, user, method=method, said=said, provider=provider, next=attempt.next, now=now)


def _link(
    request: HttpRequest, provider: IdentityProvider, attempt: Attempt, said: Said, now: datetime
) -> HttpResponse:
    try:
        federation.link(signed_in(request), provider, said, now=now)
    except ProviderRefused as why:
        # To somebody who is signed in and has proved it: the reason is theirs to read.
        messages.error(request, why.words)
        return redirect("identities")
    messages.success(request, f"{provider.name} is linked to your account.")
    return redirect("identities")


def _test(
    request: HttpRequest, provider: IdentityProvider, attempt: Attempt, said: Said, now: datetime
) -> HttpResponse:
    if not _may_read(request, attempt):
        raise ProviderRefused("not-allowed", "A test is made by somebody who manages access.")
    federation.note_test(provider, said, begun_at=attempt.begun_at, actor=signed_in(request).actor, now=now)
    return _to_result(provider)


def _prove(
    request: HttpRequest, provider: IdentityProvider, attempt: Attempt, said: Said, now: datetime
) -> HttpResponse:
    _check_own_and_fresh(request, provider, attempt, said)
    second = entrance_queries.vouched(provider, said)
    if second:
        sessions.note_second(request, second=second, now=now)
    else:
        sessions.note_proof(request, now=now)
    return redirect(entrance.way_on(attempt.next))


def _sign(
    request: HttpRequest, provider: IdentityProvider, attempt: Attempt, said: Said, now: datetime
) -> HttpResponse:
    """What the signature form reads: who authenticated when, for exactly this intent (§11.200(a)(1))."""
    at = _check_own_and_fresh(request, provider, attempt, said)
    left = request.session.get(LEFT) or {}
    if not attempt.intent or left.get("intent") != attempt.intent:
        raise ProviderRefused("other-intent", "What was to be signed is not what was sent to the provider.")
    request.session[ANSWERED] = {
        "intent": attempt.intent,
        "issuer": said.issuer,
        "authenticated_at": at.isoformat(),
        "methods": list(said.amr) or ([said.acr] if said.acr else []),
        "evidence": dict(said.evidence),
    }
    return redirect(entrance.way_on(attempt.next))


FINISHES: Final[dict[Purpose, Callable[..., HttpResponse]]] = {
    Purpose.SIGN_IN: _sign_in,
    Purpose.LINK: _link,
    Purpose.TEST: _test,
    Purpose.PROVE: _prove,
    Purpose.SIGN: _sign,
}


def _starts_too_often(request: HttpRequest) -> bool:
    if request.user.is_authenticated:
        return attempts.count("sso start", str(request.user.pk), window=STARTS_REMEMBERED) > STARTS_PER_PERSON
    here = current_request().address
    return attempts.count("sso start", here, window=STARTS_REMEMBERED) > STARTS_PER_ADDRESS


def _held_back(request: HttpRequest, purpose: Purpose, now: datetime) -> HttpResponse | None:
    """Who must sign in, prove who they are, or lacks the permission first."""
    if purpose is Purpose.SIGN_IN:
        return None
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        # Another site's page must not send somebody to link or prove anything.
        return not_allowed(request)
    if not request.user.is_authenticated:
        return to_sign_in(request)
    if purpose is Purpose.TEST and not request.user.has_perm("members.manage_access"):
        return not_allowed(request)
    door = session_queries.door_of(request)
    if purpose in (Purpose.TEST, Purpose.LINK) and (door is None or now - door.proved_at > STEP_UP):
        return redirect(f"{reverse('prove')}?{urlencode({'next': request.get_full_path()})}")
    return None


def _attempt(request: HttpRequest, provider: IdentityProvider, purpose: Purpose, now: datetime) -> Attempt:
    left = request.session.get(LEFT) or {} if purpose is Purpose.SIGN else {}
    if purpose is Purpose.SIGN and (left.get("provider") != str(provider.pk) or not provider.can_sign):
        raise Http404
    wanted = request.GET.get("next", "")
    # Control characters lead to no page, and cannot be kept.
    here = wanted if wanted.isprintable() and len(wanted) <= LONGEST_PATH else ""
    return Attempt(
        purpose=purpose,
        provider=str(provider.pk),
        begun_at=now,
        next=entrance.way_on(here),
        user="" if purpose is Purpose.SIGN_IN else str(signed_in(request).pk),
        intent=str(left.get("intent", "")),
        fresh=purpose in (Purpose.SIGN, Purpose.PROVE),
    )


def _check_same_person(request: HttpRequest, attempt: Attempt) -> None:
    here = str(request.user.pk) if request.user.is_authenticated else ""
    if attempt.purpose is not Purpose.SIGN_IN and here != attempt.user:
        raise ProviderRefused("other-person", OTHER_PERSON)


def _check_own_and_fresh(request: HttpRequest, provider: IdentityProvider, attempt: Attempt, said: Said) -> datetime:
    """When the person of this session authenticated at the provider, after they were sent there."""
    identities.check_open(provider)
    if not identities.is_of(signed_in(request), provider, said):
        raise ProviderRefused("other-subject", "The provider signed in somebody else than who is signed in here.")
    at = said.authenticated_at
    if at is None or not identities.is_fresh(said, attempt.begun_at):
        raise ProviderRefused("not-fresh", "The provider did not ask anew who is there, or does not say when it did.")
    return at


def _answered_later(
    request: HttpRequest, attempt: Attempt, answer: Said | ProviderRefused, now: datetime
) -> HttpResponse:
    secret = actions.keep_answer(request, attempt, answer, now=now)
    return actions.bound(request, redirect(f"{reverse('sso-arrived')}?{urlencode({'answer': secret})}"))


def _may_read(request: HttpRequest, attempt: Attempt) -> bool:
    """Whether whoever tests the provider sits here, and may still know why it fails."""
    if attempt.purpose is not Purpose.TEST or not request.user.is_authenticated:
        return False
    return str(request.user.pk) == attempt.user and request.user.has_perm("members.manage_access")


def _to_result(provider: IdentityProvider) -> HttpResponse:
    return redirect(f"{reverse('identity-provider', args=[provider.pk])}#test")


def _provider_or_404(provider_id: UUID) -> IdentityProvider:
    try:
        return providers.by_id(provider_id)
    except IdentityProvider.DoesNotExist as unknown:
        raise Http404 from unknown


def _purpose_or_404(request: HttpRequest) -> Purpose:
    try:
        return Purpose(request.GET.get("purpose", Purpose.SIGN_IN))
    except ValueError as unknown:
        raise Http404 from unknown
