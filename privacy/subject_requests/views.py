"""The desk for data-subject requests: the same pages in a tenant's workspace and in the console."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.context import ReasonRefused
from audit.signatures.actions import SignatureRefused
from audit.signed_records import queries as signed_records
from audit.subject_keys.queries import ErasedError
from audit.transitions import MoveRefused
from privacy.case_files import queries as case_queries
from privacy.case_files.actions import Upload
from privacy.case_files.models import RequestFile
from privacy.case_files.states import Purpose
from privacy.subject_requests import actions, forms, presenters, queries
from privacy.subject_requests.actions import RequestRefused
from privacy.subject_requests.catalogue import CHANNELS, Check
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import WORDS, State
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from tenants.members.signature_form import NotSigned, SigningFields
from tenants.members.signature_form import step as signature_step
from tenants.tenancy import queries as tenancy
from tenants.tenancy.queries import of_request

PER_PAGE = 25
COLUMNS = [
    {"label": "Request"},
    {"label": "Person"},
    {"label": "Type"},
    {"label": "State"},
    {"label": "Assigned to"},
    {"label": "Due", "key": "due"},
]


@may("privacy.view_requests")
@require_GET
def subject_requests(request: HttpRequest) -> HttpResponse:
    """The list: open ones first due first, filtered, searched, 25 a page."""
    now = timezone.now()
    filters = forms.FilterForm(request.GET or {"state": "open"}, workers=queries.workers())
    wanted = filters.wanted()
    sort = request.GET.get("sort", "due")
    found: Any = queries.listed(wanted, now=now, sort=sort)
    page: Page[SubjectRequest] = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "privacy/subject_requests/list.html",
        {
            "filters": filters,
            "filters_active": wanted != queries.Filter(),
            "page": page,
            "rows": presenters.rows(list(page.object_list), now),
            "columns": COLUMNS,
            "sort": sort,
            "now": now,
            "tz": of_request(request).time_zone,
            "may_file": request.user.has_perm("privacy.file_requests"),
        },
    )


@may("privacy.file_requests")
@require_http_methods(["GET", "POST"])
def file_subject_request(request: HttpRequest) -> HttpResponse:
    """The form that files a request, and filing it: sent twice, it leads to the first result."""
    now = timezone.now()
    tenants = list(tenancy.active_customers()) if of_request(request).is_platform else None
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = forms.FileRequestForm(*given, zone=ZoneInfo(of_request(request).time_zone), now=now, tenants=tenants)
    if given and form.is_valid():
        record = _filed(request, form)
        if record is not None:
            messages.success(request, f"Filed as {record.reference}.")
            return redirect("subject-request", request_id=record.pk)
    return _page(request, "privacy/subject_requests/file.html", {"form": form}, form)


def _filed(request: HttpRequest, form: forms.FileRequestForm) -> SubjectRequest | None:
    by: dict[str, Any] = {"actor": signed_in(request).actor, "now": timezone.now()}
    filing = actions.Filing(**form.given())
    token = form.cleaned_data["form_token"]
    came = form.cleaned_data["evidence"]
    evidence = replace(came, description="Came with the request") if came else None
    reason = f"Received by {CHANNELS[filing.channel].lower()}"
    try:
        return actions.file(filing, form_token=token, evidence=evidence, reason=reason, **by)
    except RequestRefused as refused:
        _blame(form, refused.field, str(refused))
        return None


@may("privacy.view_requests")
@require_GET
def subject_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request: clocks, facts, files, what can be done next, what happened."""
    return _detail(request, _record(request_id))


def _detail(request: HttpRequest, record: SubjectRequest) -> HttpResponse:
    now = timezone.now()
    works = request.user.has_perm("privacy.work_requests")
    return render(
        request,
        "privacy/subject_requests/detail.html",
        {
            "case": presenters.case(record, now, of_request(request).time_zone),
            "next": next_steps(request, record),
            "note_form": forms.NoteForm() if record.is_open and works else None,
            "evidence_form": forms.EvidenceForm() if record.is_open and works else None,
            "signatures": [] if record.is_open else signed_records.of(record),
            "held": presenters.held(record) if works else [],
            "now": now,
            "tz": of_request(request).time_zone,
            "may_read_history": request.user.has_perm("audit.view_history"),
        },
    )


