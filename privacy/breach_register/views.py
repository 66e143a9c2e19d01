from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from privacy.breach_register import forms, presenters, queries
from privacy.incidents import queries as incidents
from privacy.incidents import states
from tenants.members.access import may

PAGE = 25
COLUMNS = [
    {"label": "Incident"},
    {"label": "Aware"},
    {"label": "People", "numeric": True},
    {"label": "Supervisory authority"},
    {"label": "Notices", "numeric": True},
    {"label": "State"},
]


@may("privacy.view_incidents")
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    filters = forms.Filter(request.GET)
    asked = filters.asked()
    page = Paginator(queries.register(**asked), PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "incident": one,
            "state": states.LABELS[states.State(one.state)],
            "tone": states.TONES[states.State(one.state)],
            "decision": states.NOTIFICATIONS[states.Notification(one.notification)] if one.own_data else "",
            "notices": len(more["sent"]) + len(more["received"]),
        }
        for one, more in queries.with_everything(page.object_list)
    ]
    values = {
        "filters": filters,
        "filtered": any(asked.values()),
        "page": page,
        "rows": rows,
        "columns": COLUMNS,
        "now": timezone.now(),
        "tz": incidents.here().time_zone,
        "query": request.GET.urlencode(),
    }
    return render(request, "privacy/breach_register/list.html", values)


@may("privacy.view_incidents")
@require_safe
def in_full(request: HttpRequest) -> HttpResponse:
    """Every entry in full, to be read or printed."""
    zone = incidents.zone()
    found = queries.in_batches(queries.register(**forms.Filter(request.GET).asked()))
    entries = [(one, presenters.rows(presenters.entry(one, **more, zone=zone))) for one, more in found]
    values = {"entries": entries, "owner": incidents.here(), "now": timezone.now(), "tz": zone.key}
    return render(request, "privacy/breach_register/in_full.html", values)


@may("privacy.view_incidents")
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The register as CSV, for an authority."""
    zone, now = incidents.zone(), timezone.now()
    found = queries.in_batches(queries.register(**forms.Filter(request.GET).asked()))
    entries = (presenters.entry(one, **more, zone=zone) for one, more in found)
    response = HttpResponse("".join(presenters.csv_lines(entries)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="breach-register-{now:%Y-%m-%d}.csv"'
    return response
