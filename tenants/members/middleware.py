"""A session counts only in the schema it was opened in, as long as its rules allow, and from where they allow it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from tenants.members import access
from tenants.members.access_policies.catalogue import STEP_UP, STEP_UP_TO_SEND
from tenants.members.sessions import queries
from tenants.members.sessions.catalogue import SCHEMA, Door
from tenants.schemas import current_schema


class SessionHolds:
    """Second wall behind the session table of each schema: the session names its schema, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not _holds(request):
            logout(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """A dangerous act asks for a fresh proof (ASVS 7.5.1)."""
        door = queries.door_of(request) if request.user.is_authenticated else None
        if door is None:
            return None
        if access.is_dangerous(view) and not _proved_lately(request, door, timezone.now()):
            # What was typed is not sent again: the page is opened anew.
            back = request.get_full_path() if request.method == "GET" else request.META.get("HTTP_REFERER", "")
            return redirect(f"{reverse('prove')}?{urlencode({'next': back})}")
        return None


def _holds(request: HttpRequest) -> bool:
    return request.session.get(SCHEMA) == current_schema() and queries.door_of(request) is not None


def _proved_lately(request: HttpRequest, door: Door, now: datetime) -> bool:
    return now - door.proved_at <= (STEP_UP if request.method in ("GET", "HEAD") else STEP_UP_TO_SEND)
