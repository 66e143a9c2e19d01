from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants.members import panels
from tenants.members.access import dangerous, may
from tenants.members.accounts import queries as accounts
from tenants.members.accounts.actions import AccountRefused
from tenants.members.accounts.models import User
from tenants.members.roles import actions, catalogue, forms, presenters, queries
from tenants.members.roles.models import CustomRole
from tenants.tenancy.queries import name_here, of_request

A_PAGE = 25
COLUMNS = [{"label": "Person"}, {"label": "Roles"}, {"label": "State"}, {"label": "Last sign-in"}]


@may("members.view_people")
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    filters = forms.Filter(request.GET)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    now = timezone.now()
    page = Paginator(accounts.people(**chosen), A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "tenants/roles/people.html",
        {
            "page": page,
            "rows": presenters.rows(list(page.object_list), now),
            "columns": COLUMNS,
            "filters": filters,
            "filtered": any(chosen.values()),
            "may_manage": request.user.has_perm("members.manage_people"),
            "now": now,
            "tz": of_request(request).time_zone,
        },
    )


@may("members.view_people")
@require_safe
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, viewer, now = _person(pk), accounts.signed_in(request), timezone.now()
    values = {
        "person": user,
        "standing": presenters.standing(user, now),
        "panels": panels.of(panels.PERSON, viewer=viewer, person=user, now=now),
        "oneself": user.pk == viewer.pk,
        "may_manage": request.user.has_perm("members.manage_people"),
        "may_read_history": request.user.has_perm("audit.view_history"),
        "tz": of_request(request).time_zone,
    }
    return render(request, "tenants/roles/person.html", values)


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def invite(request: HttpRequest) -> HttpResponse:
    form = forms.Invite(_posted(request))
    if not form.is_valid():
        return _form_page(request, "invite.html", form)
    try:
        user = actions.invite(**form.cleaned_data, actor=accounts.signed_in(request).actor, now=timezone.now())
    except AccountRefused as refused:
        form.add_error(refused.field, str(refused))
        return _form_page(request, "invite.html", form)
    except actions.RoleRefused as refused:
        form.add_error("roles", str(refused))
        return _form_page(request, "invite.html", form)
    messages.success(request, f"The invitation to {user.full_name} is on its way.")
    return redirect("person", pk=user.pk)


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def change_roles(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _person(pk)
    form = forms.ChangeRoles(_posted(request), initial={"roles": user.role_keys})
    if not form.is_valid():
        return _form_page(request, "change_roles.html", form, person=user)
    try:
        actions.change_roles(user, **form.cleaned_data, actor=accounts.signed_in(request).actor, now=timezone.now())
    except actions.RoleRefused as refused:
        form.add_error("roles", str(refused))
        return _form_page(request, "change_roles.html", form, person=user)
    messages.success(request, f"The roles of {user.full_name} are changed.")
    return redirect("person", pk=pk)


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def deactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _person(pk)
    page = {
        "heading": f"Deactivate {user.full_name}",
        "submit_label": "Deactivate",
        "kind": "danger",
        "consequences": [
            "Every session and every open invitation of this person ends at once.",
            "What the person did stays in the history under their name.",
            "The account can be opened again later, with the same roles.",
        ],
    }
    return _confirmed(request, user, page, actions.deactivate, f"{user.full_name} is deactivated.")


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def reactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _person(pk)
    page = {
        "heading": f"Reactivate {user.full_name}",
        "submit_label": "Reactivate",
        "consequences": [
            f"The person may work here again as: {user.role_names or 'no role yet'}.",
            "They sign in with the password they had, or set a new one by mail.",
        ],
    }
    return _confirmed(request, user, page, actions.reactivate, f"{user.full_name} is active again.")


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
def invite_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _person(pk)
    page = {
        "heading": f"Invite {user.full_name} again",
        "submit_label": "Send the invitation",
        "consequences": [f"A new link goes to {user.email}. It holds for 7 days.", "The link sent before ends."],
    }
    return _confirmed(request, user, page, actions.invite_again, "A new invitation is on its way.")


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
def take_back_invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _person(pk)
    page = {
        "heading": f"Take back the invitation to {user.full_name}",
        "submit_label": "Take it back",
        "kind": "danger",
        "consequences": ["The mailed link stops working at once.", "You can invite the person again at any time."],
    }
    return _confirmed(request, user, page, actions.take_back_invitation, "The invitation is taken back.")


@may("members.manage_people")
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """What can be given here, and what each role allows."""
    here = of_request(request)
    values = {
        "rows": presenters.role_rows(platform=here.is_platform),
        "platform": here.is_platform,
        "may_read_history": request.user.has_perm("audit.view_history"),
        "tz": here.time_zone,
    }
    return render(request, "tenants/roles/roles.html", values)


@may("members.view_people")
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """Who can do what, read from the code that decides it (P11-10g)."""
    known = queries.roles_here()
    rows = presenters.matrix(known, catalogue.permissions_of(platform=of_request(request).is_platform))
    return render(request, "tenants/roles/matrix.html", {"roles": known, "rows": rows})


@may("members.view_people")
@require_safe
def matrix_file(request: HttpRequest) -> HttpResponse:
    permissions = catalogue.permissions_of(platform=of_request(request).is_platform)
    text = "".join(presenters.csv_lines(queries.roles_here(), permissions))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="roles-{timezone.now():%Y-%m-%d}.csv"'
    return response


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def add_role(request: HttpRequest) -> HttpResponse:
    viewer = accounts.signed_in(request)
    form = forms.RoleForm(_posted(request), held=viewer.permissions())
    made = _kept(form, actions.make, actor=viewer.actor, now=timezone.now())
    if made is None:
        return _form_page(request, "role_form.html", form)
    messages.success(request, f"The role {made.name} can be given from now on.")
    return redirect("roles")


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def change_role(request: HttpRequest, role_key: str) -> HttpResponse:
    role, viewer = get_object_or_404(CustomRole, pk=role_key, retired_at=None), accounts.signed_in(request)
    start = {"name": role.name, "purpose": role.purpose, "permissions": sorted(role.carries)}
    form = forms.RoleForm(_posted(request), initial=start, held=viewer.permissions())
    if _kept(form, actions.change, role, actor=viewer.actor, now=timezone.now()) is None:
        return _form_page(request, "role_form.html", form, role=role, holders=queries.holders(role.key))
    messages.success(request, f"The role {form.cleaned_data['name']} is changed.")
    return redirect("roles")


@may("members.manage_people")
@require_http_methods(["GET", "POST"])
@dangerous
def retire_role(request: HttpRequest, role_key: str) -> HttpResponse:
    role = get_object_or_404(CustomRole, pk=role_key)
    form = forms.WithReason(_posted(request))
    if form.is_valid():
        said = {"actor": accounts.signed_in(request).actor, "now": timezone.now(), **form.cleaned_data}
        try:
            actions.retire(role, **said)
        except actions.RoleRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"The role {role.name} is retired.")
            return redirect("roles")
    return _form_page(request, "retire_role.html", form, role=role, holders=queries.holders(role.key))


