from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants.members.access import dangerous, signed_in
from tenants.members.accounts import queries as accounts
from tenants.members.federation import actions, queries
from tenants.tenancy.queries import of_request


@signed_in
@require_safe
def identities(request: HttpRequest) -> HttpResponse:
    """By which providers I come in."""
    user = accounts.signed_in(request)
    values = {
        "identities": queries.of_person(user),
        "linkable": queries.linkable(user),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/federation/identities.html", values)


@signed_in
@dangerous
@require_http_methods(["GET", "POST"])
def unlink(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    user = accounts.signed_in(request)
    identity = queries.of_person(user).filter(provider_id=provider_id).first()
    if identity is None:
        raise Http404
    if request.method == "POST":
        try:
            actions.unlink(identity, user=user, now=timezone.now(), reason="Unlinked on the account page")
        except actions.LinkRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, f"{identity.provider.name} is unlinked.")
        return redirect("identities")
    confirm = {
        "heading": f"Unlink {identity.provider.name}",
        "submit_label": "Unlink",
        "kind": "danger",
        "back_url": reverse("identities"),
        "back_label": "Your identity providers",
        "consequences": ["You sign in through it no more.", "You can link it again at any time."],
    }
    return render(request, "desk/confirm.html", {"confirm": confirm})
