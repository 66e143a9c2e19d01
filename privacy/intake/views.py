"""The public door: the form, the confirmation, and the personal page. Same answers for known and unknown people."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from audit import context
from audit.subject_keys.queries import ErasedError
from privacy.case_files import actions as case_files
from privacy.case_files import queries as case_queries
from privacy.case_files.models import RequestFile
from privacy.case_files.states import Door, Purpose
from privacy.intake import actions, forms, presenters
from privacy.subject_requests import presenters as desk
from privacy.subject_requests import queries
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants.members.access import public_door
from tenants.tenancy.queries import of_request


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def data_request(request: HttpRequest) -> HttpResponse:
    """The form, and sending it."""
    given = (request.POST,) if request.method == "POST" else ()
    form = forms.IntakeForm(*given, now=timezone.now())
    if given and form.is_from_a_program:
        return redirect("data-request-sent")
    if given and form.is_valid():
        email = form.cleaned_data["subject_email"]
        if not actions.admit(place=context.current_request().address, email=email):
            return render(request, "429.html", {"retry_after": actions.HOUR}, status=429)
        actions.submit(form.filing(), form_token=form.cleaned_data["form_token"], now=form.now)
        return redirect("data-request-sent")
    return _page(request, "form", {"form": form}, status=422 if form.is_bound else 200)


@public_door
@require_GET
def data_request_sent(request: HttpRequest) -> HttpResponse:
    """The same words for everybody, whoever the address belongs to."""
    return _page(request, "sent", {})


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def confirm_data_request(request: HttpRequest, token: str) -> HttpResponse:
    """A button, since programs that check mail open every link; pressing it confirms the address."""
    now = timezone.now()
    record = _behind(token, Door.CONFIRM, now)
    if record is None:
        return _page(request, "link_over", {}, status=404)
    if request.method == "POST":
        follow = actions.confirm(record, now=now)
        if follow is not None:
            return redirect("follow-data-request", token=follow)
        return _page(request, "confirmed", {})
    return _page(request, "confirm", {"record": record})


@public_door
@never_cache
@require_GET
def follow_data_request(request: HttpRequest, token: str) -> HttpResponse:
    """Where the request stands, and the answer for as long as it is open (DSR-35)."""
    now = timezone.now()
    record = _behind(token, Door.FOLLOW, now)
    if record is None:
        return _page(request, "link_over", {}, status=404)
    status = presenters.status(record, token, now, of_request(request).time_zone)
    if status["readable"]:
        case_files.log_use(record, "Opened the answer", now=now)
    return _page(request, "follow", {"status": status, "now": now, "tz": of_request(request).time_zone})


@public_door
@never_cache
@require_GET
def data_request_file(request: HttpRequest, token: str, file_id: UUID) -> HttpResponse:
    """A file of the answer, while it is open. Each download is written down."""
    now = timezone.now()
    record = _behind(token, Door.FOLLOW, now)
    if record is None:
        return _page(request, "link_over", {}, status=404)
    if record.state != State.DELIVERED or record.answer_open_until is None or now >= record.answer_open_until:
        raise Http404
    try:
        file = case_queries.file_of(record, file_id, Purpose.ANSWER)
        response = desk.download(file)
    except (RequestFile.DoesNotExist, ErasedError):
        raise Http404 from None
    case_files.log_use(record, "Downloaded a file of the answer", now=now)
    return response


def _behind(token: str, door: Door, now: Any) -> SubjectRequest | None:
    found = case_queries.request_behind(token, door, now=now)
    return queries.by_id(found) if found else None


def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    shared = {"platform_origin": settings.PLATFORM_ORIGIN, "controller": of_request(request).name}
    return render(request, f"privacy/intake/{name}.html", shared | context, status=status)
