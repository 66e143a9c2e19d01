from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.context import current_request
from tenants.members.access import may, public_door, signed_in, too_many
from tenants.members.accounts.queries import signed_in as person_of
from tenants.members.staff_entries import actions, forms, presenters, queries
from tenants.members.staff_entries.models import StaffEntry
from tenants.tenancy.queries import of_request

A_PAGE = 25
COLUMNS = [{"label": "Who and why"}, {"label": "State"}, {"label": "May"}, {"label": "Approved"}, {"label": "Until"}]
LATE = "This way in is older than a minute, was used, or is not of this workspace. Take a new one in the console."
LEFT = "Left by the visitor"
ENDED_HERE = "Ended by the workspace"


@may("members.view_people")
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Every visit of Complere's staff to this workspace."""
    now = timezone.now()
    page = Paginator(queries.entries(), A_PAGE).get_page(request.GET.get("page"))
    values = {
        "page": page,
        "rows": [presenters.row(entry, now) for entry in page.object_list],
        "columns": COLUMNS,
        "tz": of_request(request).time_zone,
        "now": now,
    }
    return render(request, "tenants/staff_entries/list.html", values)


@may("members.view_people")
@require_safe
def entry(request: HttpRequest, pk: UUID) -> HttpResponse:
    found, now, tz = _entry(pk), timezone.now(), of_request(request).time_zone
    traces = queries.traces(found)
    may_read = request.user.has_perm("audit.view_history")
    values = {
        "entry": found,
        "facts": presenters.facts(found, now, tz),
        "opened": traces.opened,
        "pages": presenters.pages(traces) if may_read else [],
        "more_pages": traces.more_pages,
        "written": len(traces.writes),
        "writes": presenters.writes(traces) if may_read else [],
        "stands": not queries.is_over(found, now),
        "may_end": request.user.has_perm("members.manage_access"),
        "may_read_history": may_read,
        "tz": tz,
    }
    return render(request, "tenants/staff_entries/detail.html", values)


@may("members.manage_access")
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The tenant shows a visitor out."""
    found = _entry(pk)
    form = forms.EndNow(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        confirm = {
            "heading": f"End the visit of {found.visitor}",
            "submit_label": "End this visit now",
            "kind": "danger",
            "back_url": reverse("staff-entry", args=[found.pk]),
            "back_label": f"Visit of {found.visitor}",
            "consequences": [
                f"{found.visitor} is out with the next page, and cannot come back without a new approval.",
                "What was done stays in your trail. Complere reads your reason.",
            ],
        }
        status = 422 if form.is_bound else 200
        return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)
    actions.end(
        found.pk,
        actor=person_of(request).actor,
        now=timezone.now(),
        reason=form.cleaned_data["reason"],
        because=ENDED_HERE,
    )
    messages.success(request, "The visit has ended.")
    return redirect("staff-entry", pk=found.pk)


@public_door
@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link uses nothing up: what fetches links ahead would lose the way in. The button enters."""
    now = timezone.now()
    try:
        actions.count_ticket(current_request().address)
        if request.method == "POST":
            actions.enter(request, token=token, now=now)
            return redirect("home")
    except actions.TooManyTickets as refused:
        return too_many(request, refused.seconds)
    except actions.EntryOver as over:
        return _late(request, str(over))
    named = queries.ticket_holds(token)
    found = queries.visitor(named[0]) if named else None
    if found is None:
        return _late(request, LATE)
    tenant = of_request(request)
    values = {"entry": found.visit, "visitor": found, "tenant": tenant, "tz": tenant.time_zone}
    return render(request, "tenants/staff_entries/enter.html", values)


@signed_in
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """The visitor goes, and gives the rest of the time back."""
    visitor = queries.visitor_of(request)
    if visitor is None:
        raise Http404
    actions.end(visitor.visit.pk, actor=visitor.actor, now=timezone.now(), reason=LEFT, because=LEFT)
    logout(request)
    values = {"entry": visitor.visit, "tenant": of_request(request)}
    response = render(request, "tenants/staff_entries/left.html", values)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _late(request: HttpRequest, why: str) -> HttpResponse:
    """The same for a ticket that never was, is late, was used, or belongs elsewhere."""
    return render(request, "tenants/staff_entries/late.html", {"why": why}, status=410)


def _entry(pk: UUID) -> StaffEntry:
    found = queries.by_id(pk)
    if found is None:
        raise Http404
    return found
