"""Handing a request from the console to the tenant that is its controller."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from audit.context import ReasonRefused
from audit.transitions import MoveRefused
from privacy.handovers import actions, forms
from privacy.subject_requests import queries
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from tenants.tenancy import queries as tenancy


@may("privacy.hand_over_requests")
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The page that says what handing over does, and doing it."""
    record = _record(request_id)
    given = (request.POST,) if request.method == "POST" else ()
    own, tenants = record.for_tenant is None, tenancy.active_customers()
    form = forms.HandOverForm(*given, tenants=tenants, filed_as_own=own, initial={"tenant": record.for_tenant})
    if given and form.is_valid() and (kept := _handed(request, record, form)):
        messages.success(
            request, f"Handed over to {kept.for_tenant_name}, filed there as {kept.handed_over_reference}."
        )
        return redirect("subject-request", request_id=record.pk)
    if not given and record.state != State.RECEIVED:
        raise MoveRefused(f"Request {record.reference} can no longer be handed over.")
    status = 422 if form.errors else 200
    return render(request, "privacy/handovers/hand_over.html", {"form": form, "record": record}, status=status)


def _handed(request: HttpRequest, record: SubjectRequest, form: forms.HandOverForm) -> SubjectRequest | None:
    tenant = form.tenants[form.cleaned_data["tenant"]]
    by: dict[str, Any] = {"actor": signed_in(request).actor, "now": timezone.now()}
    try:
        return actions.hand_over(record, tenant=tenant, reason=form.cleaned_data["reason"], **by)
    except ReasonRefused as refused:
        form.add_error("reason", str(refused))
    except MoveRefused:
        # A button pressed twice by one person: it went to this tenant already.
        if queries.last_mover(record) != request.user.pk:
            raise
        fresh = queries.by_id(record.pk)
        if fresh.for_tenant != tenant.pk or fresh.state != State.FORWARDED:
            raise
        return fresh
    return None


def _record(request_id: UUID) -> SubjectRequest:
    try:
        return queries.by_id(request_id)
    except SubjectRequest.DoesNotExist:
        raise Http404 from None
