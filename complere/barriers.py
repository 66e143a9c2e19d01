"""Barriers before the doors: requests that another site's page makes, and strangers who knock too often.

Both go by what a view declares (`tenants/members/access.py`): a new view stands behind them from its first day.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from audit.context import current_request
from complere import refusals
from tenants.members import access
from tenants.members.accounts.adapters import attempts

Respond = Callable[[HttpRequest], HttpResponse]

SAFE: Final = ("GET", "HEAD", "OPTIONS")
MINUTE: Final = timedelta(minutes=1)
GUESSES_REMEMBERED: Final = timedelta(minutes=10)
CROSS_SITE = "Another site's page asked for this. Open it from here instead."


class SameSiteOnly:
    """What is for signed-in people is not fetched, framed or posted to by another site's page (ASVS 3.5.8).

    Following a link from a mail stays possible: that is a navigation of the whole window. Browsers that send no
    Sec-Fetch headers are held by cookies (SameSite) and tokens alone.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if request.headers.get("Sec-Fetch-Site") != "cross-site" or _is_public(view) or _is_followed_link(request):
            return None
        return refusals.page(request, 403, CROSS_SITE)


class AnonymousDoors:
    """How often one address may send something, or guess at links, while nobody is signed in (ASVS 2.4.1).

    Counted for each schema by itself. Above these stand the narrower limits of the doors themselves.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if response.status_code == 404 and match and match.kwargs and _is_stranger(request) and _is_public(match.func):
            attempts.count("unknown link", current_request().address, window=GUESSES_REMEMBERED)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not _is_public(view) or not _is_stranger(request):
            return None
        address = current_request().address
        if request.method not in SAFE:
            if attempts.count("anonymous door", address, window=MINUTE) > settings.ANONYMOUS_SENDINGS_A_MINUTE:
                return access.too_many(request, int(MINUTE.total_seconds()))
        elif kwargs and attempts.so_far("unknown link", address) > settings.UNKNOWN_LINKS_IN_TEN_MINUTES:
            return access.too_many(request, int(GUESSES_REMEMBERED.total_seconds()))
        return None


def _is_public(view: Callable[..., Any]) -> bool:
    return access.permission_of(view) == access.PUBLIC


def _is_stranger(request: HttpRequest) -> bool:
    return not getattr(getattr(request, "user", None), "is_authenticated", False)


def _is_followed_link(request: HttpRequest) -> bool:
    asked = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    return request.method in SAFE and asked == ("navigate", "document")
