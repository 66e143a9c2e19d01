from typing import Any, Final
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.context import Actor
from tenants import signing
from tenants.members.access import dangerous, may
from tenants.members.accounts.queries import signed_in
from tenants.members.identity_providers import actions, forms, presenters, queries
from tenants.members.identity_providers.adapters import discovery
from tenants.members.identity_providers.adapters import metadata as saml_metadata
from tenants.members.identity_providers.catalogue import Oidc, Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import TRANSITIONS, Kind, State
from tenants.members.roles.queries import roles_here
from tenants.tenancy.queries import of_request

PURPOSE: Final = "found of an identity provider"
FOUND_LIVES: Final = 15 * 60
SET_UP = "Set up on the page of the provider"
COLUMNS: Final = [{"label": "Provider"}, {"label": "Protocol"}, {"label": "State"}, {"label": "Test sign-in"}]
OVER = "What was found is older than 15 minutes, or was found by somebody else. Look again."


@may("members.manage_access")
@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    values = {
        "rows": [presenters.row(one) for one in queries.providers()],
        "columns": COLUMNS,
        "plan_allows": queries.plan_allows(),
    }
    return render(request, "tenants/identity_providers/list.html", values)


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    if not queries.plan_allows():
        return redirect("identity-providers")
    form = forms.Begin(_posted(request))
    if not form.is_valid():
        return _form(request, None, form, "Set up an identity provider", "Continue")
    try:
        made = actions.create(**form.cleaned_data, **_said(request))
    except actions.SettingsRefused as refused:
        form.add_error("name", str(refused))
        return _form(request, None, form, "Set up an identity provider", "Continue")
    return redirect("identity-provider", pk=made.pk)


