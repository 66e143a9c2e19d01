from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.trail import presenters, queries

READ = "audit.view_history"
VERSIONS_A_PAGE = 50


@login_required
@require_GET
def record_history(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    """Every version of one record, newest first: who, what, why, when (§11.10(e), EU GMP Annex 11 §9)."""
    if not request.user.has_perm(READ):
        raise PermissionDenied
    story = queries.story_of(kind)
    if story is None:
        raise Http404
    if not request.user.has_perm(story.permission):
        raise PermissionDenied
    record = queries.record_of(story, pk)
    if record is None:
        raise Http404
    found = queries.sources(story, record, request.user.has_perm)
    page = Paginator(queries.marks(found), VERSIONS_A_PAGE).get_page(request.GET.get("page"))
    zone = ZoneInfo(getattr(getattr(request, "tenant", None), "time_zone", "UTC"))
    entries = presenters.entries(queries.versions(found, page.object_list), zone)
    values = {"title": story.title_of(record), "entries": entries, "page": page, "zone": zone.key}
    return render(request, "audit/trail/history.html", values)


# Not @may: this app stands below tenants.members.access, so it says in the same place what it asks for.
record_history.permission = READ  # type: ignore[attr-defined]
