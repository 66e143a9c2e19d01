"""Asking for documents: the public door, the pages behind mailed links, and a tenant's workspace."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.middleware import address_of
from privacy.deadlines import queries as deadlines
from tenants import schemas
from tenants.members.access import may, public_door
from tenants.members.accounts.queries import signed_in
from tenants.tenancy.queries import of_request
from trust_center.document_requests import actions, forms, presenters, queries
from trust_center.document_requests.models import DocumentRequest
from trust_center.document_requests.states import (
    OPEN,
    REQUEST_WINDOW,
    REQUESTS_A_MAILBOX,
    REQUESTS_AN_ADDRESS,
    TONES,
    WORDS,
    State,
)
from trust_center.documents import queries as documents
from trust_center.documents.states import Kind
from trust_center.documents.views import pdf_response
from trust_center.updates.adapters import limits

A_PAGE = 25


@public_door
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """The documents that can be asked for."""
    return _page(request, "library", {"library": presenters.library(documents.published())})


@public_door
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.method != "POST":
        chosen = forms.preselected(request.GET.getlist("document"))
        return _form(request, forms.PublicAsk(now=now, initial={"documents": chosen}), now)
    form = forms.PublicAsk(request.POST, now=now)
    if form.is_from_a_program:
        return redirect("request-documents-sent")
    if not form.is_valid():
        return _form(request, form, now, status=422)
    if _is_too_much(request, form.cleaned_data["email"]):
        return render(request, "429.html", {"retry_after": int(REQUEST_WINDOW.total_seconds())}, status=429)
    actions.submit(form.filing(), nonce=form.nonce, now=now)
    return redirect("request-documents-sent")


@public_door
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same words for everybody, whoever the address belongs to."""
    return _page(request, "sent", {})


@public_door
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A button, since programs that check mail open every link; pressing it confirms the address."""
    now = timezone.now()
    if request.method == "POST":
        try:
            actions.confirm(token, now=now)
        except actions.PassRefused:
            return _over(request)
        return redirect("document-request-status", token=token)
    record = queries.behind(token, now)
    if record is None:
        return _over(request)
    if record.state != State.AWAITING_CONFIRMATION:
        return redirect("document-request-status", token=token)
    tenant = of_request(request)
    promised = presenters.promise(now, record.calendar, record.time_zone, tenant.region)
    values = {"titles": presenters.titles(record.kinds), "promised": promised, "now": now}
    return _page(request, "confirm", values)


@public_door
@never_cache
@require_safe
def status(request: HttpRequest, token: str) -> HttpResponse:
    """Where a confirmed request stands: its due instant with why, and a question if there is one."""
    now = timezone.now()
    record = _confirmed(token, now)
    if record is None:
        return _over(request)
    return _status(request, record, token, forms.Answer(), now)


@public_door
@never_cache
@require_POST
def answer(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    record = _confirmed(token, now)
    if record is None:
        return _over(request)
    form = forms.Answer(request.POST)
    if not form.is_valid():
        return _status(request, record, token, form, now, status=422)
    actions.give_information(record, answer=form.cleaned_data["answer"], now=now)
    return redirect("document-request-status", token=token)


@public_door
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    record = _confirmed(token, now)
    if record is None:
        return _over(request)
    if request.method == "POST":
        actions.withdraw(record, now=now)
        return redirect("document-request-status", token=token)
    return _page(request, "withdraw", {"record": record, "token": token})


@public_door
@never_cache
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """What a granted link leads to; the download itself is a button, so that mail scanners do not use it up."""
    now = timezone.now()
    given = queries.grant_of(token)
    if given is None:
        raise Http404
    if why := queries.why_over(given, now):
        return _page(request, "link_over", {"why": why}, status=410)
    newer = documents.published().get(Kind(given.version.document.kind))
    values = {
        "given": given,
        "version": given.version,
        "copy": documents.signed_copy(given.version),
        "left": given.max_downloads - given.downloads,
        "newer": newer if newer is not None and newer.pk != given.version_id else None,
        "token": token,
    }
    return _page(request, "link", values)


@public_door
@never_cache
@require_POST
def download(request: HttpRequest, token: str) -> HttpResponse:
    try:
        version, content = actions.download(token, address=address_of(request), now=timezone.now())
    except actions.LinkUnknown:
        raise Http404 from None
    except actions.LinkOver as over:
        return _page(request, "link_over", {"why": str(over)}, status=410)
    return pdf_response(content, documents.file_name(version))


def _is_too_much(request: HttpRequest, email: str) -> bool:
    """Counted only for forms that would send a mail, so that mistakes cost nothing."""
    place = limits.exceeded("document-requests", address_of(request), most=REQUESTS_AN_ADDRESS, within=REQUEST_WINDOW)
    mailbox = limits.exceeded(
        "document-mailbox", queries.email_index(email), most=REQUESTS_A_MAILBOX, within=REQUEST_WINDOW
    )
    return place or mailbox


def _form(request: HttpRequest, form: forms.PublicAsk, now: datetime, status: int = 200) -> HttpResponse:
    tenant = of_request(request)
    promised = presenters.promise(now, tenant.calendar, tenant.time_zone, tenant.region)
    return _page(request, "form", {"form": form, "promised": promised, "now": now}, status=status)


def _confirmed(token: str, now: datetime) -> DocumentRequest | None:
    record = queries.behind(token, now)
    return None if record is None or record.state == State.AWAITING_CONFIRMATION else record


def _status(
    request: HttpRequest, record: DocumentRequest, token: str, form: forms.Answer, now: datetime, status: int = 200
) -> HttpResponse:
    asked = queries.open_enquiry(record) if record.state == State.INFORMATION_ASKED else None
    values: dict[str, Any] = {
        "record": record,
        "state": WORDS[State(record.state)],
        "tone": TONES[State(record.state)],
        "titles": presenters.titles(record.kinds),
        "clock": presenters.clock_of(deadlines.of(record), now) if record.state in OPEN else None,
        "asked": asked,
        "is_open": record.state in OPEN,
        "form": form,
        "token": token,
        "now": now,
    }
    return _page(request, "status", values, status=status)


def _over(request: HttpRequest) -> HttpResponse:
    why = "It is not complete, or it is older than its time."
    return _page(request, "link_over", {"why": why, "kind": "request"}, status=404)


def _page(request: HttpRequest, name: str, values: dict[str, Any], status: int = 200) -> HttpResponse:
    shared = {"platform_origin": settings.PLATFORM_ORIGIN}
    return render(request, f"trust_center/document_requests/{name}.html", shared | values, status=status)


@may("trust.request_documents")
@require_safe
def workspace(request: HttpRequest) -> HttpResponse:
    """In a tenant: the documents, and where this tenant's own requests stand."""
    now, tenant = timezone.now(), of_request(request)
    with schemas.on_platform():
        page = Paginator(queries.of_tenant(tenant.pk), A_PAGE).get_page(request.GET.get("page"))
        # Read here: personal fields open only in the schema that sealed them.
        rows = [presenters.row(record, now) for record in page.object_list]
        shelf = presenters.library(documents.published())
    values = {"library": shelf, "rows": rows, "page": page, "now": now}
    return render(request, "trust_center/document_requests/workspace.html", values)


