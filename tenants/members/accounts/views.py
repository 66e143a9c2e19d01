from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants import figures
from tenants.members import browsers, panels
from tenants.members.access import public_door, signed_in, too_many
from tenants.members.accounts import actions, forms, queries
from tenants.members.accounts.models import User
from tenants.tenancy.queries import of_request

BY_LINK = ["GET", "POST"]


def link_pages(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A link that was never sent answers 404, one that is over 410, both with a way on."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except queries.LinkUnknown:
            return render(request, "tenants/accounts/link_over.html", {"unknown": True}, status=404)
        except queries.LinkOver as over:
            return render(request, "tenants/accounts/link_over.html", {"why": str(over)}, status=410)

    return answered


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = queries.signed_in(request)
    roles = [*user.grants.all()]
    now = timezone.now()
    told = figures.overview(user, now)
    return render(request, "tenants/accounts/home.html", {"person": user, "roles": roles, "told": told, "now": now})


@signed_in
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    actions.sign_out_everywhere(queries.signed_in(request), now=timezone.now())
    logout(request)
    messages.success(request, "You are signed out everywhere.")
    response = redirect("sign-in")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@signed_in
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = queries.signed_in(request)
    form = forms.Profile(_posted(request), initial={"full_name": user.full_name, "job_title": user.job_title})
    if not form.is_valid():
        return _profile_page(request, form, user)
    actions.change_profile(user, **form.cleaned_data, now=timezone.now())
    messages.success(request, "Saved. From now on the history of what you do shows this name.")
    return redirect("profile")


@signed_in
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    user = queries.signed_in(request)
    form = forms.ChangePassword(_posted(request), user=user)
    if not form.is_valid():
        return _password_page(request, form, "change_password.html")
    try:
        fresh = actions.change_own_password(
            user, current=form.cleaned_data["current"], password=form.cleaned_data["password"], now=timezone.now()
        )
    except actions.AccountRefused as refused:
        form.add_error(refused.field, str(refused))
        return _password_page(request, form, "change_password.html")
    except actions.TooManyAttempts as refused:
        return too_many(request, refused.seconds)
    update_session_auth_hash(request, fresh)
    messages.success(request, "Your password is changed. Every other session has ended.")
    return redirect("profile")


@public_door
@never_cache
@require_http_methods(BY_LINK)
@link_pages
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    user = queries.by_id(queries.open_reset(token, now).user_id)
    form = forms.ChoosePassword(_posted(request), user=user)
    if not form.is_valid():
        return _password_page(request, form, "choose_password.html")
    fresh = actions.complete_password_reset(token=token, password=form.cleaned_data["password"], now=now)
    messages.success(request, "Your new password is set. Sign in with it.")
    return browsers.remember(redirect("sign-in"), fresh)


@public_door
@never_cache
@require_http_methods(BY_LINK)
@link_pages
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    user = queries.by_id(queries.open_invitation(token, now).user_id)
    form = forms.ChoosePassword(_posted(request), user=user)
    if not form.is_valid():
        return _password_page(request, form, "accept_invitation.html")
    fresh = actions.accept_invitation(token=token, password=form.cleaned_data["password"], now=now)
    messages.success(request, "Your password is set. Sign in with it.")
    return browsers.remember(redirect("sign-in"), fresh)


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is empty; None makes a form that was not sent yet."""
    return request.POST if request.method == "POST" else None


def _profile_page(request: HttpRequest, form: forms.Profile, user: User) -> HttpResponse:
    values = {
        "form": form,
        "person": user,
        "has_password": user.has_usable_password(),
        "panels": panels.of(panels.ACCOUNT, viewer=user, person=user, now=timezone.now()),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/accounts/profile.html", values, status=422 if form.is_bound else 200)


def _password_page(request: HttpRequest, form: forms.ChoosePassword, name: str) -> HttpResponse:
    values = {"form": form, "person": form.user, "tenant": of_request(request)}
    return render(request, f"tenants/accounts/{name}", values, status=422 if form.is_bound else 200)
