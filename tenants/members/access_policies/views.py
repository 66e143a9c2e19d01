from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.context import current_request
from tenants.members.access import dangerous, may
from tenants.members.access_policies import actions, forms, queries
from tenants.members.accounts.queries import signed_in
from tenants.tenancy.queries import of_request

COLUMNS = [{"label": "Part"}, {"label": "State"}, {"label": "What holds"}]


@may("members.manage_access")
@require_safe
def hub(request: HttpRequest) -> HttpResponse:
    """Where every part of “Sign-in and access” meets, with its state."""
    user, now = signed_in(request), timezone.now()
    open_to_me = [card for card in queries.cards(now) if user.has_perm(card.permission)]
    rows = [{"card": card, "url": url} for card in open_to_me if (url := _address(card.url_name))]
    return render(request, "tenants/access_policies/hub.html", {"rows": rows, "columns": COLUMNS})


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    form = forms.SignInRules(_posted(request), initial=forms.begin(queries.rules()))
    if not form.is_valid():
        return _page(request, form)
    try:
        actions.change(
            form.rules(),
            address=current_request().address,
            actor=signed_in(request).actor,
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
    except actions.PolicyRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return _page(request, form)
    messages.success(request, "The rules are changed. They hold with everybody's next page.")
    return redirect("access")


def _page(request: HttpRequest, form: forms.SignInRules) -> HttpResponse:
    values = {
        "form": form,
        "policy": queries.policy(),
        "address": current_request().address,
        "may_read_history": request.user.has_perm("audit.view_history"),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/access_policies/rules.html", values, status=422 if form.is_bound else 200)


def _address(name: str) -> str:
    """Where a part is; empty on a host that does not have it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
