"""The console's desk for the sub-processor register."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from trust_center.subprocessor_register import actions, forms, presenters, queries
from trust_center.subprocessor_register.models import Listing
from trust_center.subprocessor_register.states import WORDS, State, needs_notice

EDIT = "trust_center/subprocessor_register/edit.html"


@may("trust.view_content")
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    values = {
        "rows": [presenters.row(listing) for listing in queries.rows()],
        "edition": queries.edition(),
        "is_true": queries.is_true_to_edition(),
    }
    return render(request, "trust_center/subprocessor_register/list.html", {**values, **_rights(request)})


@may("trust.view_content")
@require_safe
def entry(request: HttpRequest, code: str) -> HttpResponse:
    versions = list(queries.versions(code))
    if not versions:
        raise Http404
    live = [row for row in versions if row.state in (State.DRAFT, State.ANNOUNCED, State.CURRENT)]
    values = {
        "code": code,
        "shown": (live or versions)[0],
        "blocks": [{**presenters.row(row), "facts": presenters.facts(row)} for row in live],
        "versions": [presenters.row(row) for row in versions],
    }
    return render(request, "trust_center/subprocessor_register/detail.html", {**values, **_rights(request)})


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    earliest = queries.earliest_effect(now)
    form = forms.Entry(_posted(request), earliest=earliest, initial={"effective_on": earliest, "position": 100})
    if request.method == "POST" and form.is_valid():
        actor, reason = signed_in(request).actor, form.cleaned_data["reason"]
        listing = actions.add(wording=form.wording, actor=actor, now=now, reason=reason)
        messages.success(request, "The draft is saved. Announce it to start the notice period.")
        return redirect("subprocessor", code=listing.code)
    status = 422 if request.method == "POST" else 200
    return render(request, EDIT, {"form": form, "heading": "Add a sub-processor"}, status=status)


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    now, base = timezone.now(), queries.newest(code)
    if base is None or base.state == State.RETIRED:
        raise Http404
    start = forms.initial(base, queries.wording_digest(base))
    form = forms.Entry(_posted(request), earliest=queries.earliest_effect(now), initial=start)
    if request.method == "POST" and form.is_valid():
        asked, actor = form.cleaned_data, signed_in(request).actor
        try:
            actions.edit(code, wording=form.wording, seen=asked["seen"], actor=actor, now=now, reason=asked["reason"])
        except actions.RegisterRefused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, "The draft is saved. The public register is unchanged until you publish it.")
            return redirect("subprocessor", code=code)
    status = 422 if request.method == "POST" else 200
    values = {"form": form, "heading": f"Edit {base.category}", "code": code}
    return render(request, EDIT, values, status=status)


@may("trust.publish_content")
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, code: str) -> HttpResponse:
    draft = _in_state(code, State.DRAFT)
    kind, differing = queries.change_of(draft)
    notice = needs_notice(kind)
    confirm = _confirm(
        f"{'Announce' if notice else 'Publish'}: {draft.category}", "Announce" if notice else "Publish", code
    )
    confirm["text"] = WORDS[kind] + (f". Changed: {', '.join(differing)}." if differing else ".")
    confirm["facts"] = presenters.facts(draft)
    confirm["consequences"] = [
        f"It takes effect on {draft.effective_on:%A %-d %B %Y}."
        if notice
        else "It is corrected at once, without notice.",
        "Page, JSON and feed show it at once, and a new edition is written.",
        "Subscribers get a mail.",
    ]
    form = forms.Publish(_posted(request), initial={"seen": queries.wording_digest(draft)})
    said = "The register is published. Subscribers are told by mail."
    return _act(request, draft, confirm, actions.publish, said, form)


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, code: str) -> HttpResponse:
    draft = _in_state(code, State.DRAFT)
    confirm = _confirm(f"Discard the draft of {draft.category}", "Discard", code, "danger")
    confirm["consequences"] = ["The draft stays in the history. The public register is unchanged."]
    return _act(request, draft, confirm, actions.discard, "The draft is discarded.")


@may("trust.publish_content")
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    announced = _in_state(code, State.ANNOUNCED)
    confirm = _confirm(f"Call off the change of {announced.category}", "Call off", code, "danger")
    confirm["consequences"] = ["The public register says that nothing changes, and subscribers get a mail."]
    return _act(request, announced, confirm, actions.withdraw, "The announced change is called off.")


@may("trust.publish_content")
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, code: str) -> HttpResponse:
    current = _in_state(code, State.CURRENT)
    confirm = _confirm(f"{current.category} is not used any more", "Remove from the register", code, "danger")
    confirm["consequences"] = ["It leaves the public register at once; the history keeps it. Subscribers get a mail."]
    return _act(request, current, confirm, actions.retire, "The sub-processor is removed from the register.")


def _act(
    request: HttpRequest,
    row: Listing,
    confirm: dict[str, Any],
    act: Callable[..., Listing],
    said: str,
    form: forms.Reasoned | None = None,
) -> HttpResponse:
    form = form or forms.Reasoned(_posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            act(row, actor=signed_in(request).actor, now=timezone.now(), **form.cleaned_data)
        except actions.RegisterRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, said)
            return redirect("subprocessor", code=row.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)


def _confirm(heading: str, label: str, code: str, kind: str = "primary") -> dict[str, Any]:
    back_url = reverse("subprocessor", args=[code])
    return {"heading": heading, "submit_label": label, "kind": kind, "back_url": back_url, "back_label": "Back"}


def _in_state(code: str, state: State) -> Listing:
    row = queries.in_state(code, state)
    if row is None:
        raise Http404
    return row


def _rights(request: HttpRequest) -> dict[str, bool]:
    person = signed_in(request)
    return {
        "may_edit": person.has_perm("trust.edit_content"),
        "may_publish": person.has_perm("trust.publish_content"),
        "may_read_history": person.has_perm("audit.view_history"),
    }


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when nothing was: an empty form is an answer with errors."""
    return request.POST if request.method == "POST" else None
