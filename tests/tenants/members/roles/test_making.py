"""Roles of a workspace's own: made of what it may do, never beyond what their maker may."""

from datetime import UTC, datetime

import pytest

from audit.transitions import MoveRefused
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles import actions, catalogue, queries
from tenants.members.roles.models import CustomRole
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.req("ASVS-8.2.1", "P11-10d", "P11-10g")]
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WHY = "Asked for by the head of quality"
HR = ("members.view_people", "members.manage_people", "audit.view_history")


def make(name="Trail reader", permissions=("audit.view_history",), by="ann", **changes) -> CustomRole:
    said = {"purpose": "Reads the trail before an inspection.", "now": NOW, "reason": WHY, **changes}
    return actions.make(name=name, permissions=permissions, actor=cast.person(by).actor, **said)


def give(key: str, roles: list[str], by: str = "ann") -> User:
    return actions.change_roles(cast.person(key), roles=roles, actor=cast.person(by).actor, now=NOW, reason=WHY)


def test_a_role_made_here_allows_what_it_lists_and_nothing_else(in_acme):
    role = make()
    assert role.key.startswith("c_")
    assert len(role.key) == 10
    cay = give("cay", [role.key])
    assert (cay.role_names, cay.permissions()) == ("Trail reader", {"audit.view_history"})
    assert [known.name for known in queries.roles_here()][-1] == "Trail reader"
    assert queries.role_named(role.key).purpose == "Reads the trail before an inspection."


def test_the_history_says_who_made_it_and_what_of(in_acme):
    role = make()
    told = CustomRole.history.get(key=role.key)
    assert (told.who, told.history_change_reason, told.permissions) == ("Ann Admin", WHY, ["audit.view_history"])


@pytest.mark.parametrize("permission", ["tenants.provision", "trust.publish_content", "no.such_thing"])
def test_what_only_complere_may_or_nobody_goes_into_no_role_of_a_tenant(in_acme, permission):
    with pytest.raises(actions.MakingRefused, match="nothing else"):
        make(permissions=["audit.view_history", permission])


def test_what_only_complere_may_allows_nothing_even_when_it_stands_in_the_row(in_acme):
    role = make()
    give("cay", [role.key])
    with actions.context.regulated_write(actor=cast.DIRECTOR, reason="Tamper with the row"):
        CustomRole.objects.filter(pk=role.pk).update(permissions=["tenants.provision", "audit.view_history"])
    assert cast.person("cay").permissions() == {"audit.view_history"}
    assert not cast.person("cay").has_perm("tenants.provision")


@pytest.mark.parametrize("permission", sorted(set(catalogue.FOR_TENANTS) - set(HR)))
def test_nobody_puts_into_a_role_what_they_may_not_do_themselves(in_acme, permission):
    give("cay", [make("People desk", HR).key])
    with pytest.raises(actions.MakingRefused, match="yourself"):
        make("More", ["audit.view_history", permission], by="cay")
    role = make("Reader")
    with pytest.raises(actions.MakingRefused, match="yourself"):
        actions.change(
            role,
            name="Reader",
            purpose="Reads",
            permissions=["audit.view_history", permission],
            actor=cast.person("cay").actor,
            now=NOW,
            reason=WHY,
        )


@pytest.mark.parametrize("role", ["tenant_admin", "privacy_officer", "member", "auditor"])
def test_nobody_gives_a_role_that_may_more_than_they(in_acme, role):
    give("cay", [make("People desk", HR).key])
    with pytest.raises(actions.RoleRefused, match="You may not yourself"):
        give("sid", [role], by="cay")
    with pytest.raises(actions.RoleRefused, match="You may not yourself"):
        actions.invite(
            email="nia@acme.example",
            full_name="Nia New",
            roles=[role],
            actor=cast.person("cay").actor,
            now=NOW,
            reason=WHY,
        )
    assert give("aud", [make("Reader").key], by="cay").role_names == "Reader"


