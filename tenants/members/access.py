"""What every view wears: who may open it. A view that wears nothing fails the build.

@may("privacy.view_requests")     a signed-in person whose role carries the permission
@signed_in                        any signed-in person
@public_door                      anyone; the view must be meant for anyone

Beneath it, `@dangerous` asks for a proof not older than some minutes of who one is (ASVS 7.5.1), and `@enrolment`
leaves a view open to who must set up a second factor before anything else; tenants/members/middleware.py holds both.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

View = TypeVar("View", bound=Callable[..., HttpResponse])

PUBLIC = "public"
SIGNED_IN = "signed in"
# Bearer tokens only; the door is tenants/members/machines.py.
MACHINE = "machine"


def may(permission: str) -> Callable[[View], View]:
    """Open to roles that carry `permission` (P11-10d, P11-10g); others get 403, strangers the sign-in page."""

    def wear(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not request.user.has_perm(permission):
                return refused(request)
            return view(request, *args, **kwargs)

        return declare(guarded, view, permission)

    return wear


def signed_in(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return view(request, *args, **kwargs)

    return declare(guarded, view, SIGNED_IN)


def public_door(view: View) -> View:
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    return declare(opened, view, PUBLIC)


def dangerous(view: View) -> View:
    """An act that an open session alone does not allow: whoever sits here proves who they are, at most minutes ago."""
    view.dangerous = True  # type: ignore[attr-defined]
    return view


def enrolment(view: View) -> View:
    """Open to somebody who must set up a second factor first."""
    view.enrolment = True  # type: ignore[attr-defined]
    return view


def is_dangerous(view: Callable[..., Any]) -> bool:
    return bool(getattr(view, "dangerous", False))


def is_enrolment(view: Callable[..., Any]) -> bool:
    return bool(getattr(view, "enrolment", False))


def permission_of(view: Callable[..., Any]) -> str | None:
    """What a view declares, or None."""
    return getattr(view, "permission", None)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")


def refused(request: HttpRequest) -> HttpResponse:
    return render(request, "403.html", {"reason": "Your role does not allow this."}, status=403)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429, with how long to wait."""
    response = render(request, "429.html", {"retry_after": seconds}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def declare(guarded: Callable[..., HttpResponse], view: View, permission: str) -> View:
    """`guarded` in place of `view`, telling what it asks for. For doors only."""
    guarded.permission = permission  # type: ignore[attr-defined]
    return cast("View", guarded)