def _kept(form: forms.RoleForm, act: Any, *records: CustomRole, actor: Any, now: Any) -> CustomRole | None:
    """The role as it is after the form; None while the form is not sent or says what is wrong."""
    if not form.is_valid():
        return None
    said = {name: form.cleaned_data[name] for name in ("name", "purpose", "permissions", "reason")}
    try:
        kept: CustomRole = act(*records, **said, actor=actor, now=now)
    except actions.MakingRefused as refused:
        form.add_error(form.place_of(refused.field), str(refused))
        return None
    return kept


def _person(pk: UUID) -> User:
    return get_object_or_404(accounts.with_invitations(), pk=pk)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _form_page(request: HttpRequest, name: str, form: Any, **values: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, f"tenants/roles/{name}", {"form": form, "workspace": name_here(), **values}, status=status)


def _confirmed(request: HttpRequest, user: User, page: dict[str, Any], act: Any, done: str) -> HttpResponse:
    """Ask for a reason, do it, say so. `MoveRefused` becomes a 409 page further out."""
    form = forms.WithReason(_posted(request))
    confirm = {"back_url": reverse("person", args=[user.pk]), "back_label": user.full_name, **page}
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=status)
    reason = form.cleaned_data["reason"]
    try:
        act(user, actor=accounts.signed_in(request).actor, now=timezone.now(), reason=reason)
    except actions.RoleRefused as refused:
        form.add_error(None, str(refused))
        return render(request, "desk/confirm.html", {"confirm": confirm, "form": form}, status=422)
    messages.success(request, done)
    return redirect("person", pk=user.pk)
