from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants.members.access import dangerous, may
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.actions import AccountRefused, TooManyAttempts
from tenants.members.accounts.models import User
from tenants.members.signing_rights import actions, forms, presenters, queries
from tenants.tenancy.queries import name_here, of_request

UNCHANGED = "Nothing was changed: the newest version says the same. Change the text or the window, or go back."
CHANGED = "Another version of the policy took effect meanwhile. Read this one, then accept it."


@may("members.sign")
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """Read the policy in force, and accept it with the password (P11-10j)."""
    user, now = accounts.signed_in(request), timezone.now()
    in_force = queries.policy_in_force(now)
    form = forms.Accept(_posted(request), initial={"version": in_force.version})
    if form.is_valid():
        try:
            actions.accept(user, **form.cleaned_data, now=now)
        except AccountRefused as refused:
            form.add_error("password", str(refused))
        except actions.PolicyChanged:
            form.add_error(None, CHANGED)
        except TooManyAttempts as refused:
            return _too_many(request, refused)
        else:
            messages.success(request, f"You have accepted version {in_force.version} of the signing policy.")
            return redirect("signing")
    values = {
        "form": form,
        "policy": in_force,
        "paragraphs": presenters.paragraphs(in_force.text),
        "series": presenters.series(in_force.series_minutes),
        "acceptance": queries.acceptance(user, in_force),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/signing_rights/policy.html", values, status=422 if form.is_bound else 200)


@may("members.manage_people")
@require_safe
def policy_desk(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    in_force = queries.policy_in_force(now)
    values = {
        "policy": in_force,
        "series": presenters.series(in_force.series_minutes),
        "versions": queries.versions(),
        "now": now,
        "tz": of_request(request).time_zone,
        "may_read_history": request.user.has_perm("audit.view_history"),
    }
    return render(request, "tenants/signing_rights/desk.html", values)


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    newest = queries.newest_policy(now)
    known = {"text": newest.text, "series_minutes": newest.series_minutes}
    form = forms.Publish(_posted(request), initial=known, now=now, time_zone=of_request(request).time_zone)
    if not form.is_valid():
        return _page(request, "publish.html", form, newest=newest)
    said = dict(form.cleaned_data)
    effective_at = said.pop("effective_on")
    actor = accounts.signed_in(request).actor
    try:
        made = actions.publish(**said, effective_at=effective_at, actor=actor, now=now)
    except actions.PolicyUnchanged:
        form.add_error(None, UNCHANGED)
        return _page(request, "publish.html", form, newest=newest)
    messages.success(request, f"Version {made.version} of the signing policy is published.")
    return redirect("signing-policy-desk")


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
def certify(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    in_force = queries.policy_in_force(now)
    known = {"certified_on": in_force.certified_on, "note": in_force.certification_note}
    form = forms.Certify(_posted(request), initial=known, now=now)
    if not form.is_valid():
        return _page(request, "certify.html", form, workspace=name_here())
    actions.certify(**form.cleaned_data, actor=accounts.signed_in(request).actor, now=now)
    messages.success(request, "The certification is recorded.")
    return redirect("signing-policy-desk")


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def verify_identity(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person = get_object_or_404(User, pk=person_id)
    form = forms.Verify(_posted(request))
    if not form.is_valid():
        return _page(request, "verify.html", form, person=person)
    try:
        actions.verify_identity(
            person, **form.cleaned_data, actor=accounts.signed_in(request).actor, now=timezone.now()
        )
    except actions.CheckRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, "verify.html", form, person=person)
    messages.success(request, f"The identity of {person.full_name} is verified.")
    return redirect("person", pk=person.pk)


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
def withdraw_identity(request: HttpRequest, check_id: UUID) -> HttpResponse:
    check = queries.check_by_id(check_id)
    if check is None:
        raise Http404
    person = check.user
    confirm = {
        "heading": f"Withdraw the verification of {person.full_name}",
        "submit_label": "Withdraw",
        "kind": "danger",
        "back_url": reverse("person", args=[person.pk]),
        "back_label": person.full_name,
        "consequences": [
            "The person signs nothing more until somebody verifies their identity again.",
            "What they signed before stays signed.",
        ],
    }
    form = forms.WithReason(_posted(request))
    if form.is_valid():
        try:
            actions.withdraw_identity(
                check, actor=accounts.signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"]
            )
        except actions.CheckRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{person.full_name} must be verified again before signing.")
            return redirect("person", pk=person.pk)
    values = {"confirm": confirm, "form": form}
    return render(request, "desk/confirm.html", values, status=422 if form.is_bound else 200)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(request: HttpRequest, name: str, form: Any, **values: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, f"tenants/signing_rights/{name}", {"form": form, **values}, status=status)


def _too_many(request: HttpRequest, refused: TooManyAttempts) -> HttpResponse:
    response = render(request, "429.html", {"retry_after": refused.seconds}, status=429)
    response["Retry-After"] = str(refused.seconds)
    return response
