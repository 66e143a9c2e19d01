"""A session counts only in the schema it was opened in."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from tenants.schemas import current_schema

SESSION_SCHEMA = "schema"


class SessionBelongsHere:
    """Second wall behind the session table of each schema: the session names its schema too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.session.get(SESSION_SCHEMA) != current_schema():
            logout(request)
        return self.get_response(request)