def test_nobody_brings_back_a_person_who_may_more_than_they(in_acme):
    give("cay", [make("People desk", HR).key])
    by = {"now": NOW, "reason": WHY}
    actions.deactivate(cast.person("ben"), actor=cast.person("ann").actor, **by)
    with pytest.raises(actions.RoleRefused):
        actions.reactivate(cast.person("ben"), actor=cast.person("cay").actor, **by)
    assert actions.reactivate(cast.person("ben"), actor=cast.person("ann").actor, **by).is_active


def test_staff_of_complere_give_no_role_in_a_tenant_that_has_an_admin(in_acme, platform):
    with schemas.inside(platform):
        pat = cast.person("pat").actor
    with pytest.raises(actions.RoleRefused, match="You may not yourself"):
        actions.grant(cast.person("cay"), role="auditor", actor=pat, now=NOW, reason=WHY)


def test_while_nobody_is_admin_only_complere_lets_the_first_one_in(in_acme, platform):
    give("cay", [make("People desk", HR).key])
    with schemas.inside(platform):
        pat = cast.person("pat").actor
    actions.revoke(cast.person("ann"), role="tenant_admin", actor=cast.DIRECTOR, now=NOW, reason=WHY)
    first = {"role": "tenant_admin", "now": NOW, "reason": WHY}
    with pytest.raises(actions.RoleRefused, match="You may not yourself"):
        actions.grant(cast.person("sid"), actor=cast.person("cay").actor, **first)
    with pytest.raises(actions.MakingRefused, match="You may not"):
        make("Everything", sorted(catalogue.FOR_TENANTS), by="cay")
    assert actions.grant(cast.person("sid"), actor=pat, **first).role == "tenant_admin"


def test_a_role_that_may_more_keeps_what_its_changer_may_not(in_acme):
    give("cay", [make("People desk", HR).key])
    role = make("Exporter", ["audit.view_history", "audit.export_trail"])
    by = {"actor": cast.person("cay").actor, "now": NOW, "reason": WHY, "purpose": "Exports"}
    changed = actions.change(role, name="Exporter of trails", permissions=role.permissions, **by)
    assert (changed.name, changed.permissions) == ("Exporter of trails", ["audit.export_trail", "audit.view_history"])


@pytest.mark.parametrize("name", ["Trail reader", "TRAIL READER ", "Tenant admin", "auditor"])
def test_two_roles_never_have_one_name(in_acme, name):
    make()
    with pytest.raises(actions.MakingRefused, match="already"):
        make(name)


def test_a_role_that_allows_nothing_is_none(in_acme):
    with pytest.raises(actions.MakingRefused, match="at least one"):
        make(permissions=[])


@pytest.mark.req("ASVS-8.3.2")
def test_a_changed_role_holds_with_the_next_look_of_everybody_who_has_it(in_acme):
    role = make()
    give("cay", [role.key])
    by = {"actor": cast.person("ann").actor, "now": NOW, "reason": WHY}
    actions.change(role, name="Registrar", purpose="Sees incidents", permissions=["privacy.view_incidents"], **by)
    cay = cast.person("cay")
    assert (cay.role_names, cay.permissions()) == ("Registrar", {"privacy.view_incidents"})


def test_a_role_is_retired_once_nobody_holds_it_and_given_to_nobody_after(in_acme):
    role = make()
    give("cay", [role.key])
    by = {"actor": cast.person("ann").actor, "now": NOW, "reason": WHY}
    actions.deactivate(cast.person("cay"), **by)
    with pytest.raises(actions.RoleRefused, match="1 person holds"):
        actions.retire(role, **by)
    give("cay", ["member"])
    assert actions.retire(role, **by).retired_by == "Ann Admin (Tenant admin)"
    with pytest.raises(MoveRefused):
        actions.retire(role, **by)
    with pytest.raises(MoveRefused):
        actions.change(role, name="Back", purpose="Back", permissions=["audit.view_history"], **by)
    with pytest.raises(actions.RoleRefused, match="There is no role"):
        give("ben", [role.key])
    assert queries.name_of(role.key) == "Trail reader"
    assert make("Trail reader").key != role.key


def test_staff_have_the_roles_of_the_release_only(platform):
    with schemas.inside(platform), pytest.raises(actions.MakingRefused):
        make(by="pat")
