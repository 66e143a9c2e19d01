from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.access_log import actions as access_log
from audit.context import Actor
from audit.export import actions, forms, presenters, queries
from audit.export.adapters import extract
from audit.export.models import Export
from audit.export.states import State
from audit.readers import EXPORT, READ, with_right, zone_of
from audit.trail import queries as trail
from audit.transitions import MoveRefused

A_PAGE = 25
PRIVATE = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; sandbox"}


@with_right(EXPORT)
@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """Copies of the trail that were ordered, newest first, and the order of another (AT-15)."""
    form = forms.Order(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = actions.order(
                **form.bounds(zone_of(request)),
                time_zone=zone_of(request).key,
                actor=_actor(request),
                now=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
        except actions.ExportRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("export", export_id=made.pk)
    page = Paginator(queries.listed(), A_PAGE).get_page(request.GET.get("page"))
    lines = [presenters.line(export, zone_of(request)) for export in page.object_list]
    values = {"form": form, "page": page, "lines": lines, "zone": zone_of(request).key}
    return render(request, "audit/export/list.html", values, status=422 if form.errors else 200)


@with_right(EXPORT)
@require_GET
def export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """One copy: how far it is, what it holds, the way to its file."""
    found, zone = _export(export_id), zone_of(request)
    values = {"line": presenters.line(found, zone), "facts": presenters.facts(found, zone), "zone": zone.key}
    return render(request, "audit/export/detail.html", values)


@with_right(EXPORT)
@require_GET
def download(request: HttpRequest, export_id: UUID) -> StreamingHttpResponse:
    """The file, as a stream. Who takes it is in the access log."""
    found = _export(export_id)
    if found.state == State.READY and queries.somebody_was_erased_since(found):
        found = actions.withdraw(found, now=timezone.now())
    if found.state != State.READY:
        raise MoveRefused("The file of this export is not there. Order another.", record=f"audit.export:{found.pk}")
    access_log.note_download(actor=_actor(request), what="export of the trail", record=f"audit.export:{found.pk}")
    name = f"trail-{found.from_index}-{found.from_index + found.event_count}.zip"
    headers = PRIVATE | {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(found.file_size),
    }
    return StreamingHttpResponse(_file(found), content_type="application/zip", headers=headers)


def _file(export: Export) -> Iterator[bytes]:
    yield from queries.contents(export)


@with_right(READ)
@require_GET
def export_record(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    """One record with its trail and its signatures, as a file for people or for machines (P11-10b)."""
    story, record = _record(request, kind, pk)
    form = request.GET.get("form", "")
    if form not in extract.FORMS:
        values = {"title": story.title_of(record), "kind": story.kind, "pk": pk}
        return render(request, "audit/export/record.html", values)
    found = extract.of_record(story, record, request.user.has_perm, zone_of(request), at=timezone.now())
    access_log.note_download(actor=_actor(request), what=f"record as {form}", record=f"{story.kind}:{pk}")
    content, content_type = extract.as_json(found) if form == "json" else extract.as_pdf(found)
    name = f"{story.kind.replace('.', '-')}-{str(pk)[:8]}.{form}"
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _record(request: HttpRequest, kind: str, pk: str) -> tuple[Any, Any]:
    story = trail.story_of(kind)
    if story is None:
        raise Http404
    if not request.user.has_perm(story.permission):
        raise PermissionDenied
    record = trail.record_of(story, pk)
    if record is None:
        raise Http404
    return story, record


def _export(export_id: UUID) -> Export:
    found = queries.by_id(export_id)
    if found is None:
        raise Http404
    return found


def _actor(request: HttpRequest) -> Actor:
    return cast("Actor", request.user.actor)  # type: ignore[union-attr]
