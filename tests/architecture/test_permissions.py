"""Deny by default: no address without a declared permission, no permission that the catalogue does not know."""

import ast
import re

import pytest
from django.apps import apps
from django.urls import path

from audit import presenters
from tenants.members import access, machines
from tenants.members.roles import catalogue
from tests.architecture import routes, sources

ROUTES = routes.every()
ASKS = {"may", "has_perm", "with_permission", "carrying"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)
@pytest.mark.req("P11-10g")
def test_every_address_has_a_name_and_declares_a_permission_of_the_catalogue(route):
    assert route.name is not None, f"{route.path} has no name"
    declared = routes.permission_of(route.view)
    assert declared in {access.PUBLIC, access.SIGNED_IN, access.MACHINE, *catalogue.PERMISSIONS}, (
        f"{route.path} declares {declared}"
    )


def test_an_address_that_declares_nothing_is_noticed():
    def bare(request):
        return None

    assert routes.permission_of(path("bare/", bare, name="bare").callback) is None


@pytest.mark.parametrize(
    "wear", [access.may("audit.view_history"), access.signed_in, access.public_door, machines.machine("api.read_self")]
)
def test_what_a_view_wears_is_read_through_class_views_and_partials(wear):
    from functools import partial

    from django.views import View

    class Page(View):
        permission = "audit.view_history"

    def bare(request):
        return None

    assert routes.permission_of(Page.as_view()) == "audit.view_history"
    assert routes.permission_of(partial(wear(bare))) == access.permission_of(wear(bare))


def test_names_of_addresses_are_unique_on_a_host():
    names = [(route.host, route.name) for route in ROUTES]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("role", catalogue.ROLES.values(), ids=lambda role: role.key)
@pytest.mark.req("P11-10d")
def test_every_permission_of_a_role_exists(role):
    assert sorted(role.permissions - set(catalogue.PERMISSIONS)) == []
    assert role.permissions, "a role that may do nothing is no role"


@pytest.mark.parametrize("permission", catalogue.PERMISSIONS)
def test_every_permission_is_carried_by_a_role_and_asked_for_somewhere(permission):
    assert any(permission in role.permissions for role in catalogue.ROLES.values())
    assert permission in asked_in_code() | {routes.permission_of(route.view) for route in ROUTES}


def asked_in_code() -> set[str]:
    """Every permission that code or template names where it asks for one."""
    found: set[str] = set()
    for file in sources.python(*sources.APPS, sources.ASSEMBLY):
        if file == "tenants/members/roles/catalogue.py":
            continue
        found |= {
            node.value
            for node in ast.walk(sources.tree(file))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and looks_like_permission(node.value)
        }
    return found


def looks_like_permission(text: str) -> bool:
    return text in catalogue.PERMISSIONS


@pytest.mark.parametrize("file", sources.python(*sources.APPS, sources.ASSEMBLY))
def test_every_permission_that_code_asks_for_exists(file):
    asked = {
        argument.value
        for node in ast.walk(sources.tree(file))
        if isinstance(node, ast.Call) and _name(node.func) in ASKS
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant)
    }
    assert sorted(asked - set(catalogue.PERMISSIONS)) == []


@pytest.mark.parametrize("file", sources.templates())
def test_templates_name_no_unknown_permission(file):
    asked = set(re.findall(r"perms\.([a-z_]+\.[a-z_]+)", sources.text(file)))
    assert sorted(asked - set(catalogue.PERMISSIONS)) == []


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.req("P11-10g")
def test_every_kind_of_record_that_is_signed_is_in_the_matrix_under_the_permission_that_opens_it():
    signed = {model._meta.label_lower for model in apps.get_models() if getattr(model, "SIGNING", None)}
    assert signed == set(catalogue.SIGNED)
    assert set(catalogue.SIGNED.values()) <= set(catalogue.PERMISSIONS)


REGULATED = [model for model in apps.get_models() if hasattr(model, "history")]


@pytest.mark.parametrize("model", REGULATED, ids=lambda model: model._meta.label)
@pytest.mark.req("AT-04")
def test_the_history_of_every_regulated_record_has_a_page(model):
    story = presenters.of(model._meta.label_lower)
    assert story is not None, f"register a Story for {model._meta.label_lower} in the app's ready()"
    assert story.permission in catalogue.PERMISSIONS
    fields = {field.name for field in model._meta.fields}
    assert {*story.labels, *story.values, *story.hide} <= fields
    for kind, name in story.children:
        assert name in {field.name for field in presenters.of(kind).model.history.model.tracked_fields}
