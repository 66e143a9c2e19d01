"""The console's desk for what the public pages say."""

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.signed_records import queries as signed_records
from tenants.members.access import may
from tenants.members.accounts.queries import signed_in
from tenants.members.signature_form import step
from trust_center.claims import actions, forms, presenters, queries
from trust_center.claims.catalogue import PARTS
from trust_center.claims.models import Statement
from trust_center.claims.states import State

LIST = "trust_center/claims/list.html"
EDIT = "trust_center/claims/edit.html"


@may("trust.view_content")
@require_safe
def statements(request: HttpRequest) -> HttpResponse:
    part = request.GET.get("part", "")
    pairs = queries.pairs()
    rows = [presenters.row(*pair) for pair in pairs]
    chosen = [row for row in rows if row.shown.part == part] if part in PARTS else rows
    values = {
        "rows": chosen,
        "parts": PARTS.values(),
        "part": part,
        "drafts": sum(draft is not None for _, draft in pairs),
        "contact": queries.security_contact(),
        "now": timezone.now(),
    }
    return render(request, LIST, {**values, **_rights(request)})


@may("trust.view_content")
@require_safe
def statement(request: HttpRequest, code: str) -> HttpResponse:
    versions = list(queries.versions(code))
    if not versions:
        raise Http404
    public, draft = queries.in_state(code, State.PUBLISHED), queries.in_state(code, State.DRAFT)
    shown = draft or public or versions[0]
    values = {
        "statement": shown,
        "public": public,
        "draft": draft,
        "draft_facts": presenters.facts(draft) if draft else None,
        "public_facts": presenters.facts(public) if public else None,
        "versions": presenters.version_rows(versions),
        "part": PARTS[shown.part],
        "signatures": signed_records.of(public) if public else [],
    }
    return render(request, "trust_center/claims/detail.html", {**values, **_rights(request)})


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    base = queries.in_state(code, State.DRAFT) or queries.in_state(code, State.PUBLISHED)
    if base is None:
        raise Http404
    start = presenters.initial(base, queries.wording_digest([base]))
    form = forms.Edit(_posted(request), statement=base, initial=start)
    if request.method == "POST" and form.is_valid():
        seen, reason = form.cleaned_data["seen"], form.cleaned_data["reason"]
        actor = signed_in(request).actor
        try:
            actions.edit(code, wording=form.wording, seen=seen, actor=actor, now=timezone.now(), reason=reason)
        except actions.EditRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "The draft is saved. The public page is unchanged until you publish it.")
            return redirect("claim", code=code)
    status = 422 if request.method == "POST" else 200
    return render(request, EDIT, {"form": form, "statement": base, "part": PARTS[base.part]}, status=status)


@may("trust.publish_content")
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, code: str) -> HttpResponse:
    draft = _in_state(code, State.DRAFT)
    confirm = _confirm(f"Publish {_name(draft)}", "Sign and publish", reverse("claim", args=[code]))
    confirm["facts"] = presenters.facts(draft)
    confirm["consequences"] = ["The page shows it at once. The version before it is kept, and retired."]
    return _publish(request, [draft], confirm, reverse("claim", args=[code]))


@may("trust.publish_content")
@require_http_methods(["GET", "POST"])
def publish_all(request: HttpRequest) -> HttpResponse:
    drafts = queries.drafts()
    if not drafts:
        messages.info(request, "There is no draft to publish.")
        return redirect("claims")
    confirm = _confirm(
        f"Publish {len(drafts)} {'draft' if len(drafts) == 1 else 'drafts'}", "Sign and publish", reverse("claims")
    )
    confirm["facts"] = [{"term": draft.code, "text": draft.heading} for draft in drafts]
    confirm["consequences"] = ["The pages show all of them at once, and subscribers of every change are told."]
    return _publish(request, drafts, confirm, reverse("claims"))


@may("trust.edit_content")
@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, code: str) -> HttpResponse:
    draft = _in_state(code, State.DRAFT)
    confirm = _confirm(f"Discard the draft of {_name(draft)}", "Discard", reverse("claim", args=[code]), "danger")
    confirm["consequences"] = ["The draft stays in the history. The published version is unchanged."]
    return _act(request, draft, confirm, actions.discard, "The draft is discarded.")


@may("trust.publish_content")
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, code: str) -> HttpResponse:
    public = _in_state(code, State.PUBLISHED)
    confirm = _confirm(f"Take {_name(public)} off the page", "Retire", reverse("claim", args=[code]), "danger")
    confirm["consequences"] = ["The page drops it at once. What we promised until today stays readable here."]
    return _act(request, public, confirm, actions.retire, "It is off the public page.")


@may("trust.publish_content")
@require_http_methods(["GET", "POST"])
def security_contact(request: HttpRequest) -> HttpResponse:
    contact = queries.security_contact()
    start = {"contacts": "\n".join(contact.contacts), "languages": contact.languages} if contact else {}
    form = forms.SecurityTxt(_posted(request), initial=start)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("contacts", "languages", "reason")}
        actions.set_security_contact(**values, actor=signed_in(request).actor, now=timezone.now())
        messages.success(request, "security.txt is published. It expires in 363 days.")
        return redirect("claims")
    status = 422 if request.method == "POST" else 200
    expires_at = queries.expires_at(contact) if contact else None
    values = {"form": form, "contact": contact, "expires_at": expires_at}
    return render(request, "trust_center/claims/security_contact.html", {**values, **_rights(request)}, status=status)


def _publish(request: HttpRequest, drafts: list[Statement], confirm: dict[str, Any], to: str) -> HttpResponse:
    now = timezone.now()
    form = forms.Publish(_posted(request), signs=step(request, *drafts, to=State.PUBLISHED, now=now))
    if form.is_valid():
        reason, actor = form.cleaned_data["reason"], signed_in(request).actor
        with form.refusals(actions.EditRefused):
            count = actions.publish(drafts, signing=form.signing(now=now), actor=actor, now=now, reason=reason)
            messages.success(request, f"{count} published. Every web process shows it now.")
            return redirect(to)
    return _ask(request, form, confirm)


def _act(
    request: HttpRequest, row: Statement, confirm: dict[str, Any], act: Callable[..., Statement], said: str
) -> HttpResponse:
    form = forms.Reasoned(_posted(request))
    if request.method == "POST" and form.is_valid():
        act(row, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, said)
        return redirect("claim", code=row.code)
    return _ask(request, form, confirm)


def _ask(request: HttpRequest, form: django_forms.Form, confirm: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)


def _confirm(heading: str, label: str, back_url: str, kind: str = "primary") -> dict[str, Any]:
    return {"heading": heading, "submit_label": label, "kind": kind, "back_url": back_url, "back_label": "Back"}


def _in_state(code: str, state: State) -> Statement:
    row = queries.in_state(code, state)
    if row is None:
        raise Http404
    return row


def _name(row: Statement) -> str:
    return f"{row.code}, {row.heading}"


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
