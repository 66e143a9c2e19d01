from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from audit.context import current_request
from tenants.members import machines
from tenants.members.access import dangerous, may
from tenants.members.accounts.queries import signed_in
from tenants.members.api_tokens import actions, catalogue, forms, presenters, queries
from tenants.members.api_tokens.models import AccessToken
from tenants.members.api_tokens.states import Purpose
from tenants.members.identity_providers.queries import plan_allows
from tenants.members.machines import Machine, machine
from tenants.tenancy.queries import of_request

A_PAGE = 25
COLUMNS = [
    {"label": "Token"},
    {"label": "Scopes"},
    {"label": "State"},
    {"label": "Expires"},
    {"label": "Last used"},
    {"label": "Actions", "hidden": True},
]
LONGEST_HEADER = 200


@may("members.manage_access")
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = Paginator(queries.tokens(), A_PAGE).get_page(request.GET.get("page"))
    values = {
        "page": page,
        "rows": presenters.rows(list(page.object_list), now),
        "columns": COLUMNS,
        "now": now,
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/api_tokens/list.html", values)


@may("members.manage_access")
@never_cache
@require_http_methods(["GET", "POST"])
@dangerous
def new(request: HttpRequest) -> HttpResponse:
    """The answer to the form shows the token: no other page ever does."""
    purposes = purposes_of(request)
    form = forms.New(_posted(request), purposes=purposes, initial=_asked_for(request, purposes))
    if not form.is_valid():
        return _form_page(request, form)
    try:
        token, text = actions.create(**form.cleaned_data, actor=signed_in(request).actor, now=timezone.now())
    except actions.TokenRefused as refused:
        form.add_error(refused.field, str(refused))
        return _form_page(request, form)
    values = {"token": token, "text": text, "scim": token.purpose == Purpose.SCIM, "tz": of_request(request).time_zone}
    return render(request, "tenants/api_tokens/created.html", values)


@may("members.manage_access")
@require_http_methods(["GET", "POST"])
@dangerous
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(AccessToken, pk=pk)
    form = forms.WithReason(_posted(request))
    if not form.is_valid():
        return render(request, "desk/confirm.html", _confirm(token, form), status=422 if form.is_bound else 200)
    reason = form.cleaned_data["reason"]
    actions.revoke(token, actor=signed_in(request).actor, now=timezone.now(), reason=reason)
    messages.success(request, f"The token {token.name} is revoked.")
    return redirect("access-tokens")


@machine("api.read_self")
@require_GET
def read_self(request: HttpRequest) -> HttpResponse:
    """What a token knows of itself."""
    token = get_object_or_404(AccessToken, pk=machines.of_request(request).token_id)
    told = {
        "id": str(token.pk),
        "name": token.name,
        "purpose": token.purpose,
        "scopes": token.scopes,
        "networks": token.networks,
        "tenant": of_request(request).name,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
    }
    return JsonResponse(told)


def recognise(request: HttpRequest, scopes: frozenset[str]) -> Machine:
    """For the machines' door. Raises `MachineRefused`."""
    text = bearer(request.headers.get("Authorization", ""))
    return actions.admit(text=text, scopes=scopes, address=current_request().address, now=timezone.now())


def bearer(header: str) -> str | None:
    """The token in an Authorization header, whatever its form; None where there is none."""
    scheme, _, text = header.partition(" ")
    return text.strip()[:LONGEST_HEADER] if scheme.lower() == "bearer" and text.strip() else None


def purposes_of(request: HttpRequest) -> list[Purpose]:
    """A directory is for workspaces of the enterprise plan, and Complere's own staff has none."""
    has_directory = plan_allows() and not of_request(request).is_platform
    return [Purpose.SCIM, Purpose.API] if has_directory else [Purpose.API]


def _asked_for(request: HttpRequest, purposes: list[Purpose]) -> dict[str, Any]:
    """What a link to the form has chosen already."""
    wanted = request.GET.get("purpose", "")
    purpose = Purpose(wanted) if wanted in [*purposes] else purposes[-1]
    return {"purpose": purpose.value, "scopes": catalogue.of_purpose(purpose)}


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _form_page(request: HttpRequest, form: forms.New) -> HttpResponse:
    values = {"form": form, "only_api": len(form.fields["purpose"].choices) == 1}  # type: ignore[attr-defined]
    return render(request, "tenants/api_tokens/new.html", values, status=422 if form.is_bound else 200)


def _confirm(token: AccessToken, form: forms.WithReason) -> dict[str, Any]:
    page = {
        "heading": f"Revoke {token.name}",
        "submit_label": "Revoke",
        "kind": "danger",
        "consequences": [
            "Its next request is refused.",
            "It cannot be given back. Make a new token and put it where this one is used.",
            "People and groups that it brought stay as they are.",
        ],
        "back_url": reverse("access-tokens"),
        "back_label": "Tokens",
    }
    return {"confirm": page, "form": form}
