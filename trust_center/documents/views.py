from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.signed_records import queries as signed_records
from audit.transitions import MoveRefused
from privacy.deadlines.clock import local_day
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from tenants.members.signature_form import step
from tenants.tenancy.queries import of_request
from trust_center.documents import actions, forms, presenters, queries
from trust_center.documents.catalogue import CATALOGUE
from trust_center.documents.models import Document, DocumentVersion
from trust_center.documents.states import IN_THE_MAKING, Kind, State


@may("trust.view_content")
@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    versions = queries.current_versions()
    rows = [presenters.row(document, versions, now) for document in queries.documents()]
    return render(request, "trust_center/documents/list.html", {"rows": rows})


@may("trust.view_content")
@require_safe
def document(request: HttpRequest, kind: str) -> HttpResponse:
    now, shown = timezone.now(), _document(kind)
    entry = CATALOGUE[Kind(shown.kind)]
    versions = list(queries.versions_of(shown))
    signatures, copies = signed_records.of_many(versions), queries.signed_copies(shown)
    lines = [presenters.line(one, signatures[str(one.pk)], copies.get(one.pk)) for one in versions]
    current = [version for version in queries.current_versions() if version.document_id == shown.pk]
    row = presenters.row(shown, current, now)
    values = {
        "document": shown,
        "entry": entry,
        "row": row,
        "lines": lines,
        "behind_text": presenters.behind_text(f"The {entry.short}", row["behind"]) if row["behind"] else "",
        "crumbs": _crumbs(shown),
        "may_edit": request.user.has_perm("trust.edit_content"),
        "may_publish": request.user.has_perm("trust.publish_documents"),
        "may_read_history": request.user.has_perm("audit.view_history"),
        "is_printing": any(line["is_printing"] for line in lines),
    }
    return render(request, "trust_center/documents/detail.html", values)


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def prepare(request: HttpRequest, kind: str) -> HttpResponse:
    now, shown = timezone.now(), _document(kind)
    today = local_day(now, ZoneInfo(of_request(request).time_zone))
    entry = CATALOGUE[Kind(shown.kind)]
    initial = {"effective_on": today, "classification": entry.classification, "needs_nda": entry.needs_nda}
    form = forms.Prepare(_posted(request), today=today, initial=initial)
    if form.is_valid():
        try:
            actions.prepare(kind=Kind(shown.kind), **form.cleaned_data, actor=signed_in(request).actor, now=now)
        except actions.VersionRefused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, "The version is being printed. It appears here as a draft in a moment.")
            return redirect("document-desk", kind=shown.kind)
    values = {"form": form, "document": shown, "entry": entry, "crumbs": _crumbs(shown, "New version")}
    return render(request, "trust_center/documents/prepare.html", values, status=422 if form.is_bound else 200)


@may("trust.view_content")
@require_safe
def pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    version = _version(pk)
    content = _given_out(version) or queries.pdf_of(version)
    if not content:
        raise Http404
    kept = "attachment" if "download" in request.GET else "inline"
    return pdf_response(content, queries.file_name(version), kept)


@may("trust.view_content")
@require_safe
def signed_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The PDF exactly as it was signed, without the page of signatures: its hash is the one that the record keeps."""
    version = _version(pk)
    content = queries.pdf_of(version)
    if not content:
        raise Http404
    return pdf_response(content, f"as-signed-{queries.file_name(version)}")


@may("trust.publish_documents")
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, pk: UUID) -> HttpResponse:
    version = _version(pk)
    _refuse_unless(version, State.DRAFT)
    now, back = timezone.now(), reverse("document-desk", args=[version.document.kind])
    form = forms.Publish(_posted(request), signs=step(request, version, to=State.PUBLISHED, now=now))
    if form.is_valid():
        reason, actor = form.cleaned_data["reason"], signed_in(request).actor
        with form.refusals(actions.VersionRefused):
            actions.publish(version, signing=form.signing(now=now), actor=actor, now=now, reason=reason)
            messages.success(request, f"Version {version.number} is published.")
            return redirect(back)
    confirm = {
        "heading": f"Publish version {version.number}",
        "submit_label": "Sign and publish",
        "facts": presenters.facts(version, of_request(request).time_zone),
        "consequences": [
            "It is given out from now on with a page that prints your signature, and stands on the public list.",
            "The version before it is superseded; links that were granted for it go on working until they end.",
            "Subscribers to changes are told by mail.",
        ],
        "back_url": back,
        "back_label": version.document.title,
    }
    status = 422 if form.is_bound else 200
    return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    version = _version(pk)
    _refuse_unless(version, *IN_THE_MAKING)
    page = {
        "heading": f"Discard version {version.number}",
        "submit_label": "Discard",
        "kind": "danger",
        "consequences": ["It is never given out. Its number is not used again."],
    }
    return _confirmed(request, version, page, actions.retire, f"Version {version.number} is discarded.")


@may("trust.publish_documents")
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, pk: UUID) -> HttpResponse:
    version = _version(pk)
    _refuse_unless(version, State.PUBLISHED, State.SUPERSEDED)
    page = {
        "heading": f"Withdraw version {version.number}",
        "submit_label": "Withdraw",
        "kind": "danger",
        "consequences": [
            "It is not given out any more, and every link that was granted for it ends.",
            "Until another version is published, requests for this document cannot be granted.",
        ],
    }
    return _confirmed(request, version, page, actions.retire, f"Version {version.number} is withdrawn.")


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    version = _version(pk)
    _refuse_unless(version, State.FAILED)
    page = {"heading": f"Print version {version.number} again", "submit_label": "Print again", "text": version.failure}
    return _confirmed(request, version, page, actions.try_again, "The version is being printed again.")


def _given_out(version: DocumentVersion) -> bytes:
    """The file with its page of signatures; nothing for a version that nobody signed."""
    if queries.signed_copy(version) is None:
        return b""
    return bytes(actions.signed_copy(version, now=timezone.now()).pdf or b"")


def pdf_response(content: bytes, file_name: str, kept: str = "attachment") -> HttpResponse:
    """The PDF, never kept by a cache on the way."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'{kept}; filename="{file_name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _document(kind: str) -> Document:
    found = queries.by_kind(kind)
    if found is None:
        raise Http404
    return found


def _version(pk: UUID) -> DocumentVersion:
    found = queries.version(pk)
    if found is None:
        raise Http404
    return found


def _refuse_unless(version: DocumentVersion, *states: State) -> None:
    if version.state not in states:
        raise MoveRefused(f"This version is {presenters.WORDS[State(version.state)].lower()}.")


def _crumbs(shown: Document, here: str = "") -> list[dict[str, str]]:
    crumbs = [{"label": "Documents", "url": reverse("documents-desk")}]
    if here:
        return [*crumbs, {"label": shown.title, "url": reverse("document-desk", args=[shown.kind])}, {"label": here}]
    return [*crumbs, {"label": shown.title}]


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _confirmed(
    request: HttpRequest, version: DocumentVersion, page: dict[str, Any], act: Any, done: str
) -> HttpResponse:
    """Ask for a reason, do it, say so. `MoveRefused` becomes a 409 page further out."""
    form: django_forms.Form = forms.WithReason(_posted(request))
    back = reverse("document-desk", args=[version.document.kind])
    if form.is_valid():
        try:
            act(version, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
        except actions.VersionRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, done)
            return redirect(back)
    confirm = {"back_url": back, "back_label": version.document.title, **page}
    values = {"confirm": confirm, "form": form}
    return render(request, "desk/confirm.html", values, status=422 if form.is_bound else 200)