@may("members.manage_access")
@require_safe
def provider(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown, now = _provider(pk), timezone.now()
    is_saml = shown.kind == Kind.SAML
    values = {
        "provider": shown,
        "row": presenters.row(shown),
        "steps": presenters.steps(shown),
        "for_them": presenters.for_them(shown),
        "about_them": presenters.about_them(shown),
        "client": [] if is_saml else presenters.client(shown),
        "choices": presenters.choices(shown) if is_saml else [],
        "certificates": presenters.certificate_lines(shown, now) if is_saml else [],
        "mapping": presenters.mapping(shown),
        "rules": presenters.rules(shown),
        "result": presenters.result(shown),
        "is_saml": is_saml,
        "is_set_up": queries.is_set_up(shown),
        "is_tested": queries.is_tested(shown),
        "moves": TRANSITIONS[State(shown.state)],
        "plan_allows": queries.plan_allows(),
        "tz": of_request(request).time_zone,
        "may_read_history": request.user.has_perm("audit.view_history"),
    }
    return render(request, "tenants/identity_providers/detail.html", values)


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _provider(pk)
    form = forms.Rename(_posted(request), initial={"name": shown.name})
    return _kept(request, shown, form, "Change the name", lambda said: actions.rename(shown, **said))


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def issuer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Discovery: what is found is shown before it counts."""
    shown = _provider(pk, Kind.OIDC)
    if "found" in request.POST:
        return _issuer_confirmed(request, shown)
    form = forms.Issuer(_posted(request), initial={"issuer": shown.issuer})
    if not form.is_valid():
        return _form(request, shown, form, "Find the provider", "Find")
    typed = form.cleaned_data["issuer"]
    try:
        found = discovery.discover(typed)
    except discovery.DiscoveryRefused as refused:
        form.add_error("issuer", refused.words)
        return _form(request, shown, form, "Find the provider", "Find")
    before = [{"term": "Issuer", "text": shown.issuer}, *presenters.endpoints(queries.oidc(shown))]
    after = [{"term": "Issuer", "text": typed}, *presenters.endpoints(found)]
    values = {
        "provider": shown,
        "facts": after,
        "changes": _differences(before, after) if shown.issuer else [],
        "form": forms.Confirm(initial={"found": _sealed(request, shown, {"issuer": typed, "found": found.stored()})}),
        "again": reverse("identity-provider-issuer", args=[shown.pk]),
    }
    return render(request, "tenants/identity_providers/confirm.html", values)


def _issuer_confirmed(request: HttpRequest, shown: IdentityProvider) -> HttpResponse:
    found = _opened(request, shown)
    if found is None:
        messages.error(request, OVER)
        return redirect("identity-provider-issuer", pk=shown.pk)
    try:
        actions.confirm_discovery(shown, issuer=found["issuer"], found=Oidc.read(found["found"]), **_said(request))
    except actions.SettingsRefused as refused:
        messages.error(request, str(refused))
        return redirect("identity-provider-issuer", pk=shown.pk)
    messages.success(request, "The provider is found. Its settings were kept.")
    return redirect("identity-provider", pk=shown.pk)


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def client(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _provider(pk, Kind.OIDC)
    known = queries.oidc(shown)
    begun = {
        "client_id": known.client_id,
        "scopes": " ".join(known.scopes),
        "acr_values": " ".join(known.acr_values),
    }
    form = forms.Client(_posted(request), has_secret=bool(shown.secret), initial=begun)
    return _kept(request, shown, form, "How the provider knows us", lambda said: actions.set_client(shown, **said))


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def metadata(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the metadata would change is shown before it counts."""
    shown = _provider(pk, Kind.SAML)
    if "found" in request.POST:
        return _metadata_confirmed(request, shown)
    form = forms.Metadata(_posted(request), request.FILES or None)
    if not form.is_valid():
        return _form(request, shown, form, "Read the provider's metadata", "Read", upload=True)
    try:
        found = saml_metadata.read(form.xml())
    except saml_metadata.MetadataRefused as refused:
        form.add_error("file" if form.cleaned_data.get("file") else "text", str(refused))
        return _form(request, shown, form, "Read the provider's metadata", "Read", upload=True)
    kept = queries.saml(shown)
    changes = saml_metadata.difference(kept, found.saml, old_entity_id=shown.issuer, new_entity_id=found.entity_id)
    sealed = _sealed(request, shown, {"entity_id": found.entity_id, "saml": found.saml.stored()})
    values = {
        "provider": shown,
        "changes": changes,
        "form": forms.Confirm(initial={"found": sealed}),
        "again": reverse("identity-provider-metadata", args=[shown.pk]),
    }
    return render(request, "tenants/identity_providers/confirm.html", values)


def _metadata_confirmed(request: HttpRequest, shown: IdentityProvider) -> HttpResponse:
    found = _opened(request, shown)
    if found is None:
        messages.error(request, OVER)
        return redirect("identity-provider-metadata", pk=shown.pk)
    merged = saml_metadata.merged(queries.saml(shown), Saml.read(found["saml"]))
    try:
        actions.take_metadata(shown, entity_id=found["entity_id"], saml=merged, **_said(request))
    except actions.SettingsRefused as refused:
        messages.error(request, str(refused))
        return redirect("identity-provider-metadata", pk=shown.pk)
    messages.success(request, "The metadata are taken.")
    return redirect("identity-provider", pk=shown.pk)


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _provider(pk, Kind.SAML)
    known = queries.saml(shown)
    begun = {"authn_contexts": "\n".join(known.authn_contexts), "allows_unsolicited": known.allows_unsolicited}
    form = forms.SamlChoices(_posted(request), initial=begun)
    return _kept(request, shown, form, "What is asked for", lambda said: actions.set_saml_choices(shown, **said))


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _provider(pk)
    known = queries.mapping(shown)
    begun = {name: getattr(known, name) for name in ("email", "name", "groups", "default_role", "follow_groups")}
    named = [(role.key, role.name) for role in roles_here()]
    form = forms.Mapped(_posted(request), known=known, roles=named, initial=begun)
    values = {"provider": shown, "form": form, "heading": "Who becomes what", "seen": shown.last_test.get("groups", [])}
    if form.is_valid():
        try:
            actions.set_mapping(shown, mapping=form.mapping(), **_said(request))
        except actions.SettingsRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Kept. It holds from the next sign-in on.")
            return redirect("identity-provider", pk=pk)
    return render(request, "tenants/identity_providers/mapping.html", values, status=422 if form.is_bound else 200)


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _provider(pk)
    begun = {"create_accounts": shown.create_accounts, "trusts_second_factor": shown.trusts_second_factor}
    form = forms.Rules(_posted(request), initial=begun)
    return _kept(request, shown, form, "What it may do", lambda said: actions.set_rules(shown, **said))


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _provider(pk)
    page = {
        "heading": f"Switch {shown.name} on",
        "submit_label": "Switch on",
        "consequences": ["It stands on the sign-in page at once.", "People link it on their account page."],
    }
    return _moved(request, shown, page, actions.activate, f"{shown.name} is in use.")


@may("members.manage_access")
@dangerous
@require_http_methods(["GET", "POST"])
def switch_off(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = _provider(pk)
    page = {
        "heading": f"Switch {shown.name} off",
        "submit_label": "Switch off",
        "kind": "danger",
        "consequences": [
            "Nobody comes in through it from now on. Sessions that are open end with their limits.",
            "Whoever has no other way in stays outside until it is on again.",
            "Linked identities, settings and history are kept.",
        ],
    }
    return _moved(request, shown, page, actions.switch_off, f"{shown.name} is switched off.")


def _provider(pk: UUID, kind: Kind | None = None) -> IdentityProvider:
    shown: IdentityProvider = get_object_or_404(queries.providers(), pk=pk)
    if kind is not None and shown.kind != kind:
        raise Http404
    return shown


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _said(request: HttpRequest) -> dict[str, Any]:
    actor: Actor = signed_in(request).actor
    return {"actor": actor, "now": timezone.now(), "reason": SET_UP}


def _form(
    request: HttpRequest,
    shown: IdentityProvider | None,
    form: django_forms.Form,
    heading: str,
    submit: str = "Keep",
    *,
    upload: bool = False,
) -> HttpResponse:
    values = {"provider": shown, "form": form, "heading": heading, "submit": submit, "upload": upload}
    status = 422 if form.is_bound else 200
    return render(request, "tenants/identity_providers/form.html", values, status=status)


def _kept(
    request: HttpRequest, shown: IdentityProvider, form: django_forms.Form, heading: str, keep: Any
) -> HttpResponse:
    if not form.is_valid():
        return _form(request, shown, form, heading)
    try:
        keep(form.cleaned_data | _said(request))
    except actions.SettingsRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return _form(request, shown, form, heading)
    messages.success(request, "Kept.")
    return redirect("identity-provider", pk=shown.pk)


def _moved(request: HttpRequest, shown: IdentityProvider, page: dict[str, Any], act: Any, done: str) -> HttpResponse:
    """Ask for a reason, do it, say so. `MoveRefused` becomes a 409 page further out."""
    form = forms.WithReason(_posted(request))
    confirm = {"back_url": reverse("identity-provider", args=[shown.pk]), "back_label": shown.name, **page}
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)
    act(shown, actor=signed_in(request).actor, now=timezone.now(), reason=form.cleaned_data["reason"])
    messages.success(request, done)
    return redirect("identity-provider", pk=shown.pk)


def _sealed(request: HttpRequest, shown: IdentityProvider, found: dict[str, Any]) -> str:
    """What was found, so that exactly what was read is confirmed, by who read it."""
    return signing.sign({"of": str(shown.pk), "by": str(signed_in(request).pk), **found}, purpose=PURPOSE)


def _opened(request: HttpRequest, shown: IdentityProvider) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = signing.unsign(
            request.POST.get("found", ""), purpose=PURPOSE, max_age_seconds=FOUND_LIVES
        )
    except BadSignature:
        return None
    return found if (found["of"], found["by"]) == (str(shown.pk), str(signed_in(request).pk)) else None


def _differences(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, str]]:
    was = {line["term"]: line["text"] for line in before}
    return [
        {"field": line["term"], "old": was.get(line["term"], ""), "new": line["text"]}
        for line in after
        if was.get(line["term"], "") != line["text"]
    ]
