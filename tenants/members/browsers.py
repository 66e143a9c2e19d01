"""Browsers in which a person signed in before: strangers can make an account rest, never keep these out."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from tenants import signing

PURPOSE: Final = "known browser"
REMEMBERED: Final = timedelta(days=180)


def known(request: HttpRequest) -> str:
    """The id of the person who last signed in with this browser, or nothing."""
    given = request.COOKIES.get(_cookie(), "")
    try:
        return str(signing.unsign(given, purpose=PURPOSE, max_age_seconds=int(REMEMBERED.total_seconds())))
    except BadSignature:
        return ""


def remember(response: HttpResponse, user: Any) -> HttpResponse:
    response.set_cookie(
        _cookie(),
        signing.sign(str(user.pk), purpose=PURPOSE),
        max_age=int(REMEMBERED.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _cookie() -> str:
    return "__Host-known" if settings.SESSION_COOKIE_SECURE else "known"