def next_steps(request: HttpRequest, record: SubjectRequest) -> list[dict[str, str]]:
    """The steps that this person may take from where the request stands."""
    state, steps = State(record.state), []
    if record.for_tenant is None and request.user.has_perm("privacy.work_requests"):
        steps = [name for name, step in STEPS.items() if step.to in queries.moves_from(state)]
        steps += ["assign"] if record.is_open else []
    elif request.user.has_perm("privacy.work_requests") and state == State.RECEIVED:
        steps = ["withdraw"]
    found = [
        {"url": reverse(f"{name}-subject-request", args=[record.pk]), "label": STEPS[name].submit} for name in steps
    ]
    if (
        of_request(request).is_platform
        and state == State.RECEIVED
        and request.user.has_perm("privacy.hand_over_requests")
    ):
        found.append({"url": reverse("hand-over-subject-request", args=[record.pk]), "label": "Hand over to a tenant"})
    return [{**step, "kind": "primary" if index == 0 else "secondary"} for index, step in enumerate(found)]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that can be done to a request: its form, its words, and the action it calls."""

    heading: str
    text: str
    submit: str
    form: type[forms.StepForm]
    act: Callable[..., SubjectRequest]
    to: State | None = None
    template: str = "privacy/subject_requests/step.html"

    @property
    def signed(self) -> bool:
        return issubclass(self.form, SigningFields)


def _deliver(record: SubjectRequest, form: forms.DeliverForm, **by: Any) -> SubjectRequest:
    data = form.cleaned_data
    upload = data["download"]
    return actions.deliver(
        record, answer=data["answer"], checklist=form.checklist(), files=[upload] if upload else [], **by
    )


def _refuse(record: SubjectRequest, form: forms.RefuseForm, **by: Any) -> SubjectRequest:
    parts = {name: form.cleaned_data[name] for name in ("ground", "reasons", "complaint", "remedy", "evidence")}
    return actions.refuse(record, **parts, **by)


def _validate(record: SubjectRequest, form: forms.ValidateForm, **by: Any) -> SubjectRequest:
    data = form.cleaned_data
    return actions.validate(record, check=Check(data["check"]), note=data["note"], **by)


def _identity(record: SubjectRequest, form: forms.IdentityForm, **by: Any) -> SubjectRequest:
    data = form.cleaned_data
    return actions.ask_identity(record, doubt=data["doubt"], asked_for=data["asked_for"], **by)


def _assign(record: SubjectRequest, form: forms.AssignForm, **by: Any) -> SubjectRequest:
    return actions.assign(record, assignee=form.workers[form.cleaned_data["assignee"]], **by)


STEPS = {
    "validate": Step(
        "Validate who asks",
        "You confirm with your name that the person is who they say. This starts the promise of 30 days. "
        "The month of the law has run since receipt and does not start again.",
        "Validate identity",
        forms.ValidateForm,
        _validate,
        State.VALIDATED,
    ),
    "begin": Step(
        "Begin the work",
        "From now on somebody gathers the answer.",
        "Begin the work",
        forms.BeginForm,
        lambda record, form, **by: actions.begin(record, **by),
        State.IN_PROGRESS,
    ),
    "deliver": Step(
        "Deliver the answer",
        "The person receives a personal link by mail; the mail carries nothing else. This closes the case.",
        "Deliver the answer",
        forms.DeliverForm,
        _deliver,
        State.DELIVERED,
        "privacy/subject_requests/deliver.html",
    ),
    "identity": Step(
        "Ask who it is",
        "Only on reasonable doubts, and without delay (GDPR Art. 12(6)). No clock stops.",
        "Ask for identity",
        forms.IdentityForm,
        _identity,
        State.IDENTITY_PENDING,
    ),
    "refuse": Step(
        "Refuse the request",
        "The notice names the reasons, the right to complain and the judicial remedy (GDPR Art. 12(4)). "
        "This closes the case.",
        "Refuse",
        forms.RefuseForm,
        _refuse,
        State.REFUSED,
    ),
    "withdraw": Step(
        "Record a withdrawal",
        "The person took the request back. Its clocks end and the case is closed.",
        "Record a withdrawal",
        forms.WithdrawForm,
        lambda record, form, **by: actions.withdraw(record, **by),
        State.WITHDRAWN,
    ),
    "assign": Step("Assign the request", "Reminders go to whoever works on it.", "Assign", forms.AssignForm, _assign),
}


@may("privacy.work_requests")
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, request_id: UUID, name: str) -> HttpResponse:
    """One step on its own page: GET asks, POST does it."""
    record, this = _record(request_id), STEPS[name]
    more: dict[str, Any] = {"workers": queries.workers()} if name == "assign" else {}
    if this.signed:
        more = {"signs": signature_step(request, record, to=str(this.to), now=timezone.now())}
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    if given and _done_before(request, record, this):
        return redirect("subject-request", request_id=record.pk)
    if this.to is not None and this.to not in queries.moves_from(State(record.state)):
        raise MoveRefused(f"Request {record.reference} is {WORDS[State(record.state)].lower()}.")
    form = this.form(*given, record=record, **more)
    if given and form.is_valid() and (done := _done(request, record, this, form)):
        messages.success(request, f"{done.reference}: {this.submit.lower()}, recorded.")
        return redirect("subject-request", request_id=done.pk)
    return _page(request, this.template, {"form": form, "step": this, "record": record}, form)


def _done(request: HttpRequest, record: SubjectRequest, this: Step, form: forms.StepForm) -> SubjectRequest | None:
    by: dict[str, Any] = {
        "actor": signed_in(request).actor,
        "now": timezone.now(),
        "reason": form.cleaned_data["reason"],
    }
    try:
        if isinstance(form, SigningFields):
            by["signing"] = form.signing(now=by["now"])
        return this.act(record, form, **by)
    except NotSigned:
        pass
    except SignatureRefused as refused:
        form.add_error(None, str(refused))
    except MoveRefused:
        if _done_before(request, queries.by_id(record.pk), this):
            return record
        raise
    except ReasonRefused as refused:
        form.add_error("reason", str(refused))
    except RequestRefused as refused:
        _blame(form, refused.field, str(refused))
    return None


def _done_before(request: HttpRequest, record: SubjectRequest, this: Step) -> bool:
    """A button pressed twice by one person: what was asked for has happened already."""
    return record.state == this.to and queries.last_mover(record) == request.user.pk


@may("privacy.work_requests")
@require_http_methods(["GET", "POST"])
def add_note(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Write a note into the case file."""
    record = _record(request_id)
    given = (request.POST,) if request.method == "POST" else ()
    form = forms.NoteForm(*given)
    if given and form.is_valid():
        data = form.cleaned_data
        by: dict[str, Any] = {"actor": signed_in(request).actor, "now": timezone.now()}
        actions.add_note(record, text=data["text"], form_token=data["form_token"], **by)
        return redirect(f"{reverse('subject-request', args=[record.pk])}#timeline")
    told = {"heading": "Add a note", "submit": "Add the note"}
    return _page(request, "privacy/subject_requests/step.html", {"form": form, "step": told, "record": record}, form)


