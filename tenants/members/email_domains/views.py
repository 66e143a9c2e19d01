from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.members.access import dangerous, may, too_many
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.queries import signed_in
from tenants.members.email_domains import actions, forms, presenters, queries
from tenants.members.email_domains.catalogue import DomainRefused
from tenants.members.email_domains.models import EmailDomain
from tenants.tenancy.queries import of_request

# Each look-up asks servers of others.
CHECKS: Final = 30
CHECKS_REMEMBERED: Final = timedelta(minutes=10)


@may("members.manage_access")
@require_safe
def domains(request: HttpRequest) -> HttpResponse:
    values = {
        "cards": [presenters.card(domain) for domain in queries.domains()],
        "tz": of_request(request).time_zone,
        "may_read_history": request.user.has_perm("audit.view_history"),
    }
    return render(request, "tenants/email_domains/list.html", values)


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = forms.Add(_posted(request))
    if form.is_valid():
        try:
            made = actions.add(
                domain=form.cleaned_data["domain"],
                actor=signed_in(request).actor,
                now=timezone.now(),
                reason="Named on the page of domains",
            )
        except DomainRefused as refused:
            form.add_error("domain", str(refused))
        else:
            messages.success(request, f"{made.domain} is on the list. Set its record, then look it up.")
            return redirect("email-domains")
    return render(request, "tenants/email_domains/add.html", {"form": form}, status=422 if form.is_bound else 200)


@may("members.manage_access")
@dangerous
@require_POST
def check(request: HttpRequest, domain: str) -> HttpResponse:
    found = _domain(domain)
    user = signed_in(request)
    if attempts.count("domain check", str(user.pk), window=CHECKS_REMEMBERED) > CHECKS:
        return too_many(request, int(CHECKS_REMEMBERED.total_seconds()))
    fresh = actions.check(found, actor=user.actor, now=timezone.now())
    if fresh.problem:
        messages.error(request, f"{fresh.domain}: {fresh.problem}")
    else:
        messages.success(request, f"{fresh.domain} is proved.")
    return redirect("email-domains")


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, domain: str) -> HttpResponse:
    found = _domain(domain)
    form = forms.WithReason(_posted(request))
    if form.is_valid():
        actions.remove(found, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, f"{found.domain} is off the list.")
        return redirect("email-domains")
    confirm = {
        "heading": f"Take {found.domain} off the list",
        "submit_label": "Take it off",
        "kind": "danger",
        "back_url": reverse("email-domains"),
        "back_label": "E-mail domains",
        "consequences": [
            "Nobody with such an address gets an account at a first sign-in.",
            "Accounts that are there stay.",
        ],
    }
    values = {"confirm": confirm, "form": form}
    return render(request, "desk/confirm.html", values, status=422 if form.is_bound else 200)


def _domain(name: str) -> EmailDomain:
    return get_object_or_404(queries.domains(), pk=name)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
