from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tenants import schemas
from tenants.break_glass import actions, forms, presenters, queries
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tenants.members.access import dangerous, may
from tenants.members.accounts.queries import signed_in
from tenants.members.outbox.actions import link
from tenants.members.staff_entries.catalogue import TICKET_LIFE
from tenants.tenancy.queries import of_request

A_PAGE = 25
PAGES_SHOWN = 50
COLUMNS = [{"label": "Workspace"}, {"label": "State"}, {"label": "Who and why"}, {"label": "May"}, {"label": "Asked"}]


@may("tenants.ask_to_enter")
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Who of us asked to enter which tenant, and what came of it."""
    filters = forms.Filter(request.GET)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    page = Paginator(queries.matching(**chosen), A_PAGE).get_page(request.GET.get("page"))
    values = {
        "page": page,
        "rows": [presenters.row(entry) for entry in page.object_list],
        "columns": COLUMNS,
        "filters": filters,
        "filtered": any(chosen.values()),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/break_glass/list.html", values)


@may("tenants.ask_to_enter")
@dangerous
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = forms.Ask(_posted(request), initial={"tenant": request.GET.get("tenant", "")})
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "tenants/break_glass/ask.html", {"form": form}, status=status)
    asked = actions.ask(**form.cleaned_data, actor=signed_in(request).actor, now=timezone.now())
    messages.success(request, "Asked. Another person decides now; you are told by mail.")
    return redirect("entry", pk=asked.pk)


@may("tenants.ask_to_enter")
@require_safe
def entry(request: HttpRequest, pk: UUID) -> HttpResponse:
    found, viewer, now = _entry(pk), signed_in(request), timezone.now()
    own = viewer.pk == found.visitor_id
    values = {
        "entry": found,
        "facts": presenters.facts(found, of_request(request).time_zone),
        "waits": found.state == State.REQUESTED,
        "why_not": presenters.why_not(found, viewer, now),
        "may_enter": own and found.state == State.APPROVED and found.ends_at is not None and found.ends_at > now,
        "may_give_back": own and found.state in (State.REQUESTED, State.APPROVED),
        "pages": presenters.pages(queries.pages(found, PAGES_SHOWN)),
        "was_open": found.ends_at is not None,
        "tz": of_request(request).time_zone,
        "may_read_history": request.user.has_perm("audit.view_history"),
    }
    return render(request, "tenants/break_glass/detail.html", values)


@may("tenants.decide_on_entry")
@dangerous
@require_http_methods(["GET", "POST"])
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The second person (ASVS 2.3.5)."""
    found = _entry(pk)
    page = {
        "heading": f"Let {found.visitor} enter {found.tenant.name}",
        "submit_label": "Approve",
        "kind": "danger",
        "facts": presenters.facts(found, of_request(request).time_zone),
        "consequences": [
            f"{found.visitor} may enter the workspace at once, for {found.minutes} minutes.",
            f"The people who look after {found.tenant.name} are told at once, with your name; they can end the visit.",
            "Every page that is opened stands in their trail and in ours. Nothing can be signed.",
        ],
    }
    form = forms.WithReason(_posted(request))
    if not form.is_valid():
        return _asked_again(request, found, page, form)
    actions.approve(found, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
    messages.success(request, f"Approved. {found.visitor} and {found.tenant.name} are being told.")
    return redirect("entry", pk=found.pk)


@may("tenants.decide_on_entry")
@require_http_methods(["GET", "POST"])
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _entry(pk)
    page = {
        "heading": f"Refuse {found.visitor} the entry into {found.tenant.name}",
        "submit_label": "Refuse",
        "facts": presenters.facts(found, of_request(request).time_zone),
        "consequences": [f"{found.visitor} is told, with your reason.", "The tenant is told nothing."],
    }
    form = forms.WithReason(_posted(request))
    if not form.is_valid():
        return _asked_again(request, found, page, form)
    actions.refuse(found, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
    messages.success(request, "Refused.")
    return redirect("entry", pk=found.pk)


@may("tenants.ask_to_enter")
@dangerous
@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a way in: the link that is shown opens the tenant's own host once, within a minute."""
    found = _entry(pk)
    values: dict[str, Any] = {"entry": found, "seconds": int(TICKET_LIFE.total_seconds())}
    if request.method == "POST":
        ticket = actions.ticket(found, actor=signed_in(request).actor, now=timezone.now())
        with schemas.inside(found.tenant):
            values["way_in"] = link("staff-enter", ticket)
    return render(request, "tenants/break_glass/enter.html", values)


@may("tenants.ask_to_enter")
@require_http_methods(["GET", "POST"])
def give_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _entry(pk)
    page = {
        "heading": f"Give back the entry into {found.tenant.name}",
        "submit_label": "Give back",
        "consequences": [
            "A visit that is going on ends at once.",
            f"If it was approved, the people who look after {found.tenant.name} are told what was done.",
        ],
    }
    form = forms.WithReason(_posted(request))
    if not form.is_valid():
        return _asked_again(request, found, page, form)
    actions.give_back(found, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
    messages.success(request, "Given back.")
    return redirect("entry", pk=found.pk)


def _entry(pk: UUID) -> EntryRequest:
    found = queries.by_id(pk)
    if found is None:
        raise Http404
    return found


def _asked_again(
    request: HttpRequest, found: EntryRequest, page: dict[str, Any], form: forms.WithReason
) -> HttpResponse:
    confirm = {"back_url": reverse("entry", args=[found.pk]), "back_label": f"Entry into {found.tenant.name}", **page}
    status = 422 if form.is_bound else 200
    return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
