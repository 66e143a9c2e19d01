"""SCIM 2.0 (RFC 7644) for the tenant's identity provider, and the page on which an administrator sets it up."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from audit import watch
from audit.transitions import MoveRefused
from tenants.members import machines
from tenants.members.access import dangerous, may
from tenants.members.accounts.queries import signed_in
from tenants.members.api_tokens import queries as tokens
from tenants.members.api_tokens.states import Purpose
from tenants.members.machines import MachineRefused, machine
from tenants.members.outbox.actions import link, origin
from tenants.members.roles.actions import RoleRefused
from tenants.members.roles.queries import roles_here
from tenants.members.scim import actions, catalogue, forms, presenters, queries
from tenants.members.scim.adapters import bodies, changes, filters, requests
from tenants.members.scim.adapters.requests import Asked
from tenants.members.scim.catalogue import GROUPS, USERS, ScimRefused
from tenants.members.scim.models import ProvisionedGroup
from tenants.tenancy.queries import of_request

View = Callable[..., HttpResponse]
NO_PLAN = "This workspace's plan has no directory (SCIM)."
GONE = "It is not here any more."
BOTH = (USERS, GROUPS)
MOST_SHOWN = 200


def told(value: dict[str, Any], status: int = 200) -> HttpResponse:
    return JsonResponse(value, status=status, content_type=catalogue.CONTENT_TYPE)


def refusal(refused: MachineRefused) -> HttpResponse:
    """What the machines' door refuses, as SCIM tells it."""
    return told(presenters.error(refused.status, refused.words), refused.status)


