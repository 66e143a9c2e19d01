"""What every answer carries, and how a refusal becomes a page."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import DatabaseError, DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit import watch
from audit.access_log import actions as access_log
from audit.access_log.states import Kind
from audit.context import Actor, ReasonRefused
from audit.signatures.actions import SignatureRefused
from audit.transitions import MoveRefused
from complere import refusals
from tenants import schemas
from tenants.members import machines
from tenants.members.signatures.actions import SignElsewhere

Respond = Callable[[HttpRequest], HttpResponse]

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "hid",
        "idle-detection",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)

NO_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"

# What the guards of signed states answer with (audit/ledger/content/book.sql).
SIGNATURE_REFUSED = "AU1"


class SecurityHeaders:
    """Headers that hold for every answer, errors and static files included."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        # What is no page of ours, and so got no policy of its own, loads and runs nothing.
        response.headers.setdefault("Content-Security-Policy", NO_PAGE)
        response.headers.setdefault("Reporting-Endpoints", 'policy="/csp-reports/"')
        if settings.SECURE_HSTS_SECONDS:
            strict = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
            response.headers.setdefault("Strict-Transport-Security", strict)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if getattr(getattr(request, "user", None), "is_authenticated", False):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class RefusalPages:
    """A record in the wrong state answers 409, a reason that says nothing 422: pages, never a 500."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, (MoveRefused, SignatureRefused)):
            return refusals.page(request, 409, str(exception))
        if isinstance(exception, DatabaseError) and _state_of(exception).startswith(SIGNATURE_REFUSED):
            return refusals.page(request, 409, "This step takes an electronic signature over what stands now.")
        if isinstance(exception, SignElsewhere):
            return redirect(exception.url)
        if isinstance(exception, ReasonRefused):
            return refusals.page(request, 422, str(exception))
        if isinstance(exception, (ValueError, DataError)) and "NUL (0x00)" in str(exception):
            raise BadRequest("The text holds a NUL character, which cannot be stored.") from exception
        return None


@dataclass(slots=True)
class Place:
    """A schema, as the one door into it takes it."""

    schema_name: str


class AccessLog:
    """Who looked at personal data and who was refused what, written once the request is over: a rollback takes nothing
    of it back. A page that opened nothing costs no query, and what cannot be logged is not shown.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with watch.watching() as seen:
            response = self.get_response(request)
        if response.status_code in REFUSED and not any(seen.refusals.values()) and request.user.is_authenticated:
            told = watch.Refused("Forbidden", REFUSED[response.status_code], _asked_for(request))
            if response.status_code != 404 or told.record:
                seen.refusals.setdefault(schemas.current_schema(), {})[told] = None
        if concerned := {**seen.reads, **seen.refusals}:
            user = request.user
            who = user.actor if user.is_authenticated else machines.actor_of(request) or STRANGER
            for schema in concerned:
                with schemas.inside(Place(schema)):
                    _note(who, request, [*seen.reads.get(schema, ())], [*seen.refusals.get(schema, ())])
        return response


# Holders of a personal link, too: what they open is in the log, who they are is not known.
STRANGER = Actor(id=None, name="Somebody not signed in", role="")
# What a status says when nobody said more.
REFUSED = {
    403: "The role does not allow it.",
    404: "There is no such record here for this person.",
    409: "The record does not allow it in the state it is in.",
}


def _note(who: Actor, request: HttpRequest, reads: list[str], refusals: list[watch.Refused]) -> None:
    actor, page = access_log.told(who), _page(request)
    if reads:
        access_log.note(kind=Kind.READ, actor=actor, what=page, records=reads)
    for refusal in refusals:
        named = refusal.record or _asked_for(request)
        records = [named] if named else []
        access_log.note(kind=Kind.REFUSED, actor=actor, what=page, records=records, detail=refusal.why or refusal.kind)


def _page(request: HttpRequest) -> str:
    """The name of the address, never the address: a personal link carries its secret there."""
    match = request.resolver_match
    return f"{request.method} {match.view_name}" if match else str(request.method)


def _asked_for(request: HttpRequest) -> str:
    """The record that the address names by its id, or nothing. Text is left out: it may be a secret."""
    named = request.resolver_match.kwargs if request.resolver_match else {}
    if {"kind", "pk"} <= named.keys():
        return f"{named['kind']}:{named['pk']}"[:200]
    number = next((value for value in named.values() if isinstance(value, UUID | int)), None)
    return "" if number is None else f"record:{number}"


def _state_of(failure: DatabaseError) -> str:
    """The SQLSTATE behind a failure of the database, or nothing."""
    return str(getattr(failure.__cause__, "sqlstate", "") or "")
