"""What a view wears that machines call: `@machine("scim.users")`, open to bearer tokens with one of these scopes.

Whoever is signed in with a browser is nobody here: cookies do not count, and so nothing of another site's making does
(CSRF). Tokens live in a feature above; it registers in `ready()` how one is recognised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse

from audit import watch
from audit.context import Actor, Authentication, authenticated_as, current_request
from tenants.members.access import MACHINE, View, declare

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """Who calls: a token of this schema, named in the trail as the service that it is."""

    token_id: UUID
    name: str
    scopes: frozenset[str]
    actor: Actor


class MachineRefused(Exception):
    """Not let in. `code` is an error of RFC 6750, empty where no token came; `seconds`: how long to wait.

    Told to the caller in `words`; `code` and words go to the log, a token never does.
    """

    def __init__(self, status: int, code: str, words: str, *, seconds: int = 0, scope: str = "") -> None:
        super().__init__(words)
        self.status, self.code, self.words, self.seconds, self.scope = status, code, words, seconds, scope


Recognise = Callable[[HttpRequest, frozenset[str]], Machine]
Tell = Callable[[MachineRefused], HttpResponse]

_recognise: dict[str, Recognise] = {}


def register(recognise: Recognise) -> None:
    """`recognise(request, scopes)` gives the machine that calls, or raises `MachineRefused`."""
    _recognise["bearer"] = recognise


def problem(refused: MachineRefused) -> HttpResponse:
    """The refusal as a problem document (RFC 9457)."""
    return problem_of(refused.status, refused.words)


def problem_of(status: int, detail: str) -> HttpResponse:
    told = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail}
    return JsonResponse(told, status=status, content_type="application/problem+json")


TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
}


def machine(*scopes: str, tell: Tell = problem) -> Callable[[View], View]:
    """Open to tokens that carry one of `scopes`; everybody else gets 401, 403 or 429, told by `tell` (ASVS 7.4.2)."""
    wanted = frozenset(scopes)

    def wear(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.user = AnonymousUser()
            try:
                caller = _recognise["bearer"](request, wanted)
            except MachineRefused as refused:
                return _refuse(refused, tell)
            request.machine = caller  # type: ignore[attr-defined]
            with authenticated_as(Authentication(session=str(caller.token_id), method="token")):
                return _unkept(view(request, *args, **kwargs))

        # Safe: no cookie opens this door.
        guarded.csrf_exempt = True  # type: ignore[attr-defined]
        return declare(guarded, view, MACHINE)

    return wear


def of_request(request: HttpRequest) -> Machine:
    """Who calls. For views behind `@machine` only."""
    found: Machine = request.machine  # type: ignore[attr-defined]
    return found


def actor_of(request: HttpRequest) -> Actor | None:
    """Whom the access log names for this request; None where no machine came in."""
    found: Machine | None = getattr(request, "machine", None)
    return found.actor if found is not None else None


def _refuse(refused: MachineRefused, tell: Tell) -> HttpResponse:
    log.warning("machine refused", code=refused.code, status=refused.status, address=current_request().address)
    # A flood of refusals is told of by its first ones.
    if refused.status != 429:
        watch.refused("MachineRefused", refused.words)
    response = tell(refused)
    if refused.status in (401, 403):
        response["WWW-Authenticate"] = _challenge(refused)
    if refused.seconds:
        response["Retry-After"] = str(refused.seconds)
    return _unkept(response)


def _challenge(refused: MachineRefused) -> str:
    """RFC 6750, 3: an error is named only where a token came."""
    parts = ['Bearer realm="complere"']
    if refused.code:
        parts += [f'error="{refused.code}"', f'error_description="{refused.words}"']
    if refused.scope:
        parts.append(f'scope="{refused.scope}"')
    return ", ".join(parts)


def _unkept(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Cache-Control", "no-store")
    return response