def speaks_scim(view: View) -> View:
    """Each refusal in the words of RFC 7644, 3.12; what was asked is remembered for the directory's page."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        detail = ""
        try:
            if not queries.is_in_plan():
                raise ScimRefused(403, NO_PLAN)
            response = view(request, *args, **kwargs)
        except ScimRefused as refused:
            response, detail = _refused(refused), refused.detail
        except ObjectDoesNotExist:
            # Another request took it away between finding it and holding it.
            response, detail = _refused(ScimRefused(404, GONE)), GONE
        except (RoleRefused, MoveRefused) as kept:
            response, detail = _refused(ScimRefused(409, str(kept), "mutability")), str(kept)
        _note(request, response, detail)
        return response

    return answered


@machine(*BOTH, tell=refusal)
@require_GET
@speaks_scim
def config(request: HttpRequest) -> HttpResponse:
    return told(presenters.config())


@machine(*BOTH, tell=refusal)
@require_GET
@speaks_scim
def resource_types(request: HttpRequest) -> HttpResponse:
    found = presenters.resource_types()
    return told(presenters.page(found, total=len(found), start=1))


@machine(*BOTH, tell=refusal)
@require_GET
@speaks_scim
def resource_type(request: HttpRequest, name: str) -> HttpResponse:
    return told(_named(presenters.resource_types(), name))


@machine(*BOTH, tell=refusal)
@require_GET
@speaks_scim
def schemas(request: HttpRequest) -> HttpResponse:
    found = presenters.schemas()
    return told(presenters.page(found, total=len(found), start=1))


@machine(*BOTH, tell=refusal)
@require_GET
@speaks_scim
def schema(request: HttpRequest, name: str) -> HttpResponse:
    return told(_named(presenters.schemas(), name))


@machine(USERS, tell=refusal)
@require_http_methods(["GET", "POST"])
@speaks_scim
def users(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        said = changes.person(None, bodies.asserted(_body(request)))
        actor = machines.of_request(request).actor
        return _user(request, actions.create_person(said=said, actor=actor, now=timezone.now()), 201)
    asked = _filter(request)
    found, total, start = _page(request, queries.people() if asked is None else queries.people_where(asked))
    groups = queries.groups_of(found)
    return told(
        presenters.page(
            [_shaped(request, presenters.user(one, groups[one.pk])) for one in found], total=total, start=start
        )
    )


@machine(USERS, tell=refusal)
@require_http_methods(["GET", "PUT", "PATCH", "DELETE"])
@speaks_scim
def user(request: HttpRequest, pk: str) -> HttpResponse:
    found, actor, now = queries.person(pk), machines.of_request(request).actor, timezone.now()
    if request.method == "GET":
        return _user(request, found)
    if request.method == "DELETE":
        actions.release_person(found, actor=actor, now=now)
        return HttpResponse(status=204)
    said = _said(request, "userName")
    return _user(
        request, actions.change_person(found, change=lambda was: changes.person(was, said), actor=actor, now=now)
    )


@machine(GROUPS, tell=refusal)
@require_http_methods(["GET", "POST"])
@speaks_scim
def groups(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        said = changes.group(None, bodies.asserted(_body(request)))
        actor = machines.of_request(request).actor
        return _group(request, actions.create_group(said=said, actor=actor, now=timezone.now()), 201)
    asked = _filter(request)
    found, total, start = _page(request, queries.groups() if asked is None else queries.groups_where(asked))
    names = _names_told(request, found)
    resources = [_shaped(request, presenters.group(one, names)) for one in found]
    return told(presenters.page(resources, total=total, start=start))


@machine(GROUPS, tell=refusal)
@require_http_methods(["GET", "PUT", "PATCH", "DELETE"])
@speaks_scim
def group(request: HttpRequest, pk: str) -> HttpResponse:
    found, actor, now = queries.group(pk), machines.of_request(request).actor, timezone.now()
    if request.method == "GET":
        return _group(request, found)
    if request.method == "DELETE":
        actions.delete_group(found, actor=actor, now=now)
        return HttpResponse(status=204)
    said = _said(request, "displayName")
    return _group(
        request, actions.change_group(found, change=lambda was: changes.group(was, said), actor=actor, now=now)
    )


@may("members.manage_access")
@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """Whether the identity provider keeps people here, how to set it up, and which group gives which role."""
    now = timezone.now()
    found = list(queries.groups()[:MOST_SHOWN])
    values = {
        "in_plan": queries.is_in_plan(),
        "tokens": tokens.of_purpose(Purpose.SCIM, now),
        "base_url": link("scim-users").removesuffix("/Users"),
        "origin": origin(),
        "people": queries.people().filter(managed_by=catalogue.MANAGED).count(),
        "groups": presenters.rows(found, roles_here()),
        "asked": requests.last(),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/scim/directory.html", values)


@may("members.manage_access")
@require_http_methods(["GET", "POST"])
@dangerous
def group_role(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = get_object_or_404(ProvisionedGroup, pk=pk)
    form = forms.ChooseRole(request.POST if request.method == "POST" else None, initial={"role": row.role})
    if form.is_valid():
        try:
            actions.choose_role(row, **form.cleaned_data, actor=signed_in(request).actor, now=timezone.now())
        except RoleRefused as refused:
            form.add_error("role", str(refused))
        else:
            messages.success(request, f"The role of the group {row.display_name} is chosen.")
            return redirect("directory")
    values = {"form": form, "group": row, "people": len(row.members)}
    return render(request, "tenants/scim/group_role.html", values, status=422 if form.is_bound else 200)


def _body(request: HttpRequest) -> dict[str, Any]:
    # Read no further than one byte too many.
    return bodies.read(request.read(catalogue.LONGEST_BODY + 1))


def _said(request: HttpRequest, needed: str) -> list[catalogue.Operation]:
    """What a PATCH or a PUT says; a PUT says `needed` at least (RFC 7644, 3.5.1), and what it does not say stays."""
    body = _body(request)
    return bodies.operations(body) if request.method == "PATCH" else bodies.whole(body, needed)


def _filter(request: HttpRequest) -> catalogue.Filter | None:
    text = request.GET.get("filter", "").strip()
    return filters.read(text) if text else None


def _page(request: HttpRequest, found: "QuerySet[Any]") -> tuple[list[Any], int, int]:
    """The part that was asked for, how many there are, and its first index, counted from 1 (RFC 7644, 3.4.2.4)."""
    start = max(_number(request, "startIndex", 1), 1)
    count = min(max(_number(request, "count", catalogue.A_PAGE), 0), catalogue.MOST_A_PAGE)
    return list(found[start - 1 : start - 1 + count]), found.count(), start


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if len(text) > 9 or not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
        raise ScimRefused(400, f"{name} must be a whole number.", "invalidValue")
    return int(text)


def _names_told(request: HttpRequest, found: Iterable[ProvisionedGroup]) -> dict[UUID, str]:
    """What members are called: for a token that may read people, and only where members are asked for."""
    only, without = _asked_for(request)
    if USERS not in machines.of_request(request).scopes or not presenters.is_asked_for(
        "members", only=only, without=without
    ):
        return {}
    return queries.names_of({pk for one in found for pk in one.members})


def _asked_for(request: HttpRequest) -> tuple[set[str], set[str]]:
    return _names(request, "attributes"), _names(request, "excludedAttributes")


def _shaped(request: HttpRequest, resource: dict[str, Any]) -> dict[str, Any]:
    only, without = _asked_for(request)
    return presenters.shaped(resource, only=only, without=without)


def _names(request: HttpRequest, name: str) -> set[str]:
    """Of `name.givenName` the whole `name` is told."""
    given = request.GET.get(name, "").split(",")
    return {one.strip().lower().rpartition(":")[2].partition(".")[0] for one in given if one.strip()}


def _named(found: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for one in found:
        if one["id"] == name:
            return one
    raise ScimRefused(404, "There is nothing of this name.")


def _user(request: HttpRequest, found: Any, status: int = 200) -> HttpResponse:
    resource = presenters.user(found, queries.groups_of([found])[found.pk])
    return _located(_shaped(request, resource), resource["meta"]["location"], status)


def _group(request: HttpRequest, found: ProvisionedGroup, status: int = 200) -> HttpResponse:
    resource = presenters.group(found, _names_told(request, [found]))
    return _located(_shaped(request, resource), resource["meta"]["location"], status)


def _located(resource: dict[str, Any], location: str, status: int) -> HttpResponse:
    response = told(resource, status)
    response["Location"] = location
    return response


def _refused(refused: ScimRefused) -> HttpResponse:
    if refused.status in (403, 409):
        watch.refused("ScimRefused", refused.detail)
    return told(presenters.error(refused.status, refused.detail, refused.kind), refused.status)


def _note(request: HttpRequest, response: HttpResponse, detail: str) -> None:
    match = request.resolver_match
    what = f"{request.method} {KINDS.get(match.url_name or '', '') if match else ''}".strip()
    name = machines.of_request(request).name
    requests.note(Asked(timezone.now(), name, what, response.status_code, detail))


KINDS = {
    "scim-users": "Users",
    "scim-user": "User",
    "scim-groups": "Groups",
    "scim-group": "Group",
    "scim-config": "ServiceProviderConfig",
    "scim-types": "ResourceTypes",
    "scim-type": "ResourceType",
    "scim-schemas": "Schemas",
    "scim-schema": "Schema",
}
