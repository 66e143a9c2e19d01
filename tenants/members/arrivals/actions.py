"""Remembering who was sent to an identity provider, in which browser and what for, until they come back.

How a protocol uses it: its start view takes `picked_up(request, ticket, now)`, then `begin`, and answers
`bound(request, redirect(...))`; the view that the provider sends people back to calls `take`, verifies, and answers
`arrivals.views.finish`, or `arrivals.views.refused` for whatever does not hold.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from audit.subject_keys import hashing
from audit.subject_keys.queries import open_secret, seal_secret
from tenants import signing
from tenants.members.arrivals.catalogue import ATTEMPT_LIVES, Attempt, ProviderRefused, Purpose, Said
from tenants.members.ceremonies import actions as ceremonies
from tenants.members.identity_providers.models import IdentityProvider
from tenants.tenancy.queries import of_request

ATTEMPT: Final = "sso attempt"
TICKET: Final = "sso ticket"
ANSWER: Final = "sso answer"
# From the page that checks the purpose to the protocol that carries it: the next request of the same browser.
TICKET_LIVES: Final = timedelta(minutes=2)
SECRET_BYTES: Final = 32
NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{43}")
PLACE: Final = "members.ceremony.content"


def hand_over(request: HttpRequest, attempt: Attempt, *, now: datetime) -> str:
    """The ticket with which the address of a protocol learns what is wanted: good once, in this browser."""
    return _keep(request, TICKET, _secret(), attempt, TICKET_LIVES, now)


def picked_up(request: HttpRequest, ticket: str, now: datetime) -> Attempt:
    """What `hand_over` was given. Raises ProviderRefused."""
    return _read(_taken(request, TICKET, ticket, now))


def begin(request: HttpRequest, provider: IdentityProvider, attempt: Attempt, *, secret: str = "") -> str:
    """Remember the attempt under `secret`, 256 random bits if none is given, and return it. Use `bound` on the answer.

    Raises ProviderRefused for a secret that is in use, and for the attempt of another provider.
    """
    if attempt.provider != str(provider.pk):
        raise ProviderRefused("other-provider", "The attempt was begun for another provider.")
    return _keep(request, ATTEMPT, secret or _secret(), attempt, ATTEMPT_LIVES, attempt.begun_at)


def take(request: HttpRequest, secret: str, now: datetime) -> Attempt:
    """The attempt, once. Raises ProviderRefused for what is unknown, late, used, or begun in another browser."""
    return _read(_taken(request, ATTEMPT, secret, now))


def bound(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer, with what ties the attempt to this browser; SAML comes back by a cross-site POST."""
    crosses = _may_cross_sites(request)
    response.set_cookie(
        _cookie(),
        _browser(request),
        max_age=int(ATTEMPT_LIVES.total_seconds()),
        secure=crosses,
        httponly=True,
        samesite="None" if crosses else "Lax",
    )
    return response


def keep_answer(request: HttpRequest, attempt: Attempt, answer: Said | ProviderRefused, *, now: datetime) -> str:
    """A secret under which the next request of this browser finds what the provider said, good once.

    A POST from the provider's page carries no cookie of the session; the request that follows it does.
    """
    told = {"refused": [answer.code, answer.words]} if isinstance(answer, ProviderRefused) else {"said": _said(answer)}
    # What a provider says of a person is not left in the clear.
    sealed = hashing.to_token(seal_secret(json.dumps(told).encode(), PLACE))
    return _keep(request, ANSWER, _secret(), attempt, TICKET_LIVES, now, answer=sealed)


def take_answer(request: HttpRequest, secret: str, now: datetime) -> tuple[Attempt, Said]:
    """What `keep_answer` was given. Raises ProviderRefused, also the refusal that was kept, with its `attempt`."""
    kept = _taken(request, ANSWER, secret, now)
    told = json.loads(open_secret(hashing.from_token(kept.pop("answer")), PLACE))
    attempt = _read(kept)
    if "refused" in told:
        raise RefusedEarlier(attempt, *told["refused"])
    return attempt, _heard(told["said"])


class RefusedEarlier(ProviderRefused):
    """The refusal that a request before this one came to, and what was attempted."""

    def __init__(self, attempt: Attempt, code: str, words: str) -> None:
        super().__init__(code, words)
        self.attempt = attempt


def _keep(
    request: HttpRequest, kind: str, secret: str, attempt: Attempt, life: timedelta, now: datetime, **more: str
) -> str:
    content = asdict(attempt) | {
        "begun_at": attempt.begun_at.isoformat(),
        "browser": signing.digest(_browser(request), purpose="sso browser"),
        **more,
    }
    try:
        ceremonies.begin(kind, secret=secret, content=content, life=life, now=now)
    except ceremonies.Spent as spent:
        raise ProviderRefused("used", "This was begun before. Start again.") from spent
    return secret


def _taken(request: HttpRequest, kind: str, secret: str, now: datetime) -> dict[str, Any]:
    kept = ceremonies.finish(kind, secret=secret, now=now) if secret else None
    if kept is None:
        raise ProviderRefused("unknown-attempt", "This was not begun here, took longer than 10 minutes, or came twice.")
    here = signing.digest(request.COOKIES.get(_cookie(), ""), purpose="sso browser")
    if not constant_time_compare(here, kept.pop("browser")):
        raise ProviderRefused("other-browser", "This was begun in another browser, or the browser keeps no cookies.")
    return kept


def _read(kept: dict[str, Any]) -> Attempt:
    begun_at = datetime.fromisoformat(kept["begun_at"])
    return Attempt(**(kept | {"purpose": Purpose(kept["purpose"]), "begun_at": begun_at}))


def _said(said: Said) -> dict[str, Any]:
    at = said.authenticated_at
    plain: Mapping[str, Any] = {"claims": dict(said.claims), "evidence": dict(said.evidence), "amr": [*said.amr]}
    return asdict(said) | {**plain, "authenticated_at": at.isoformat() if at else None}


def _heard(told: dict[str, Any]) -> Said:
    at = told["authenticated_at"]
    return Said(**(told | {"amr": tuple(told["amr"]), "authenticated_at": datetime.fromisoformat(at) if at else None}))


def _browser(request: HttpRequest) -> str:
    """What this browser is known by here: the value of its cookie, or a new one, the same throughout a request."""
    if not NUMBER.fullmatch(request.COOKIES.get(_cookie(), "")):
        request.COOKIES[_cookie()] = _secret()
    return str(request.COOKIES[_cookie()])


def _secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _may_cross_sites(request: HttpRequest) -> bool:
    """Only a secure cookie is sent across sites. Browsers take *.localhost for secure; on other plain http, a
    development matter, what comes back by a POST finds no cookie."""
    return bool(settings.SESSION_COOKIE_SECURE) or of_request(request).host.endswith("localhost")


def _cookie() -> str:
    return "__Host-sso" if settings.SESSION_COOKIE_SECURE else "sso"
