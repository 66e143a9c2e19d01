from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tenants.members.access import signed_in
from tenants.members.accounts import queries as accounts
from tenants.members.arrivals.catalogue import ANSWERED, LEFT
from tenants.members.identity_providers import queries as providers
from tenants.members.signatures import actions


@signed_in
@never_cache
@require_POST
def signing_challenge(request: HttpRequest) -> HttpResponse:
    """What the browser hands to a passkey, made from what the page shows; holds for a minute, and once."""
    token, meaning = request.POST.get("seen", ""), request.POST.get("meaning", "")
    user, now = accounts.signed_in(request), timezone.now()
    options = actions.make_challenge(user, request.session, token=token, meaning=meaning, now=now)
    if options is None:
        return JsonResponse({"reason": "This page lay open for too long. Reload it, then sign."}, status=422)
    return JsonResponse(options)


@signed_in
@never_cache
@require_safe
def signing_return(request: HttpRequest) -> HttpResponse:
    """Back from the identity provider: what was typed goes on to where it was sent, now with the provider's answer."""
    left, answer = request.session.get(LEFT), request.session.get(ANSWERED)
    if not left:
        return redirect("home")
    if not answer or answer["intent"] != left["intent"]:
        return redirect(left["path"])
    values = {"left": left, "provider": providers.by_id(left["provider"])}
    return render(request, "tenants/signatures/return.html", values)
