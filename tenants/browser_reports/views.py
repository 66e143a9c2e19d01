import json
from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from audit.context import current_request
from tenants.browser_reports import actions, queries
from tenants.members.access import may, public_door, too_many
from tenants.members.accounts.adapters import attempts
from tenants.tenancy.queries import of_request

LONGEST = 16 * 1024
WINDOW = timedelta(minutes=1)
REPORTS_AN_ADDRESS = 20


@csrf_exempt
@public_door
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Where browsers say what a page's policy forbade. They carry no token and no cookie, and get no answer."""
    if attempts.count("browser report", current_request().address, window=WINDOW) > REPORTS_AN_ADDRESS:
        return too_many(request, int(WINDOW.total_seconds()))
    if len(request.body) > LONGEST:
        return HttpResponse("A report has at most 16 KiB.\n", status=413, content_type="text/plain")
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return HttpResponse("A report is JSON.\n", status=400, content_type="text/plain")
    actions.keep(queries.told(sent, getattr(request, "urlconf", None)), now=timezone.now())
    return HttpResponse(status=204)


@may("tenants.view_tenants")
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    page = Paginator(queries.newest(), 50).get_page(request.GET.get("page"))
    values = {"reports": page, "tz": of_request(request).time_zone}
    return render(request, "tenants/browser_reports/list.html", values)
