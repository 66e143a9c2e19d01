"""The authorization matrix of a tenant's host; tests/isolation/matrix.py says how it is worked out."""

import pytest

from tenants.members import access
from tenants.members.roles import catalogue
from tests.architecture import routes
from tests.isolation.matrix import Kind, guests, wrong
from tests.isolation.test_no_tenant_sees_another import FEEDS, TENANT_ROUTES


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=lambda route: route.id)
@pytest.mark.req("ASVS-8.2.1", "ASVS-8.2.2", "ASVS-8.2.3", "ASVS-8.3.2", "ASVS-8.4.1", "P11-10d", "P11-10g")
def test_everybody_comes_in_where_their_role_says_and_nowhere_else(walk, route):
    listed(route)
    assert [fault for here in ("acme", "globex") for fault in wrong(walk, route, here)] == []


def listed(route):
    """An address that the walk cannot judge fails."""
    declared = routes.permission_of(route.view)
    assert declared in {access.PUBLIC, access.SIGNED_IN, access.MACHINE, *catalogue.PERMISSIONS}, route.path
    assert set(route.converters) <= set(FEEDS), f"say in FEEDS what belongs into {route.path}"


def test_every_role_stands_at_the_door(walk):
    """Those of the catalogue, and one that each tenant made."""
    for here, tenants in walk.tenants.items():
        names = {guest.visitor.name for guest in guests(walk, here) if guest.kind is Kind.ROLE}
        assert {role.key for role in catalogue.of_schema(platform=tenants.is_platform)} <= names
        assert any(name.startswith("c_") for name in names) is not tenants.is_platform


def test_a_door_that_lets_the_wrong_ones_in_would_be_noticed(walk, monkeypatch):
    """The walk itself: a permission that no role carries, or that one role lost, makes faults."""
    route = next(route for route in TENANT_ROUTES if route.id == "tenant:incidents")
    assert wrong(walk, route, "acme") == []
    monkeypatch.setattr(route.view, "permission", "privacy.view_requests")
    faults = wrong(walk, route, "acme")
    assert any("security_officer" in fault and "comes in" in fault for fault in faults)
    assert any("member" in fault and "is refused" in fault for fault in faults)
