"""Remembering who was sent to an identity provider, in which browser and what for, until they come back."""

import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from tenants import signing
from tenants.members.arrivals.catalogue import ATTEMPT_LIVES, Attempt, ProviderRefused, Purpose
from tenants.members.ceremonies import actions as ceremonies
from tenants.members.identity_providers.models import IdentityProvider

ATTEMPT: Final = "sso attempt"
TICKET: Final = "sso ticket"
# From the page that checks the purpose to the protocol that carries it: the next request of the same browser.
TICKET_LIVES: Final = timedelta(minutes=2)
SECRET_BYTES: Final = 32


def hand_over(request: HttpRequest, attempt: Attempt, *, now: datetime) -> str:
    """The ticket with which the address of a protocol learns what is wanted: good once, in this browser."""
    return _keep(request, TICKET, _secret(), attempt, TICKET_LIVES, now)


def picked_up(request: HttpRequest, ticket: str, now: datetime) -> Attempt:
    """What `hand_over` was given. Raises ProviderRefused."""
    return _taken(request, TICKET, ticket, now)


def begin(request: HttpRequest, provider: IdentityProvider, attempt: Attempt, *, secret: str = "") -> str:
    """Remember the attempt under `secret`, 256 random bits if none is given, and return it. Use `bound` on the answer.

    Raises `ceremonies.actions.Spent` for a secret that is in use.
    """
    if attempt.provider != str(provider.pk):
        raise ProviderRefused("other-provider", "The attempt was begun for another provider.")
    return _keep(request, ATTEMPT, secret or _secret(), attempt, ATTEMPT_LIVES, attempt.begun_at)


def take(request: HttpRequest, secret: str, now: datetime) -> Attempt:
    """The attempt, once. Raises ProviderRefused for what is unknown, late, used, or begun in another browser."""
    return _taken(request, ATTEMPT, secret, now)


def bound(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer, with what ties the attempt to this browser; SAML comes back by a cross-site POST."""
    response.set_cookie(
        _cookie(),
        _browser(request),
        max_age=int(ATTEMPT_LIVES.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        # Only a secure cookie may be sent across sites; on plain http, a development matter, Lax has to do.
        samesite="None" if settings.SESSION_COOKIE_SECURE else "Lax",
    )
    return response


def _keep(request: HttpRequest, kind: str, secret: str, attempt: Attempt, life: timedelta, now: datetime) -> str:
    content = asdict(attempt) | {
        "begun_at": attempt.begun_at.isoformat(),
        "browser": signing.digest(_browser(request), purpose="sso browser"),
    }
    ceremonies.begin(kind, secret=secret, content=content, life=life, now=now)
    return secret


def _taken(request: HttpRequest, kind: str, secret: str, now: datetime) -> Attempt:
    kept = ceremonies.finish(kind, secret=secret, now=now) if secret else None
    if kept is None:
        raise ProviderRefused("unknown-attempt", "This was not begun here, took longer than 10 minutes, or came twice.")
    here = signing.digest(request.COOKIES.get(_cookie(), ""), purpose="sso browser")
    if not constant_time_compare(here, kept.pop("browser")):
        raise ProviderRefused("other-browser", "This was begun in another browser, or the browser keeps no cookies.")
    return _read(kept)


def _read(kept: dict[str, Any]) -> Attempt:
    begun_at = datetime.fromisoformat(kept["begun_at"])
    return Attempt(**(kept | {"purpose": Purpose(kept["purpose"]), "begun_at": begun_at}))


def _browser(request: HttpRequest) -> str:
    """What this browser is known by here: the value of its cookie, or a new one, the same throughout a request."""
    if not request.COOKIES.get(_cookie()):
        request.COOKIES[_cookie()] = _secret()
    return str(request.COOKIES[_cookie()])


def _secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _cookie() -> str:
    return "__Host-sso" if settings.SESSION_COOKIE_SECURE else "sso"
