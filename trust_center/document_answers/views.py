"""The queue of document requests, and the answers that staff give."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from privacy.deadlines import queries as deadlines
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from trust_center.document_answers import forms
from trust_center.document_requests import actions, presenters, queries
from trust_center.document_requests.models import DocumentRequest
from trust_center.document_requests.states import OPEN, TONES, WORDS, State
from trust_center.documents import queries as documents

A_PAGE = 25
COLUMNS = [
    {"label": "Request"},
    {"label": "Requester"},
    {"label": "Documents"},
    {"label": "State"},
    {"label": "Due"},
]


@may("trust.view_document_requests")
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    filters = forms.Filter(request.GET)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    page = Paginator(queries.queue(**_search(chosen, now)), A_PAGE).get_page(request.GET.get("page"))
    values = {
        "stats": presenters.stats(queries.on_time(now)),
        "misses": queries.misses(now)[:A_PAGE],
        "page": page,
        "rows": [presenters.row(record, now) for record in page.object_list],
        "columns": COLUMNS,
        "filters": filters,
        "filtered": any(chosen.values()),
        "now": now,
    }
    return render(request, "trust_center/document_answers/queue.html", values)


@may("trust.view_document_requests")
@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    now, record = timezone.now(), _request(pk)
    values = {
        "record": record,
        "state": WORDS[State(record.state)],
        "tone": TONES[State(record.state)],
        "facts": presenters.facts(record),
        "outcome": presenters.outcome(record),
        "clock": presenters.clock_of(deadlines.of(record), now),
        "enquiries": [presenters.enquiry(asked) for asked in queries.enquiries_of(record)],
        "links": [presenters.link(given, now) for given in queries.grants_of(record)],
        "crumbs": [{"label": "Document requests", "url": reverse("document-requests")}, {"label": record.reference}],
        "may_answer": request.user.has_perm("trust.answer_document_requests"),
        "may_read_history": request.user.has_perm("audit.view_history"),
        "is_open": record.state in OPEN,
        "may_ask": record.state == State.RECEIVED,
        "now": now,
    }
    return render(request, "trust_center/document_answers/detail.html", values)


@may("trust.answer_document_requests")
@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = _request(pk)
    form = forms.Give(_posted(request), published=documents.published(), asked=record.kinds, is_late=_is_late(record))
    page = {
        "heading": f"Grant {record.reference}",
        "lede": "Each document goes out as a personal link that expires after 30 days and can be revoked.",
        "submit_label": "Grant and mail the links",
    }
    return _answered(request, record, form, page, actions.grant, "The links are mailed.")


@may("trust.answer_document_requests")
@require_http_methods(["GET", "POST"])
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = _request(pk)
    form = forms.Refuse(_posted(request), is_late=_is_late(record))
    page = {
        "heading": f"Refuse {record.reference}",
        "lede": "The requester is told by mail, with your reason.",
        "submit_label": "Refuse and mail the reason",
        "kind": "danger",
    }
    return _answered(request, record, form, page, actions.refuse, "The refusal is mailed.")


@may("trust.answer_document_requests")
@require_http_methods(["GET", "POST"])
def enquire(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = _request(pk)
    form = forms.Enquire(_posted(request))
    page = {
        "heading": f"Ask about {record.reference}",
        "lede": "The first question stops the clock until it is answered, unless the answer is overdue already.",
        "submit_label": "Mail the question",
    }
    return _answered(request, record, form, page, actions.ask, "The question is mailed.")


@may("trust.answer_document_requests")
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    given = queries.grant(pk)
    if given is None:
        raise Http404
    form = forms.Revoke(_posted(request))
    back = reverse("document-request", args=[given.request_id])
    if form.is_valid():
        actions.revoke(given, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, "The link is revoked.")
        return redirect(back)
    confirm = {
        "heading": f"Revoke the link to the {given.version.document.title}",
        "consequences": ["It opens nothing any more. What was downloaded before cannot be taken back."],
        "submit_label": "Revoke the link",
        "kind": "danger",
        "back_url": back,
        "back_label": given.request.reference,
    }
    values = {"confirm": confirm, "form": form}
    return render(request, "desk/confirm.html", values, status=422 if form.is_bound else 200)


def _search(chosen: dict[str, Any], now: Any) -> dict[str, Any]:
    state = chosen.get("state") or "open"
    found: dict[str, Any] = {"state": "" if state == "all" else state}
    if state == "overdue":
        found = {"state": "open", "overdue_at": now}
    return {**found, "kind": chosen.get("kind", ""), "text": chosen.get("text", "")}


def _request(pk: UUID) -> DocumentRequest:
    record = queries.request(pk)
    if record is None:
        raise Http404
    return record


def _is_late(record: DocumentRequest) -> bool:
    return record.due_at is not None and timezone.now() >= record.due_at


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _answered(
    request: HttpRequest, record: DocumentRequest, form: Any, page: dict[str, Any], act: Any, done: str
) -> HttpResponse:
    """Show the form, or act once and go back; a request that was answered meanwhile is a 409 page further out."""
    if form.is_valid():
        try:
            act(record, **form.cleaned_data, actor=signed_in(request).actor, now=timezone.now())
        except actions.RequestRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, done)
            return redirect("document-request", pk=record.pk)
    crumbs = [
        {"label": "Document requests", "url": reverse("document-requests")},
        {"label": record.reference, "url": reverse("document-request", args=[record.pk])},
        {"label": page["heading"]},
    ]
    values = {"form": form, "record": record, "page": page, "crumbs": crumbs}
    status = 422 if form.is_bound else 200
    return render(request, "trust_center/document_answers/answer.html", values, status=status)
