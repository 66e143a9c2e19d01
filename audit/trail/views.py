from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.readers import EXPORT, index_of, readers_only, zone_of
from audit.trail import forms, presenters, queries
from audit.trail.adapters import ledger
from audit.trail.queries import Places, Search

VERSIONS_A_PAGE = 50
ENTRIES_A_PAGE = 50


@readers_only
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Everything that was ever written in this schema, newest first (AT-15)."""
    zone, known = zone_of(request), queries.actors()
    kinds = sorted(
        (str(story.model._meta.verbose_name).capitalize(), table) for table, story in queries.by_table().items()
    )
    filters = forms.Filters(
        request.GET, actors=[(actor, actor) for actor, *_ in known], kinds=[(table, name) for name, table in kinds]
    )
    search = filters.search(zone) if filters.is_valid() else None
    found = _places(request, search) if search else Places([], None, None)
    events = queries.events_at(found.leaves)
    keys = ledger.keys_of_people(events, also=[key for *_, key in known if key])
    told = ledger.retold(events, keys)
    names = presenters.names(known, told, keys)
    filters.name_actors(presenters.choices(known, names))
    values = {
        "filters": filters,
        "filtered": search not in (None, Search()),
        "lines": presenters.lines(
            found.leaves, told, presenters.Reader(may=request.user.has_perm, zone=zone, actors=names)
        ),
        "found": found,
        "standing": presenters.standing(queries.standing(), zone),
        "zone": zone.key,
        "may_export": request.user.has_perm(EXPORT),
    }
    return render(request, "audit/trail/trail.html", values, status=200 if search else 422)


def _places(request: HttpRequest, search: Search) -> Places:
    """The page of the log that the address names; a place that is no number is the newest."""
    bounds = {name: index_of(request.GET.get(name, "")) for name in ("before", "after")}
    return queries.places(search, size=ENTRIES_A_PAGE, **bounds)


@readers_only
@require_GET
def record_history(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    """Every version of one record, newest first: who, what, why, when (§11.10(e), EU GMP Annex 11 §9)."""
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
    zone = zone_of(request)
    entries = presenters.entries(queries.versions(found, page.object_list), zone)
    values: dict[str, Any] = {
        "title": story.title_of(record),
        "entries": entries,
        "page": page,
        "zone": zone.key,
        "kind": story.model._meta.label_lower,
        "pk": record.pk,
    }
    return render(request, "audit/trail/history.html", values)
