from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.access_log import forms, presenters, queries
from audit.access_log.queries import Page, Search
from audit.readers import index_of, readers_only, zone_of

ENTRIES_A_PAGE = 50


@readers_only
@require_GET
def access_log(request: HttpRequest) -> HttpResponse:
    """Who looked at whose personal data, and who was refused what, newest first."""
    zone = zone_of(request)
    filters = forms.Filters(request.GET, actors=presenters.choices(queries.actors()))
    search = _search(filters, zone) if filters.is_valid() else None
    bounds = {name: index_of(request.GET.get(name, "")) for name in ("before", "after")}
    found = queries.page(search, size=ENTRIES_A_PAGE, **bounds) if search else Page([], None, None)
    values = {
        "filters": filters,
        "filtered": search not in (None, Search()),
        "found": found,
        "lines": presenters.lines(found.entries, request.user.has_perm, zone),
        "zone": zone.key,
    }
    return render(request, "audit/access_log/list.html", values, status=200 if search else 422)


def _search(filters: forms.Filters, zone: ZoneInfo) -> Search:
    values = filters.cleaned_data
    wanted = values["record"].strip()
    return Search(
        actor=values["actor"],
        kind=values["kind"],
        records=presenters.references(wanted) if wanted else (),
        **filters.bounds(zone),
    )
