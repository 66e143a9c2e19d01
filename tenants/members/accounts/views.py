from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.context import current_request
from tenants import figures, signing
from tenants.members import panels
from tenants.members.access import public_door, signed_in
from tenants.members.accounts import actions, catalogue, forms, queries
from tenants.members.accounts.models import User
from tenants.members.middleware import SESSION_SCHEMA
from tenants.members.roles.catalogue import ROLES
from tenants.schemas import current_schema
from tenants.tenancy.queries import of_request

KNOWN_BROWSER = "known browser"
KNOWN_SECONDS = catalogue.KNOWN_BROWSER_DAYS * 86400
NO_MATCH = "Address and password do not match. After several tries, wait a few minutes or set a new password."
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
    roles = [ROLES[key] for key in user.role_keys]
    now = timezone.now()
    told = figures.overview(user, now)
    return render(request, "tenants/accounts/home.html", {"person": user, "roles": roles, "told": told, "now": now})


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(_way_on(request, request.GET.get("next", "")))
    if request.method == "GET":
        return _sign_in_page(request, forms.SignIn(initial={"next": request.GET.get("next", "")}), 200)
    form = forms.SignIn(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, 422)
    try:
        user = actions.sign_in(
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            address=current_request().address,
            known_browser=_known_browser(request),
            now=timezone.now(),
        )
    except actions.SignInRefused:
        form.add_error(None, NO_MATCH)
        return _sign_in_page(request, form, 422)
    except actions.TooManyAttempts as refused:
        return _too_many(request, refused)
    login(request, user)
    request.session[SESSION_SCHEMA] = current_schema()
    # Counted from here, however much the session is used (ASVS 7.3.2).
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    return _remember(redirect(_way_on(request, form.cleaned_data["next"])), user)


@public_door
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    response = redirect("sign-in")
    # What the browser kept of the workspace goes too (ASVS 14.3.1).
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


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
        return _too_many(request, refused)
    update_session_auth_hash(request, fresh)
    messages.success(request, "Your password is changed. Every other session has ended.")
    return redirect("profile")


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def ask_for_reset(request: HttpRequest) -> HttpResponse:
    form = forms.AskForReset(_posted(request))
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "tenants/accounts/ask_for_reset.html", {"form": form}, status=status)
    try:
        actions.request_password_reset(
            email=form.cleaned_data["email"], address=current_request().address, now=timezone.now()
        )
    except actions.TooManyAttempts as refused:
        return _too_many(request, refused)
    return redirect("password-reset-sent")


@public_door
@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "tenants/accounts/reset_sent.html")


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
    return _remember(redirect("sign-in"), fresh)


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
    return _remember(redirect("sign-in"), fresh)


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is empty; None makes a form that was not sent yet."""
    return request.POST if request.method == "POST" else None


def _sign_in_page(request: HttpRequest, form: forms.SignIn, status: int) -> HttpResponse:
    values = {"form": form, "tenant": of_request(request), "platform_origin": settings.PLATFORM_ORIGIN}
    return render(request, "tenants/accounts/sign_in.html", values, status=status)


def _profile_page(request: HttpRequest, form: forms.Profile, user: User) -> HttpResponse:
    values = {
        "form": form,
        "person": user,
        "panels": panels.of(panels.ACCOUNT, viewer=user, person=user, now=timezone.now()),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/accounts/profile.html", values, status=422 if form.is_bound else 200)


def _password_page(request: HttpRequest, form: forms.ChoosePassword, name: str) -> HttpResponse:
    values = {"form": form, "person": form.user, "tenant": of_request(request)}
    return render(request, f"tenants/accounts/{name}", values, status=422 if form.is_bound else 200)


def _too_many(request: HttpRequest, refused: actions.TooManyAttempts) -> HttpResponse:
    response = render(request, "429.html", {"retry_after": refused.seconds}, status=429)
    response["Retry-After"] = str(refused.seconds)
    return response


def _way_on(request: HttpRequest, wanted: str) -> str:
    """A path of this host, or the overview: a link to sign in never leads elsewhere (ASVS 3.7.2)."""
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if here else reverse("home")


def _known_cookie() -> str:
    return "__Host-known" if settings.SESSION_COOKIE_SECURE else "known"


def _known_browser(request: HttpRequest) -> str:
    """The id of the person who last signed in with this browser, or nothing."""
    given = request.COOKIES.get(_known_cookie(), "")
    try:
        return str(signing.unsign(given, purpose=KNOWN_BROWSER, max_age_seconds=KNOWN_SECONDS))
    except BadSignature:
        return ""


def _remember(response: HttpResponse, user: User) -> HttpResponse:
    response.set_cookie(
        _known_cookie(),
        signing.sign(str(user.pk), purpose=KNOWN_BROWSER),
        max_age=KNOWN_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
