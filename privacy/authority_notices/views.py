from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from privacy.authority_notices import actions, forms
from privacy.breach_notices import queries as notices
from privacy.deadlines import queries as deadlines
from privacy.incidents import catalogue, presenters, queries
from privacy.incidents.clock import FactsRefused
from privacy.incidents.states import Notification
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from tenants.members.signature_form import step


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    incident = get_object_or_404(queries.incidents(), pk=pk)
    now = timezone.now()
    form = forms.Decide(_posted(request), signs=step(request, incident, to=Notification.NOT_NOTIFIABLE, now=now))
    if request.method == "POST" and form.is_valid():
        said = {"decision": Notification(form.cleaned_data["decision"]), "reason": form.cleaned_data["reason"]}
        with form.refusals():
            signing = form.signing(now=now) if form.takes_signature() else None
            actions.decide(incident, **said, signing=signing, actor=signed_in(request).actor, now=now)
            messages.success(request, "The decision is in the register.")
            return redirect("incident", pk=pk)
    values = {
        "incident": incident,
        "form": form,
        "heading": "Notify the supervisory authority?",
        "lede": "A breach is notified unless it is unlikely to result in a risk to people (GDPR Art. 33(1)). "
        "You decide and give the reason; no score decides for you.",
        "submit": "Record the decision",
    }
    return render(request, "privacy/incidents/form.html", values, status=422 if form.errors else 200)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, pk: UUID) -> HttpResponse:
    incident = get_object_or_404(queries.incidents(), pk=pk)
    form = forms.Record(_posted(request), zone=queries.zone())
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            actions.record(
                incident, told=form.told(), actor=signed_in(request).actor, now=timezone.now(), reason=reason
            )
        except FactsRefused as refused:
            form.refuse(refused.field, str(refused))
        else:
            messages.success(request, "It is recorded that the authority was told.")
            return redirect("incident", pk=pk)
    values = {
        "incident": incident,
        "form": form,
        "heading": "The authority was told",
        "lede": "You tell the authority yourself, in the form that it asks for. Record here that it was done.",
        "submit": "Record the notification",
    }
    return render(request, "privacy/incidents/form.html", values, status=422 if form.errors else 200)


@may("privacy.view_incidents")
@require_safe
def package(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The contents of Art. 33(3), ready to print or copy into the authority's form. Nothing is sent (BRE-12)."""
    incident = get_object_or_404(queries.incidents(), pk=pk)
    told = notices.newest_received(incident)
    now = timezone.now()
    values = {
        "incident": incident,
        "told": told,
        "parts": catalogue.told(told.parts if told else incident.content),
        "clocks": presenters.clocks(deadlines.of(incident), now),
        "owner": queries.here(),
        "now": now,
        "tz": queries.here().time_zone,
    }
    return render(request, "privacy/authority_notices/package.html", values)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
