"""Browsers in which a person signed in before: strangers can make an account rest, never keep these out."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from tenants import signing

PURPOSE: Final = "known browser"
REMEMBERED: Final = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Known:
    """Who last signed in with a browser, and its own number: both empty for a browser that nobody is known in."""

    person: str = ""
    browser: str = ""


def known(request: HttpRequest) -> Known:
    """What a mark of this schema says; one that was forged, is too old or of another schema says nothing."""
    given = request.COOKIES.get(_cookie(), "")
    try:
        person, browser = signing.unsign(given, purpose=PURPOSE, max_age_seconds=int(REMEMBERED.total_seconds()))
    except (BadSignature, TypeError, ValueError):
        return Known()
    return Known(str(person), str(browser))


def remember(response: HttpResponse, user: Any) -> HttpResponse:
    """From now on this browser is the person's. Its number is new: guesses are counted for each browser apart."""
    response.set_cookie(
        _cookie(),
        signing.sign([str(user.pk), secrets.token_hex(16)], purpose=PURPOSE),
        max_age=int(REMEMBERED.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _cookie() -> str:
    return "__Host-known" if settings.SESSION_COOKIE_SECURE else "known"
