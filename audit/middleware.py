"""Gives each request an id and an address for trail and logs."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from audit import context

ACCEPTED_ID = re.compile(r"\A[A-Za-z0-9-]{8,64}\Z")


class RequestIdentity:
    """An id that a trusted proxy gave is kept, so that its log and ours can be joined."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "") if settings.TRUSTED_PROXIES else ""
        request_id = given if ACCEPTED_ID.match(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with context.from_request(context.Request(id=request_id, address=address_of(request))):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


def address_of(request: HttpRequest) -> str:
    """The client's address; a forwarded one counts only as far as proxies are ours."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        return hops[-settings.TRUSTED_PROXIES][:64]
    return str(request.META.get("REMOTE_ADDR", ""))[:64]
