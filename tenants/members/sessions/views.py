from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.members.access import dangerous, may, signed_in
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.models import User
from tenants.members.sessions import actions, forms, presenters, queries
from tenants.tenancy.queries import of_request

COLUMNS = [
    {"label": "Browser"},
    {"label": "Way in"},
    {"label": "Signed in"},
    {"label": "Last used"},
    {"label": "Change", "hidden": True},
]


@signed_in
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Every browser in which one is signed in (ASVS 7.5.2)."""
    user, now = accounts.signed_in(request), timezone.now()
    rows = presenters.rows(user, now, here=request.session.session_key or "")
    tz = of_request(request).time_zone
    return render(request, "tenants/sessions/own.html", {"rows": rows, "columns": COLUMNS, "now": now, "tz": tz})


@signed_in
@require_POST
def end_one(request: HttpRequest) -> HttpResponse:
    """Only one's own is found, and never the one that asks: that one is signed out of."""
    user, asked = accounts.signed_in(request), request.POST.get("session", "")
    others = [row for row in queries.of_person(user, timezone.now()) if row.session_key != request.session.session_key]
    found = [row for row in others if constant_time_compare(queries.mark_of(row.session_key), asked)]
    if actions.end(found):
        messages.success(request, "That browser is signed out.")
    else:
        messages.info(request, "That session had ended already.")
    return redirect("own-sessions")


@signed_in
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """ASVS 7.4.3."""
    actions.end_all_of(accounts.signed_in(request), but=request.session.session_key or "")
    messages.success(request, "Every other browser is signed out.")
    return redirect("own-sessions")


@may("members.manage_people")
@dangerous
@require_http_methods(["GET", "POST"])
def end_of_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    person, now = get_object_or_404(User, pk=pk), timezone.now()
    viewer = accounts.signed_in(request)
    if person.pk == viewer.pk:
        raise Http404
    form = forms.WithReason(_posted(request))
    if not form.is_valid():
        values = {"confirm": _confirm(person), "form": form}
        return render(request, "desk/confirm.html", values, status=422 if form.is_bound else 200)
    actions.end_by_decision(person, actor=viewer.actor, now=now, reason=form.cleaned_data["reason"])
    messages.success(request, f"Every session of {person.full_name} has ended.")
    return redirect("person", pk=pk)


def _confirm(person: User) -> dict[str, object]:
    return {
        "heading": f"End every session of {person.full_name}",
        "submit_label": "End all sessions",
        "kind": "danger",
        "back_url": reverse("person", args=[person.pk]),
        "back_label": person.full_name,
        "consequences": [
            "Every browser in which this person is signed in is signed out with its next request.",
            "What was typed there and not sent is lost.",
            "The person can sign in again. To keep them out, deactivate the account.",
        ],
    }


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