@may("trust.request_documents")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_tenant(request: HttpRequest) -> HttpResponse:
    now, tenant, member = timezone.now(), of_request(request), signed_in(request)
    chosen = forms.preselected(request.GET.getlist("document"))
    given = request.POST if request.method == "POST" else None
    form = forms.Ask(given, now=now, initial={"documents": chosen})
    if form.is_valid():
        filing = presenters.filing_of(form.cleaned_data, member.full_name, member.email, tenant)
        made = actions.submit_for_tenant(
            filing, tenant=tenant, member_id=member.pk, role=member.role_names, nonce=form.nonce, now=now
        )
        messages.success(request, "Your request is received.")
        return redirect("document-request", pk=made)
    promised = presenters.promise(now, tenant.calendar, tenant.time_zone, tenant.region)
    identity = presenters.identity(member.full_name, member.email, tenant)
    values = {"form": form, "promised": promised, "identity": identity, "now": now}
    status_code = 422 if form.is_bound else 200
    return render(request, "trust_center/document_requests/ask.html", values, status=status_code)


@may("trust.request_documents")
@require_safe
def own_request(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _own(request, pk, forms.Answer())


@may("trust.request_documents")
@require_POST
def answer_own(request: HttpRequest, pk: UUID) -> HttpResponse:
    form = forms.Answer(request.POST)
    if not form.is_valid():
        return _own(request, pk, form, status=422)
    with schemas.on_platform():
        record = _of_tenant(request, pk)
        actor = actions.member_actor(record.tenant_name, signed_in(request).pk, signed_in(request).role_names)
        actions.give_information(record, answer=form.cleaned_data["answer"], now=timezone.now(), actor=actor)
    messages.success(request, "Your answer is received.")
    return redirect("document-request", pk=pk)


@may("trust.request_documents")
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_own(request: HttpRequest, pk: UUID) -> HttpResponse:
    with schemas.on_platform():
        record = _of_tenant(request, pk)
        if request.method == "POST":
            actor = actions.member_actor(record.tenant_name, signed_in(request).pk, signed_in(request).role_names)
            actions.withdraw(record, now=timezone.now(), actor=actor)
    if request.method == "POST":
        messages.success(request, "The request is withdrawn.")
        return redirect("document-request", pk=pk)
    confirm_page = {
        "heading": f"Withdraw {record.reference}",
        "consequences": ["It is not answered any more. You can ask again at any time."],
        "submit_label": "Withdraw the request",
        "kind": "danger",
        "back_url": reverse("document-request", args=[pk]),
        "back_label": record.reference,
    }
    return render(request, "desk/confirm.html", {"confirm": confirm_page})


def _own(request: HttpRequest, pk: UUID, form: forms.Answer, status: int = 200) -> HttpResponse:
    now = timezone.now()
    with schemas.on_platform():
        values = {**presenters.own(_of_tenant(request, pk), now), "form": form, "now": now}
    return render(request, "trust_center/document_requests/own.html", values, status=status)


def _of_tenant(request: HttpRequest, pk: UUID) -> DocumentRequest:
    """A request of this tenant; another tenant's is not found."""
    record = queries.of_tenant(of_request(request).pk).filter(pk=pk).first()
    if record is None:
        raise Http404
    return record
