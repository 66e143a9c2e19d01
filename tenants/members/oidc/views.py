from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from audit import watch
from audit.context import current_request
from tenants.members import access
from tenants.members.access import public_door
from tenants.members.accounts.adapters import attempts
from tenants.members.arrivals import actions as arriving
from tenants.members.arrivals import views as arrivals
from tenants.members.arrivals.catalogue import ProviderRefused, Purpose
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.oidc import actions, queries
from tenants.members.oidc.catalogue import LOGOUTS_A_MINUTE, MINUTE

log = structlog.get_logger(__name__)


@public_door
@never_cache
@require_GET
def start(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """On to the provider, with what arrivals handed over."""
    attempt, provider, now = None, None, timezone.now()
    try:
        attempt = arriving.picked_up(request, request.GET.get("ticket", ""), now)
        provider = queries.for_purpose(provider_id, attempt.purpose)
        address = actions.start(request, provider, attempt)
    except ProviderRefused as refused:
        return arrivals.refused(request, provider, attempt, refused, now=now)
    if attempt.purpose is not Purpose.SIGN:
        return arriving.bound(request, redirect(address))
    told = {"heading": "Confirm your signature", "words": "Your identity provider asks you to sign in once more."}
    return arriving.bound(request, _onward(request, address, **told))


@public_door
@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider; `state` says from which, and what for."""
    attempt, now = None, timezone.now()
    provider: IdentityProvider | None = None
    try:
        attempt = arriving.take(request, request.GET.get("state", ""), now)
        provider = queries.for_purpose(attempt.provider, attempt.purpose)
        said = actions.answered(provider, attempt, request.GET, now=now)
    except ProviderRefused as refused:
        return arrivals.refused(request, provider, attempt, refused, now=now)
    return arrivals.finish(request, attempt, said, now=now)


@public_door
@never_cache
@require_GET
def signed_out(request: HttpRequest) -> HttpResponse:
    """Where a provider sends somebody back to whose session it has ended."""
    if request.user.is_authenticated:
        return redirect("home")
    return render(request, "tenants/oidc/signed_out.html")


@public_door
@never_cache
@require_GET
def leaving(request: HttpRequest, secret: str) -> HttpResponse:
    """Signed out here, and on to the provider, which may still have a session of its own."""
    address = actions.leaving(secret, now=timezone.now())
    if address is None:
        return redirect("oidc-signed-out")
    words = "Your identity provider may still have you signed in. You are being taken there to sign out, too."
    return _onward(request, address, heading="You are signed out here", words=words, leaving=True)


@public_door
@csrf_exempt
@never_cache
@require_POST
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """From the provider's server: its signature is what lets it in (Back-Channel Logout 1.0, section 2.8)."""
    if attempts.count("back-channel logout", current_request().address, window=MINUTE) > LOGOUTS_A_MINUTE:
        return access.too_many(request, int(MINUTE.total_seconds()))
    try:
        ended = actions.log_out(request.POST.get("logout_token", ""), now=timezone.now())
    except ProviderRefused as refused:
        log.warning("logout token refused", code=refused.code, why=refused.words)
        watch.refused("ProviderRefused", f"logout token: {refused.code}")
        return JsonResponse({"error": "invalid_request"}, status=400)
    log.info("logged out by the provider", sessions=ended)
    return HttpResponse(status=200)


def _onward(request: HttpRequest, address: str, **told: object) -> HttpResponse:
    """Where a form of ours led here: it may lead to no other host (`form-action`), by a redirect neither."""
    response = render(request, "tenants/oidc/onward.html", {"address": address, **told})
    response["Refresh"] = f"0; url={address}"
    return response
