from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.context import Actor
from audit.signed_records import queries as signed_records
from privacy.breach_notices import actions, forms, presenters, queries, states
from privacy.breach_notices.models import Notice, ReceivedNotice
from privacy.deadlines import queries as deadlines
from privacy.incidents import catalogue
from privacy.incidents import presenters as incident_words
from privacy.incidents import queries as incidents
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from tenants.members.signature_form import Step, step

PAGE = 25
COLUMNS = [
    {"label": "Notice", "key": "reference"},
    {"label": "Delivered", "key": "delivered_at"},
    {"label": "Your hours end"},
    {"label": "State"},
]


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, row: UUID) -> HttpResponse:
    """A new version. Sent twice, or opened while one is unsent, it leads to the one that there is."""
    tenant = get_object_or_404(incidents.affected_rows(), pk=row)
    if (unsent := queries.unsent(tenant)) is not None:
        return redirect("notice", pk=unsent.pk)
    before = queries.of_tenant(tenant).first()
    version = before.version + 1 if before else 1
    known = catalogue.flat(before.parts) if before else queries.prefilled(tenant)
    form = forms.NoticeText(_posted(request), version=version, editing=False, zone=incidents.zone(), initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            notice = actions.draft(tenant, told=form.told(), actor=_actor(request), now=timezone.now())
        except actions.ContentRefused as refused:
            form.refuse_all(refused.problems)
        else:
            messages.success(request, "The draft is saved. Another person approves it.")
            return redirect("notice", pk=notice.pk)
    values = {"form": form, "tenant": tenant, "incident": tenant.incident, "version": version}
    return render(request, "privacy/breach_notices/write.html", values, status=422 if form.errors else 200)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    notice = get_object_or_404(queries.notices(), pk=pk)
    known = {
        **catalogue.flat(notice.parts),
        "what_is_new": notice.what_is_new,
        "next_update_hours": notice.next_update_hours,
    }
    form = forms.NoticeText(
        _posted(request), version=notice.version, editing=True, zone=incidents.zone(), initial=known
    )
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            actions.edit(notice, told=form.told(), actor=_actor(request), now=timezone.now(), reason=reason)
        except actions.ContentRefused as refused:
            form.refuse_all(refused.problems)
        else:
            messages.success(request, "The draft is saved. Another person approves it.")
            return redirect("notice", pk=notice.pk)
    tenant = notice.affected
    values = {
        "form": form,
        "notice": notice,
        "tenant": tenant,
        "incident": tenant.incident,
        "version": notice.version,
        "drops_approval": notice.state == states.State.APPROVED,
    }
    return render(request, "privacy/breach_notices/write.html", values, status=422 if form.errors else 200)


@may("privacy.view_incidents")
@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A notice at Complere: what it says, who wrote, approved and sent it, and whether it was read."""
    return _notice_page(request, get_object_or_404(queries.notices(), pk=pk))


@may("privacy.approve_notices")
@require_http_methods(["POST"])
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    notice = get_object_or_404(queries.notices(), pk=pk)
    now, reason = timezone.now(), "Read and found right, telling nothing of any other customer"
    form = forms.Approve(request.POST, signs=_approval(request, notice))
    if not form.is_valid():
        return _notice_page(request, notice, approve=form)
    with form.refusals(actions.ContentRefused):
        signing = form.signing(now=now)
        words = form.cleaned_data["words"]
        actions.approve(notice, seen=words, signing=signing, actor=_actor(request), now=now, reason=reason)
        messages.success(request, "The notice is approved. It can be sent.")
        return redirect("notice", pk=pk)
    return _notice_page(request, notice, approve=form)


@may("privacy.work_incidents")
@require_http_methods(["GET", "POST"])
def send(request: HttpRequest, pk: UUID) -> HttpResponse:
    notice, now = get_object_or_404(queries.notices(), pk=pk), timezone.now()
    if notice.sent_at is not None:
        messages.info(request, "This notice was sent already.")
        return redirect("notice", pk=pk)
    until = queries.promised_until(notice.affected)
    late = notice.version == 1 and until is not None and now >= until
    form = forms.Send(_posted(request), late=late)
    if request.method == "POST" and form.is_valid():
        delay, reason = form.cleaned_data.get("delay_reasons", ""), "Tell the tenant of the breach"
        try:
            actions.send(notice, delay_reasons=delay, actor=_actor(request), now=now, reason=reason)
        except actions.ContentRefused as refused:
            for field, message in refused.problems:
                form.add_error(field if field in form.fields else None, message)
        else:
            messages.success(request, f"{notice.affected.tenant_name} is told: in its workspace and by mail.")
            return redirect("notice", pk=pk)
    values = {"confirm": _sending(notice), "form": form}
    return render(request, "desk/confirm.html", values, status=422 if form.errors else 200)


@may("privacy.view_incidents")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The notices that this tenant received."""
    now, sort = timezone.now(), request.GET.get("sort", "")
    filters = forms.Filter(request.GET)
    asked = filters.cleaned_data if filters.is_valid() else {}
    found = queries.received_filtered(text=asked.get("q", ""), state=asked.get("state", ""), sort=sort)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    values = {
        "filters": filters,
        "filtered": any(asked.values()),
        "page": page,
        "rows": [presenters.received_row(notice) for notice in page.object_list],
        "columns": COLUMNS,
        "sort": sort,
        "now": now,
    }
    return render(request, "privacy/breach_notices/received_list.html", values)


@may("privacy.view_incidents")
@require_safe
def received(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _received_page(request, get_object_or_404(queries.received(), pk=pk))


@may("privacy.acknowledge_notices")
@require_http_methods(["POST"])
def acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    notice = get_object_or_404(queries.received(), pk=pk)
    form = forms.Acknowledge(request.POST)
    if not form.is_valid():
        return _received_page(request, notice, form)
    if notice.state == states.State.ACKNOWLEDGED:
        messages.info(request, "This notice was acknowledged already.")
        return redirect("breach-notice", pk=pk)
    actions.acknowledge(notice, comment=form.cleaned_data["comment"], actor=_actor(request), now=timezone.now())
    messages.success(request, "The notice is acknowledged. Complere's security team sees it.")
    return redirect("breach-notice", pk=pk)


def _approval(request: HttpRequest, notice: Notice) -> Step:
    return step(request, notice, to=states.State.APPROVED, now=timezone.now())


def _notice_page(request: HttpRequest, notice: Notice, *, approve: forms.Approve | None = None) -> HttpResponse:
    now, tz, row = timezone.now(), incidents.here().time_zone, notice.affected
    user = signed_in(request)
    wrote = str(user.pk) in notice.writers
    found = [deadline for deadline in deadlines.of(row) if deadline.kind.startswith("breach.")]
    draft = notice.state == states.State.DRAFT
    fresh = forms.Approve(initial={"words": queries.wording_digest(notice)}, signs=_approval(request, notice))
    values = {
        "notice": notice,
        "incident": row.incident,
        "parts": catalogue.told(notice.parts),
        "facts": presenters.facts(notice, tz),
        "versions": queries.of_tenant(row),
        "clocks": incident_words.clocks(found, now),
        "approve": (approve or fresh) if draft and not wrote and user.has_perm(APPROVES) else None,
        "awaits_another": draft and wrote,
        "may_write": notice.sent_at is None and user.has_perm("privacy.work_incidents"),
        "may_send": notice.state == states.State.APPROVED and user.has_perm("privacy.work_incidents"),
        "may_follow": notice.sent_at is not None and user.has_perm("privacy.work_incidents"),
        "may_read_history": user.has_perm("audit.view_history"),
        "signatures": signed_records.of(notice),
        "now": now,
        "tz": tz,
        **presenters.state(notice),
    }
    status = 422 if approve is not None and approve.errors else 200
    return render(request, "privacy/breach_notices/notice.html", values, status=status)


def _received_page(request: HttpRequest, notice: ReceivedNotice, form: forms.Acknowledge | None = None) -> HttpResponse:
    now, user = timezone.now(), signed_in(request)
    waits = notice.state == states.State.DELIVERED and user.has_perm("privacy.acknowledge_notices")
    values = {
        "notice": notice,
        "parts": catalogue.told(notice.parts),
        "facts": presenters.received_facts(notice),
        "clocks": presenters.case_clocks(notice, now),
        "versions": queries.received().filter(case=notice.case),
        "form": (form or forms.Acknowledge()) if waits else None,
        "may_read_history": user.has_perm("audit.view_history"),
        "now": now,
        "tz": notice.controller_zone,
        **presenters.state(notice),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "privacy/breach_notices/received.html", values, status=status)


def _sending(notice: Notice) -> dict[str, Any]:
    row = notice.affected
    return {
        "heading": f"Send version {notice.version} to {row.tenant_name}",
        "facts": [
            {"term": "Incident", "text": f"{row.incident.reference}: {row.incident.title}"},
            {"term": "Approved by", "text": notice.approved_by, "none": "Nobody yet"},
        ],
        "consequences": [
            "The notice stands in the tenant's workspace at once and is mailed to its security contact.",
            "From that moment the tenant's own hours run towards its supervisory authority (GDPR Art. 33(1)).",
            "What was sent is never changed. Corrections go into the next version.",
        ],
        "submit_label": "Send the notice",
        "back_url": reverse("notice", args=[notice.pk]),
        "back_label": "The notice",
    }


APPROVES = "privacy.approve_notices"


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _actor(request: HttpRequest) -> Actor:
    return signed_in(request).actor
