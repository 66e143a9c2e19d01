from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.context import Actor
from audit.signed_records import queries as signed_records
from privacy.deadlines import queries as deadlines
from privacy.incidents import actions, catalogue, forms, presenters, queries, states
from privacy.incidents.clock import FactsRefused
from privacy.incidents.models import AffectedTenant, Incident
from tenants import schemas
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from tenants.tenancy import queries as tenancy

PAGE = 25
COLUMNS = [
    {"label": "Incident", "key": "reference"},
    {"label": "State"},
    {"label": "Detected", "key": "detected_at"},
    {"label": "Earliest duty"},
]
MATCHES = 50


@dataclass(frozen=True, slots=True)
class Step:
    """A step that needs nothing but its reason."""

    write: Callable[..., Incident]
    heading: str
    text: str
    submit: str
    done: str
    consequences: tuple[str, ...] = ()
    kind: str = "primary"


STEPS = {
    "assess": Step(
        actions.assess,
        "Start the assessment",
        "Somebody investigates whether personal data were compromised. The investigation is short and starts promptly.",
        "Start the assessment",
        "The assessment has started.",
    ),
    "no-breach": Step(
        actions.dismiss,
        "No personal-data breach",
        "The register keeps the incident, the decision and its reason.",
        "Record that it is no breach",
        "It is recorded as no personal-data breach.",
        ("Running clocks end.", "The incident can be assessed again when new facts come up."),
    ),
    "contain": Step(
        actions.contain,
        "The breach is contained",
        "No further data are compromised. Clocks and duties go on.",
        "Record the containment",
        "The breach is recorded as contained.",
    ),
    "close": Step(
        actions.close,
        "Close the incident",
        "Nothing is left to find out, to do or to tell.",
        "Close the incident",
        "The incident is closed.",
        ("A closed incident takes no more facts and no more notices.", "It stays in the register."),
        "danger",
    ),
}
# Which steps are offered where; what is not offered is refused by the table of transitions as well.
OFFERED = {
    states.State.LOGGED: ("assess", "no-breach"),
    states.State.ASSESSING: ("no-breach",),
    states.State.NO_BREACH: ("assess", "close"),
    states.State.CONFIRMED_BREACH: ("contain", "no-breach"),
    states.State.CONTAINED: ("close", "no-breach"),
    states.State.CLOSED: (),
}


@may("privacy.view_incidents")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    now, sort = timezone.now(), request.GET.get("sort", "")
    filters = forms.Filter(request.GET)
    asked = filters.cleaned_data if filters.is_valid() else {}
    found = queries.filtered(text=asked.get("q", ""), state=asked.get("state", ""), sort=sort)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    tenants = queries.affected_of_many(page.object_list)
    clocks = queries.clocks_of(page.object_list, tenants)
    rows = [presenters.row(one, clocks[one.pk], tenants[one.pk], now) for one in page.object_list]
    values = {
        "filters": filters,
        "filtered": any(asked.values()),
        "page": page,
        "rows": rows,
        "columns": COLUMNS,
        "sort": sort,
        "now": now,
        "tz": queries.here().time_zone,
        "may_log": request.user.has_perm("privacy.log_incidents"),
    }
    return render(request, "privacy/incidents/list.html", values)


@may("privacy.log_incidents")
@require_http_methods(["GET", "POST"])
def log(request: HttpRequest) -> HttpResponse:
    now, zone = timezone.now(), queries.zone()
    form = forms.LogIncident(_posted(request), platform=schemas.is_platform(), zone=zone)
    if request.method == "POST" and form.is_valid():
        try:
            token = form.cleaned_data["form_token"]
            incident = actions.log(facts=form.facts(), actor=_actor(request), now=now, token=token)
        except FactsRefused as refused:
            form.refuse(refused.field, str(refused))
        else:
            return redirect("incident-logged", pk=incident.pk)
    return render(request, "privacy/incidents/log.html", {"form": form}, status=422 if form.is_bound else 200)


