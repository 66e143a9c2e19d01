from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.readers import readers_only, zone_of
from audit.reconciliation import presenters, queries

MOST_SHOWN = 200


@readers_only
@require_GET
def findings(request: HttpRequest) -> HttpResponse:
    """Where ledger, history, records and structure do not agree, and where they did not once."""
    standing = queries.open_findings()
    values = {
        "standing": presenters.lines(standing[:MOST_SHOWN]),
        "number": standing.count(),
        "resolved": presenters.lines(queries.resolved_findings()[:MOST_SHOWN]),
        "zone": zone_of(request).key,
    }
    return render(request, "audit/reconciliation/findings.html", values)