@may("privacy.work_requests")
@require_http_methods(["GET", "POST"])
def add_evidence(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Put a file into the case."""
    record = _record(request_id)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = forms.EvidenceForm(*given)
    if given and form.is_valid():
        data = form.cleaned_data
        upload = Upload(name=data["file"].name, content=data["file"].content, description=data["description"])
        by: dict[str, Any] = {"actor": signed_in(request).actor, "now": timezone.now()}
        actions.add_evidence(record, upload=upload, form_token=data["form_token"], **by)
        return redirect(f"{reverse('subject-request', args=[record.pk])}#files")
    told = {"heading": "Add evidence", "submit": "Add the file"}
    return _page(request, "privacy/subject_requests/step.html", {"form": form, "step": told, "record": record}, form)


@may("privacy.view_requests")
@require_GET
def subject_request_file(request: HttpRequest, request_id: UUID, file_id: UUID) -> HttpResponse:
    """One file of a case, as an attachment."""
    record = _record(request_id)
    try:
        return presenters.download(case_queries.file_of(record, file_id, *Purpose))
    except (RequestFile.DoesNotExist, ErasedError):
        raise Http404 from None


def _record(request_id: UUID) -> SubjectRequest:
    try:
        return queries.by_id(request_id)
    except SubjectRequest.DoesNotExist:
        raise Http404 from None


def _page(request: HttpRequest, template: str, context: dict[str, Any], form: django_forms.Form) -> HttpResponse:
    return render(request, template, context, status=422 if form.is_bound and form.errors else 200)


def _blame(form: django_forms.Form, field: str, message: str) -> None:
    form.add_error(field if field in form.fields else None, message)
