"""A session counts only in the schema it was opened in, as long as its rules allow, and from where they allow it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from audit.context import Authentication, authenticated_as, current_request
from tenants import signing
from tenants.members import access
from tenants.members.access_policies import queries as policies
from tenants.members.access_policies.catalogue import STEP_UP, STEP_UP_TO_SEND, is_within
from tenants.members.accounts.models import User
from tenants.members.entrance.queries import may_come_without_provider
from tenants.members.factors.queries import factors_of
from tenants.members.sessions import actions, queries
from tenants.members.sessions.catalogue import SCHEMA, Door, Ended, Method
from tenants.schemas import current_schema

Respond = Callable[[HttpRequest], HttpResponse]

# Where somebody without a second factor sets one up.
SET_UP: Final = "signing"


class SessionHolds:
    """Second wall behind the session table of each schema: every request of a session is held to the rules anew."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        given = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        ended = _why_over(request, now)
        if ended is not None:
            logout(request)
        elif request.user.is_authenticated:
            actions.note_use(request, now=now)
        request.ended = ended or _gone(request, given, now)  # type: ignore[attr-defined]
        with authenticated_as(_authentication(request)):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Behind the doors that are open to anybody: who was signed out is told why, and two rules are held."""
        if access.permission_of(view) in (access.PUBLIC, access.MACHINE):
            return None
        door = queries.door_of(request) if request.user.is_authenticated else None
        if door is None:
            ended = getattr(request, "ended", None)
            return _to_sign_in(request, ended) if ended else None
        if _lacks_second(request, door, view):
            return _to_second(request)
        if access.is_dangerous(view) and not _proved_lately(request, door, timezone.now()):
            # A dangerous act asks for a fresh proof (ASVS 7.5.1). What was typed is not sent again.
            return _sent_to(request, "prove", next=_way_back(request))
        return None


class CsrfOfSchema:
    """Around Django's own check: the secret in the cookie counts only in the schema that gave it (ASVS 3.5.1)."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = settings.CSRF_COOKIE_NAME
        secret, _, seal = request.COOKIES.get(name, "").partition(".")
        if secret and constant_time_compare(seal, _seal(secret)):
            request.COOKIES[name] = secret
        else:
            request.COOKIES.pop(name, None)
        response = self.get_response(request)
        if (given := response.cookies.get(name)) is not None and given.value:
            sealed = f"{given.value}.{_seal(given.value)}"
            given.set(name, sealed, sealed)
        return response


def _seal(secret: str) -> str:
    return signing.digest(secret, purpose="csrf")


def _why_over(request: HttpRequest, now: datetime) -> Ended | None:
    """Why what this session says of somebody holds no more; None while it holds, or says nothing of anybody."""
    if not request.user.is_authenticated:
        # Half a session, or one of an account that is shut.
        return Ended.ELSEWHERE if SESSION_KEY in request.session else None
    row, door = queries.row_of(request), queries.door_of(request)
    if row is None or door is None or request.session.get(SCHEMA) != current_schema():
        return Ended.ELSEWHERE
    if row.entry_id is None and row.user_id != request.user.pk:
        return Ended.ELSEWHERE
    rules = policies.rules()
    if not is_within(rules.networks, current_request().address):
        return Ended.NETWORK
    by_password = door.method in (Method.PASSWORD, Method.PASSKEY)
    if by_password and rules.sso_required and not may_come_without_provider(request.user):
        return Ended.ELSEWHERE
    limits = queries.limits_of(request.user, visit=row.entry_id is not None)
    return queries.why_over(row, door, limits, now)


def _gone(request: HttpRequest, given: str, now: datetime) -> Ended | None:
    """What to tell a browser whose session was there once; the same for one that made its key up."""
    dead = given and not request.user.is_authenticated and request.session.session_key is None
    return queries.why_ended(given, now) if dead else None


def _authentication(request: HttpRequest) -> Authentication:
    """How the person of this request proved who they are, for the trail."""
    door = queries.door_of(request) if request.user.is_authenticated else None
    if door is None:
        return Authentication()
    method = f"{door.method}+{door.second}" if door.second else str(door.method)
    return Authentication(session=queries.mark_of(request.session.session_key), method=method)


def _lacks_second(request: HttpRequest, door: Door, view: Callable[..., Any]) -> bool:
    """Whether the rules ask for a second factor that this session never saw (ASVS 6.3.3)."""
    if door.second_at is not None or access.is_enrolment(view) or not isinstance(request.user, User):
        return False
    match = request.resolver_match
    return policies.second_is_required(request.user) and (match is None or match.url_name != SET_UP)


def _to_second(request: HttpRequest) -> HttpResponse:
    """Who has a second factor shows it at sign-in; who has none sets one up before anything else."""
    if isinstance(request.user, User) and factors_of(request.user):
        logout(request)
        return _to_sign_in(request, Ended.SECOND)
    return _sent_to(request, SET_UP)


def _proved_lately(request: HttpRequest, door: Door, now: datetime) -> bool:
    return now - door.proved_at <= (STEP_UP if request.method in ("GET", "HEAD") else STEP_UP_TO_SEND)


def _to_sign_in(request: HttpRequest, ended: Ended) -> HttpResponse:
    return _sent_to(request, "sign-in", next=_way_back(request), ended=str(ended))


def _sent_to(request: HttpRequest, name: str, **said: str) -> HttpResponse:
    url = f"{reverse(name)}?{urlencode(said)}" if said else reverse(name)
    if request.headers.get("HX-Request") == "true":
        # A part of a page was asked for: the whole window goes.
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def _way_back(request: HttpRequest) -> str:
    """The page to open again: this one, or the one whose form was sent."""
    if request.method in ("GET", "HEAD") and request.headers.get("HX-Request") != "true":
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return ""
    return f"{page.path}?{page.query}" if page.query else page.path
