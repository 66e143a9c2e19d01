"""What every answer carries, and how a refusal becomes a page."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse

from audit.context import ReasonRefused
from audit.signatures.actions import SignatureRefused
from audit.transitions import MoveRefused
from complere import refusals

Respond = Callable[[HttpRequest], HttpResponse]

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "payment",
        "usb",
    )
)


class SecurityHeaders:
    """Headers that hold for every answer, errors and static files included."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
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
        if isinstance(exception, ReasonRefused):
            return refusals.page(request, 422, str(exception))
        if isinstance(exception, (ValueError, DataError)) and "NUL (0x00)" in str(exception):
            raise BadRequest("The text holds a NUL character, which cannot be stored.") from exception
        return None
