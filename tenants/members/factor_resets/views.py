from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from tenants.members.access import dangerous, may
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.models import User
from tenants.members.factor_resets import actions, forms, presenters, queries
from tenants.members.factor_resets.states import State
from tenants.tenancy.queries import of_request


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def ask(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """The first of two people (P11-200a3)."""
    person = get_object_or_404(User, pk=person_id)
    confirm = {
        "heading": f"Reset what {person.full_name} signs with",
        "submit_label": "Ask for the reset",
        "back_url": reverse("person", args=[person.pk]),
        "back_label": person.full_name,
        "consequences": [
            "Nothing changes yet: another person who manages people here decides.",
            f"{person.full_name} is told by mail, and so is everybody who can approve it.",
            "Once approved, every authenticator app, passkey and recovery code of this person ends, and every session.",
            "The person then sets up new ones with their own password, which you never learn.",
        ],
    }
    form = forms.WithReason(_posted(request))
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)
    reset = actions.ask(
        person, actor=accounts.signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"]
    )
    messages.success(request, "Asked. A second person decides now.")
    return redirect("factor-reset", reset_id=reset.pk)


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def reset(request: HttpRequest, reset_id: UUID) -> HttpResponse:
    """The second person approves or declines."""
    found = queries.by_id(reset_id)
    if found is None:
        raise Http404
    viewer = accounts.signed_in(request)
    form = forms.WithReason(_posted(request))
    if form.is_valid():
        act = actions.decline if "decline" in request.POST else actions.approve
        try:
            decided = act(found, actor=viewer.actor, now=timezone.now(), reason=form.cleaned_data["reason"])
        except actions.ResetRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"The reset is {presenters.WORDS[State(decided.state)].lower()}.")
            return redirect("person", pk=found.user_id)
    values = {
        "reset": found,
        "facts": presenters.facts(found, of_request(request).time_zone),
        "open": found.state == State.ASKED,
        "why_not": presenters.why_not(found, viewer),
        "form": form,
        "may_read_history": request.user.has_perm("audit.view_history"),
    }
    return render(request, "tenants/factor_resets/reset.html", values, status=422 if form.is_bound else 200)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
