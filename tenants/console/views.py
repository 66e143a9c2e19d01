from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants.console import actions, forms, presenters, queries
from tenants.members.access import dangerous, may
from tenants.members.accounts.queries import signed_in
from tenants.tenancy import actions as tenancy
from tenants.tenancy import queries as register
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import TRANSITIONS, Plan, State

A_PAGE = 25
SORTS = {"name", "-name", "created_at", "-created_at"}
COLUMNS = [
    {"label": "Tenant", "key": "name"},
    {"label": "State"},
    {"label": "Region"},
    {"label": "Plan"},
    {"label": "Provisioned", "key": "created_at"},
]


@may("tenants.view_tenants")
@require_safe
def tenants(request: HttpRequest) -> HttpResponse:
    filters = forms.Filter(request.GET)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "name"
    found = register.customers_matching(**chosen).order_by(sort, "pk")
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "tenants/console/list.html",
        {
            "page": page,
            "rows": [presenters.row(tenant) for tenant in page.object_list],
            "columns": COLUMNS,
            "filters": filters,
            "filtered": any(chosen.values()),
            "sort": sort,
            "may_provision": request.user.has_perm("tenants.provision"),
            "now": timezone.now(),
        },
    )


@may("tenants.view_tenants")
@require_safe
def tenant(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _tenant(pk)
    values = {
        "tenant": shown,
        "facts": presenters.facts(shown),
        "reach": presenters.reach(queries.workspace(shown, timezone.now())),
        "moves": TRANSITIONS[State(shown.state)],
        "may_provision": request.user.has_perm("tenants.provision"),
        "may_read_history": request.user.has_perm("audit.view_history"),
    }
    return render(request, "tenants/console/detail.html", values)


@may("tenants.provision")
@require_http_methods(["GET", "POST"])
def provision(request: HttpRequest) -> HttpResponse:
    form = forms.Provision(_posted(request))
    if not form.is_valid():
        return render(request, "tenants/console/provision.html", {"form": form}, status=422 if form.is_bound else 200)
    try:
        made = actions.provision_with_admin(**form.cleaned_data, actor=signed_in(request).actor, now=timezone.now())
    except tenancy.ProvisioningRefused as refused:
        form.add_error(refused.field, str(refused))
        return render(request, "tenants/console/provision.html", {"form": form}, status=422)
    messages.success(request, f"{made.name} is provisioned. The first administrator is invited by mail.")
    return redirect("tenant", pk=made.pk)


@may("tenants.provision")
@require_http_methods(["GET", "POST"])
@dangerous
def change_plan(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _tenant(pk)
    form = forms.ChangePlan(_posted(request), initial={"plan": shown.plan})
    if not form.is_valid():
        page = {
            "heading": f"Change the plan of {shown.name}",
            "submit_label": "Change the plan",
            "back_url": reverse("tenant", args=[shown.pk]),
            "back_label": shown.name,
            "consequences": [
                "Enterprise includes sign-in through an identity provider and accounts from a directory (SCIM).",
                "With Standard, nobody signs in through a provider any more, and sessions opened so end.",
                "Where a provider was required, passwords open again: people who never had one are invited again.",
            ],
        }
        status = 422 if form.is_bound else 200
        return render(request, "desk/confirm.html", {"confirm": page, "form": form}, status=status)
    said = form.cleaned_data
    fresh = actions.change_plan(
        shown, plan=Plan(said["plan"]), actor=signed_in(request).actor, now=timezone.now(), reason=said["reason"]
    )
    messages.success(request, f"{fresh.name} has the plan {fresh.plan.capitalize()}.")
    return redirect("tenant", pk=shown.pk)


@may("tenants.provision")
@require_http_methods(["GET", "POST"])
def suspend(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _tenant(pk)
    page = {
        "heading": f"Suspend {shown.name}",
        "submit_label": "Suspend",
        "kind": "danger",
        "consequences": [
            "Nobody can open the workspace until it is resumed, neither its people nor their data subjects.",
            "Statutory deadlines in it go on running, and reminders are still mailed.",
        ],
    }
    form = forms.WithReason(_posted(request))
    return _confirmed(request, shown, page, form, tenancy.suspend, f"{shown.name} is suspended.")


@may("tenants.provision")
@require_http_methods(["GET", "POST"])
def resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _tenant(pk)
    page = {
        "heading": f"Resume {shown.name}",
        "submit_label": "Resume",
        "consequences": ["The workspace opens again at once, with everything in it."],
    }
    form = forms.WithReason(_posted(request))
    return _confirmed(request, shown, page, form, tenancy.resume, f"{shown.name} is active again.")


@may("tenants.provision")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _tenant(pk)
    page = {
        "heading": f"Close {shown.name}",
        "submit_label": "Close for good",
        "kind": "danger",
        "facts": [{"term": "Host", "text": shown.host}, {"term": "Schema", "text": shown.schema_name}],
        "consequences": [
            "The address answers nothing any more and is not given to another tenant.",
            "The data stays until it has been returned or deleted as the contract says (GDPR Art. 28(3)(g)).",
            "This cannot be undone.",
        ],
    }
    form = forms.Close(_posted(request), tenant=shown)
    return _confirmed(request, shown, page, form, tenancy.close, f"{shown.name} is closed.")


def _tenant(pk: UUID) -> Tenant:
    return get_object_or_404(register.customers(), pk=pk)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _confirmed(
    request: HttpRequest, shown: Tenant, page: dict[str, Any], form: django_forms.Form, act: Any, done: str
) -> HttpResponse:
    """Ask for a reason, do it, say so. `MoveRefused` becomes a 409 page further out."""
    confirm = {"back_url": reverse("tenant", args=[shown.pk]), "back_label": shown.name, **page}
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)
    act(shown, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
    messages.success(request, done)
    return redirect("tenant", pk=shown.pk)
