from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.context import current_request
from tenants.members.access import dangerous, may, public_door, too_many
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.queries import signed_in
from tenants.members.arrivals import actions as arriving
from tenants.members.arrivals import views as arrivals
from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.saml import actions, forms, presenters, queries
from tenants.members.saml.adapters import descriptor, responses
from tenants.members.saml.catalogue import ANSWERS_A_MINUTE, MINUTE, MOST_POSTED
from tenants.tenancy.queries import of_request

ACTS: dict[str, Callable[..., Any]] = {
    "make": actions.make_keys,
    "roll": actions.roll_keys,
    "confirm": actions.confirm_keys,
}
DONE = {
    "make": "The keys are made. Give the provider our metadata.",
    "roll": "A new pair stands beside the old one. Give the provider our metadata anew, then confirm.",
    "confirm": "The old pair is gone.",
}


@public_door
@never_cache
@require_GET
def start(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """On to the provider, with what arrivals handed over."""
    attempt, provider, now = None, None, timezone.now()
    try:
        attempt = arriving.picked_up(request, request.GET.get("ticket", ""), now)
        provider = queries.for_purpose(provider_id, attempt.purpose)
        address = actions.start(request, provider, attempt, now=now)
    except ProviderRefused as refused:
        return arrivals.refused(request, provider, attempt, refused, now=now)
    return arriving.bound(request, redirect(address))


@public_door
@csrf_exempt
@never_cache
@require_POST
def acs(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Back from the provider, by a POST from its page: the request id says what for, a cookie in whose browser."""
    if attempts.count("saml answer", current_request().address, window=MINUTE) > ANSWERS_A_MINUTE:
        return too_many(request, int(MINUTE.total_seconds()))
    provider, attempt, now = _provider_or_404(provider_id), None, timezone.now()
    try:
        answer = responses.read(_posted(request))
        attempt = actions.attempt_of(request, provider, answer, now=now)
        provider = queries.for_purpose(provider.pk, attempt.purpose)
        said = actions.answered(provider, attempt, answer, now=now)
    except ProviderRefused as refused:
        return arrivals.refused(request, provider, attempt, refused, now=now)
    return arrivals.finish(request, attempt, said, now=now)


@public_door
@never_cache
@require_GET
def slo(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """A signed sign-out message, brought by the browser; its signature over the address is what lets it in."""
    if attempts.count("saml logout", current_request().address, window=MINUTE) > ANSWERS_A_MINUTE:
        return too_many(request, int(MINUTE.total_seconds()))
    provider, now = _provider_or_404(provider_id), timezone.now()
    try:
        onward = actions.log_out(provider, request.META.get("QUERY_STRING", ""), now=now)
    except ProviderRefused as refused:
        return arrivals.refused(request, provider, None, refused, now=now)
    return redirect(onward or "saml-signed-out")


@public_door
@never_cache
@require_GET
def signed_out(request: HttpRequest) -> HttpResponse:
    """Where a provider sends somebody back to whose session it has ended."""
    return render(request, "tenants/saml/signed_out.html")


@public_door
@never_cache
@require_GET
def leaving(request: HttpRequest, secret: str) -> HttpResponse:
    """Signed out here, and on to the provider, which may still have a session of its own."""
    address = actions.leaving(secret, now=timezone.now())
    if address is None:
        return redirect("saml-signed-out")
    response = render(request, "tenants/saml/leaving.html", {"address": address})
    # Works without JavaScript, and is no submission of a form, which may not lead to another host.
    response["Refresh"] = f"0; url={address}"
    return response


@public_door
@require_GET
def metadata(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """What is uploaded at the provider: nothing in it is secret, and some providers fetch it."""
    provider = _provider_or_404(provider_id)
    kept = providers.saml(provider)
    if not kept.own_certificates:
        raise Http404
    xml = descriptor.xml(queries.addresses(provider), kept)
    filename = f'attachment; filename="{of_request(request).host}-saml.xml"'
    return HttpResponse(xml, content_type="application/samlmetadata+xml", headers={"Content-Disposition": filename})


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Our keys for this provider, and when certificates of both sides end."""
    provider, now = _provider_or_404(provider_id), timezone.now()
    act = presenters.next_act(provider, request.POST.get("act", ""))
    form = forms.Keys(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ACTS[act](provider, actor=signed_in(request).actor, now=now, reason=form.cleaned_data["reason"])
        except actions.KeysRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, DONE[act])
            return redirect("saml-keys", provider.pk)
    values = {"form": form, **presenters.keys_page(provider, act, of_request(request).time_zone, now)}
    return render(request, "tenants/saml/keys.html", values, status=422 if form.is_bound else 200)


def _provider_or_404(provider_id: UUID) -> IdentityProvider:
    provider = queries.known(provider_id)
    if provider is None:
        raise Http404
    return provider


def _posted(request: HttpRequest) -> str:
    """The message as it was sent; what is far too large is not even read."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MOST_POSTED:
        raise ProviderRefused("too-large", f"What was posted has {length:,} bytes; no response needs them.")
    encoded = request.POST.get("SAMLResponse", "")
    if not encoded:
        raise ProviderRefused("no-response", "What was posted holds no SAMLResponse. The provider must use HTTP-POST.")
    return encoded