@may("privacy.log_incidents")
@require_safe
def logged(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The receipt: all that somebody sees who may log but not read."""
    incident = get_object_or_404(queries.logged_by(signed_in(request).pk), pk=pk)
    values = {
        "incident": incident,
        "tz": queries.here().time_zone,
        "may_read": request.user.has_perm("privacy.view_incidents"),
    }
    return render(request, "privacy/incidents/logged.html", values)


@may("privacy.view_incidents")
@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    now = timezone.now()
    incident = get_object_or_404(queries.incidents(), pk=pk)
    tenants = list(queries.affected(incident))
    clocks = deadlines.of_many([incident, *tenants])
    works = request.user.has_perm("privacy.work_incidents") and incident.state != states.State.CLOSED
    values = {
        "incident": incident,
        "state": states.LABELS[states.State(incident.state)],
        "tone": states.TONES[states.State(incident.state)],
        "clocks": presenters.clocks(clocks[deadlines.key(incident)], now),
        "tenants": [presenters.tenant_row(row, clocks[deadlines.key(row)], now) for row in tenants],
        "parts": catalogue.told(incident.content)[1:],
        "natures": [catalogue.NATURES[catalogue.Nature(nature)] for nature in incident.natures],
        "decision": states.NOTIFICATIONS[states.Notification(incident.notification)],
        "elapsed": presenters.elapsed(incident.aware_at, now),
        "steps": [{"slug": slug, "label": STEPS[slug].submit} for slug in OFFERED[states.State(incident.state)]],
        "may_confirm": states.State.CONFIRMED_BREACH in states.TRANSITIONS[states.State(incident.state)],
        "works": works,
        "platform": schemas.is_platform(),
        "may_read_history": request.user.has_perm("audit.view_history"),
        "signatures": signed_records.of(incident) if incident.own_data else [],
        "now": now,
        "tz": queries.here().time_zone,
    }
    return render(request, "privacy/incidents/detail.html", values)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def facts(request: HttpRequest, pk: UUID) -> HttpResponse:
    incident = get_object_or_404(queries.incidents(), pk=pk)
    platform = schemas.is_platform()
    known = {name: getattr(incident, name) for name in forms.Facts.base_fields if name != "reason"}
    form = forms.Facts(_posted(request), platform=platform, zone=queries.zone(), initial=known)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            actions.record_facts(
                incident, facts=form.changes(), actor=_actor(request), now=timezone.now(), reason=reason
            )
        except FactsRefused as refused:
            form.refuse(refused.field, str(refused))
        else:
            return _done(request, incident, "The facts are saved.")
    values = {"incident": incident, "form": form, "heading": "Facts of the incident", "submit": "Save the facts"}
    return _form_page(request, values)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    incident = get_object_or_404(queries.incidents(), pk=pk)
    known = {"decided_by": signed_in(request).full_name, "aware_at": incident.aware_at or incident.subprocessor_told_at}
    form = forms.Confirm(_posted(request), zone=queries.zone(), initial=known)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            actions.confirm(
                incident, awareness=form.awareness(), actor=_actor(request), now=timezone.now(), reason=reason
            )
        except FactsRefused as refused:
            form.refuse(refused.field, str(refused))
        else:
            return _done(request, incident, "It is a personal-data breach. The clocks run.")
    values = {
        "incident": incident,
        "form": form,
        "heading": "Confirm a personal-data breach",
        "lede": "From the moment of awareness the hours count, through nights, weekends and holidays.",
        "submit": "Confirm the breach and start the clocks",
    }
    return _form_page(request, values)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def earlier(request: HttpRequest, pk: UUID) -> HttpResponse:
    incident = get_object_or_404(queries.incidents(), pk=pk)
    form = forms.Earlier(_posted(request), zone=queries.zone(), initial={"aware_at": incident.aware_at})
    if request.method == "POST" and form.is_valid():
        try:
            actions.move_awareness(incident, **form.cleaned_data, actor=_actor(request), now=timezone.now())
        except FactsRefused as refused:
            form.refuse(refused.field, str(refused))
        else:
            return _done(request, incident, "The clocks are computed anew from the earlier awareness.")
    values = {
        "incident": incident,
        "form": form,
        "heading": "You were aware earlier",
        "lede": "Clocks that still run are computed anew. Both computations stay in the history.",
        "submit": "Move the awareness",
    }
    return _form_page(request, values)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def take_step(request: HttpRequest, pk: UUID, slug: str) -> HttpResponse:
    incident = get_object_or_404(queries.incidents(), pk=pk)
    if (step := STEPS.get(slug)) is None:
        raise Http404
    form = forms.Because(_posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        step.write(incident, actor=_actor(request), now=timezone.now(), reason=reason)
        return _done(request, incident, step.done)
    confirm = {
        "heading": step.heading,
        "text": step.text,
        "facts": [{"term": "Incident", "text": f"{incident.reference}: {incident.title}"}],
        "consequences": step.consequences,
        "submit_label": step.submit,
        "kind": step.kind,
        "back_url": reverse("incident", args=[pk]),
        "back_label": incident.reference,
    }
    return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=422 if form.errors else 200)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def add_tenants(request: HttpRequest, pk: UUID) -> HttpResponse:
    incident = get_object_or_404(queries.incidents(), pk=pk)
    searching = request.method == "GET" or "search" in request.POST
    choices = queries.selectable(incident, request.POST.get("q", ""), request.POST.getlist("tenants"), MATCHES)
    form = forms.ChooseTenants(_posted(request), choices=choices)
    if not searching and form.is_valid():
        chosen, reason = form.cleaned_data["tenants"], form.cleaned_data["reason"]
        added = actions.add_tenants(
            incident, tenant_ids=chosen, actor=_actor(request), now=timezone.now(), reason=reason
        )
        return _done(request, incident, f"{len(added)} {'tenant is' if len(added) == 1 else 'tenants are'} added.")
    if searching:
        # A search shows no complaints: the form is not finished yet.
        form.errors.clear()
    values = {"incident": incident, "form": form, "none_found": not choices, "total": tenancy.customers().count()}
    return render(request, "privacy/incidents/tenants.html", values, status=422 if form.errors else 200)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def tenant_facts(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    tenant = _tenant(pk, row)
    known = {name: getattr(tenant, name) for name in forms.TenantFacts.base_fields if name != "reason"}
    form = forms.TenantFacts(_posted(request), zone=queries.zone(), initial=known)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        actions.describe_tenant(tenant, facts=form.changes(), actor=_actor(request), now=timezone.now(), reason=reason)
        return _done(request, tenant.incident, f"The figures of {tenant.tenant_name} are saved.")
    values = {
        "incident": tenant.incident,
        "form": form,
        "heading": tenant.tenant_name,
        "lede": "What is known of this tenant's own people and records. Its notice starts from these figures.",
        "submit": "Save the figures",
    }
    return _form_page(request, values)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def remove_tenant(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    tenant = _tenant(pk, row)
    form = forms.Because(_posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        actions.remove_tenant(tenant, actor=_actor(request), now=timezone.now(), reason=reason)
        return _done(request, tenant.incident, f"{tenant.tenant_name} is no longer among the affected tenants.")
    confirm = {
        "heading": f"{tenant.tenant_name} is not affected",
        "text": "Its clocks end. The history keeps that it was listed, and why it was removed.",
        "submit_label": "Remove the tenant",
        "kind": "danger",
        "back_url": reverse("incident", args=[pk]),
        "back_label": tenant.incident.reference,
    }
    return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=422 if form.errors else 200)


def _tenant(pk: UUID, row: UUID) -> AffectedTenant:
    return get_object_or_404(queries.affected_rows(), pk=row, incident_id=pk)


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when nothing was: an empty form is an answer with errors."""
    return request.POST if request.method == "POST" else None


def _actor(request: HttpRequest) -> Actor:
    return signed_in(request).actor


def _done(request: HttpRequest, incident: Incident, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("incident", pk=incident.pk)


def _form_page(request: HttpRequest, values: dict[str, Any]) -> HttpResponse:
    status = 422 if values["form"].errors else 200
    return render(request, "privacy/incidents/form.html", values, status=status)
