from datetime import datetime

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.context import current_request
from tenants.members import browsers
from tenants.members.access import public_door, too_many
from tenants.members.accounts import actions as accounts
from tenants.members.accounts import forms
from tenants.members.sessions import actions as sessions
from tenants.members.sessions.catalogue import Door, Method
from tenants.tenancy.queries import of_request

NO_MATCH = "Address and password do not match. After several tries, wait a few minutes or set a new password."


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
        user = accounts.sign_in(
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            address=current_request().address,
            known_browser=browsers.known(request),
            now=timezone.now(),
        )
    except accounts.SignInRefused:
        form.add_error(None, NO_MATCH)
        return _sign_in_page(request, form, 422)
    except accounts.TooManyAttempts as refused:
        return too_many(request, refused.seconds)
    now = timezone.now()
    sessions.open_session(request, user, door=_door(request, Method.PASSWORD, now), now=now)
    return browsers.remember(redirect(_way_on(request, form.cleaned_data["next"])), user)


@public_door
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    response = redirect("sign-in")
    # What the browser kept of the workspace goes too (ASVS 14.3.1).
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _sign_in_page(request: HttpRequest, form: forms.SignIn, status: int) -> HttpResponse:
    values = {"form": form, "tenant": of_request(request), "platform_origin": settings.PLATFORM_ORIGIN}
    return render(request, "tenants/accounts/sign_in.html", values, status=status)


def _way_on(request: HttpRequest, wanted: str) -> str:
    """A path of this host, or the overview: a link to sign in never leads elsewhere (ASVS 3.7.2)."""
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if here else reverse("home")


def _door(request: HttpRequest, method: Method, now: datetime) -> Door:
    return Door(
        method=method,
        opened_at=now,
        proved_at=now,
        address=current_request().address,
        browser=request.headers.get("User-Agent", ""),
    )
