"""Pages for what is refused."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def page(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """The page of a refusal, saying what was wrong in one sentence."""
    return render(request, f"{status}.html", {"reason": message}, status=status)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = "This form was opened too long ago or in another session. Go back, reload the page and send it again."
    return page(request, 403, message)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Rendered without a context: whatever broke must not break the page that says so."""
    return HttpResponse(render_to_string("500.html"), status=500)
