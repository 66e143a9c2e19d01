"""Groups give roles; they take back only what they gave, and never the last administrator's."""

import uuid
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.context import service
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles import actions as roles
from tenants.members.roles.actions import RoleRefused
from tenants.members.scim import actions, queries
from tenants.members.scim.catalogue import Group, Person, ScimRefused
from tenants.members.scim.models import ProvisionedGroup
from tenants.members.sessions.models import Session
from tests import cast

pytestmark = pytest.mark.django_db
TOKEN = service("token Entra ID")
NOW = timezone.now()


def group(name, *keys, role=""):
    members = tuple(cast.person(key).pk for key in keys)
    made = actions.create_group(said=Group(name, members=members), actor=TOKEN, now=NOW)
    if role:
        actions.choose_role(made, role=role, actor=cast.person("ann").actor, now=NOW, reason="They run it")
    return ProvisionedGroup.objects.get(pk=made.pk)


def become(row, *keys):
    members = tuple(cast.person(key).pk for key in keys)
    actions.change_group(row, change=lambda was: replace(was, members=members), actor=TOKEN, now=NOW)


def roles_of(key):
    return cast.person(key).role_keys


def test_members_get_the_role_with_joining_and_lose_it_with_leaving(in_acme):
    row = group("Security", "cay", role="security_officer")
    assert roles_of("cay") == ["member", "security_officer"]
    become(row, "cay", "aud")
    assert roles_of("aud") == ["auditor", "security_officer"]
    become(row, "aud")
    assert (roles_of("cay"), roles_of("aud")) == (["member"], ["auditor", "security_officer"])
    actions.delete_group(row, actor=TOKEN, now=NOW)
    assert roles_of("aud") == ["auditor"]
    assert not ProvisionedGroup.objects.exists()


def test_a_role_that_somebody_had_before_stays_theirs(in_acme):
    row = group("Security", "sid", "cay", role="security_officer")
    become(row)
    assert (roles_of("sid"), roles_of("cay")) == (["security_officer"], ["member"])


def test_two_groups_give_one_role_and_the_last_of_them_takes_it(in_acme):
    one, two = group("One", "cay", role="auditor"), group("Two", "cay", role="auditor")
    become(one)
    assert roles_of("cay") == ["auditor", "member"]
    become(two)
    assert roles_of("cay") == ["member"]


def test_who_is_deleted_keeps_no_role_that_two_groups_gave(in_acme):
    group("One", "cay", role="auditor")
    group("Two", "cay", role="auditor")
    group("Three", "cay", role="auditor")
    actions.release_person(cast.person("cay"), actor=TOKEN, now=NOW)
    assert roles_of("cay") == ["member"]
    assert [(row.members, row.given_to) for row in ProvisionedGroup.objects.all()] == [([], [])] * 3


def test_a_role_that_an_administrator_took_away_is_not_given_again(in_acme):
    row = group("Team", "cay", role="auditor")
    cay = cast.person("cay")
    roles.change_roles(cay, roles=["member"], actor=cast.person("ann").actor, now=NOW, reason="Not their work")
    become(row, "cay", "sid")
    assert (roles_of("cay"), roles_of("sid")) == (["member"], ["auditor", "security_officer"])
    assert ProvisionedGroup.objects.get().given_to == [cay.pk, cast.person("sid").pk]
    become(row, "sid")
    become(row, "sid", "cay")
    assert roles_of("cay") == ["auditor", "member"], "who joins anew gets it anew"


def test_nobody_stands_twice_among_those_who_got_the_role(in_acme):
    one, two = group("One", "cay", role="auditor"), group("Two", role="auditor")
    ann, cay = cast.person("ann").actor, cast.person("cay")
    become(two, "cay", "sid")
    roles.change_roles(cay, roles=["member"], actor=ann, now=NOW, reason="By hand")
    become(two, "cay", "sid", "aud")
    become(one)
    kept = ProvisionedGroup.objects.get(pk=two.pk).given_to
    assert sorted(kept) == sorted({cast.person(key).pk for key in ("cay", "sid")})


def test_another_role_takes_the_place_of_the_one_before(in_acme):
    row = group("Team", "cay", role="auditor")
    actions.choose_role(row, role="security_officer", actor=cast.person("ann").actor, now=NOW, reason="Other work")
    assert roles_of("cay") == ["member", "security_officer"]
    actions.choose_role(row, role="", actor=cast.person("ann").actor, now=NOW, reason="No work")
    assert roles_of("cay") == ["member"]


def test_the_last_administrator_leaves_no_group_that_made_them_one(in_acme):
    row = group("Admins", "ben", role="tenant_admin")
    roles.revoke(cast.person("ann"), role="tenant_admin", actor=TOKEN, now=NOW, reason="Left the company")
    with pytest.raises(RoleRefused, match="last tenant admin"):
        become(row)
    assert ProvisionedGroup.objects.get(pk=row.pk).members == [cast.person("ben").pk]
    with pytest.raises(RoleRefused, match="last tenant admin"):
        actions.delete_group(row, actor=TOKEN, now=NOW)
    assert roles_of("ben") == ["privacy_officer", "tenant_admin"]


@pytest.mark.req("P11-10g")
def test_nobody_chooses_the_role_of_a_group_they_belong_to(in_acme):
    row = group("Everybody", "ann", "cay")
    with pytest.raises(RoleRefused, match="belong to this group"):
        actions.choose_role(row, role="auditor", actor=cast.person("ann").actor, now=NOW, reason="For me too")
    assert roles_of("cay") == ["member"]


@pytest.mark.req("P11-10g")
def test_nobody_makes_a_group_give_what_they_may_not_do_themselves(in_acme):
    row = group("Team", "cay")
    with pytest.raises(RoleRefused, match="cannot give it"):
        actions.choose_role(row, role="tenant_admin", actor=cast.person("ben").actor, now=NOW, reason="They asked")
    with pytest.raises(RoleRefused, match="no role"):
        actions.choose_role(row, role="platform_admin", actor=cast.person("ann").actor, now=NOW, reason="They asked")


def test_a_retired_role_is_given_to_nobody_and_stops_no_directory(in_acme):
    ann = cast.person("ann").actor
    made = roles.make(
        name="Reader", purpose="Reads", permissions=["audit.view_history"], actor=ann, now=NOW, reason="For a test"
    )
    row = group("Readers", role=made.key)
    roles.retire(made, actor=ann, now=NOW, reason="Not used")
    become(row, "cay")
    assert roles_of("cay") == ["member"]


def test_what_each_grant_was_for_is_in_the_history(in_acme):
    row = group("Team", role="auditor")
    become(row, "cay")
    grant = cast.person("cay").grants.get(role="auditor")
    assert grant.granted_by == "token Entra ID (service)"
    assert grant.history.get().history_change_reason == "Kept by the directory (SCIM)"


@pytest.mark.req("ASVS-7.4.2")
def test_shutting_an_account_leaves_none_of_its_sessions(acme):
    with schemas.inside(acme):
        user = cast.person("ben")
        for _ in range(3):
            cast.browser(user, acme)
        assert Session.objects.filter(user_id=user.pk).count() == 3
        actions.change_person(
            user, change=lambda was: Person(was.user_name, was.full_name, active=False), actor=TOKEN, now=NOW
        )
        assert Session.objects.filter(user_id=user.pk).count() == 0


def test_who_is_deleted_leaves_the_groups_and_the_roles_they_gave(in_acme):
    row = group("Team", "cay", "aud", role="security_officer")
    actions.release_person(cast.person("cay"), actor=TOKEN, now=NOW)
    assert ProvisionedGroup.objects.get(pk=row.pk).members == [cast.person("aud").pk]
    assert roles_of("cay") == ["member"]
    assert [one.email for one in queries.people().filter(pk=cast.person("cay").pk)] == []


def test_a_person_made_inactive_is_here_and_shut(in_acme):
    made = actions.create_person(said=Person("nora@acme.example", "Nora New", active=False), actor=TOKEN, now=NOW)
    assert (made.is_active, made.managed_by, made.deactivated_by) == (False, "scim", "token Entra ID (service)")
    assert queries.person(str(made.pk)).pk == made.pk


def test_an_account_that_an_administrator_shut_is_not_opened_by_the_directory(in_acme):
    roles.deactivate(cast.person("cay"), actor=cast.person("ann").actor, now=NOW, reason="Left the company")
    with pytest.raises(ScimRefused) as refused:
        queries.person(str(cast.person("cay").pk))
    assert refused.value.status == 404
    with pytest.raises(ScimRefused) as refused:
        actions.create_person(said=Person("cay@acme.example", "Cay Again"), actor=TOKEN, now=NOW)
    assert (refused.value.status, User.objects.count()) == (409, 5)


@pytest.mark.req("P11-10d")
def test_an_account_of_the_directory_that_a_person_shut_is_not_opened_by_it(in_acme):
    made = actions.create_person(said=Person("nora@acme.example", "Nora New"), actor=TOKEN, now=NOW)
    found = queries.person(str(made.pk))
    roles.deactivate(made, actor=cast.person("ann").actor, now=NOW, reason="Left the company")
    with pytest.raises(ScimRefused) as refused:
        queries.person(str(made.pk))
    assert refused.value.status == 404
    with pytest.raises(User.DoesNotExist):
        actions.change_person(found, change=lambda was: replace(was, active=True), actor=TOKEN, now=NOW)
    with pytest.raises(ScimRefused, match="Only an administrator of this workspace opens it again") as refused:
        actions.create_person(said=Person("nora@acme.example", "Nora New"), actor=TOKEN, now=NOW)
    assert refused.value.status == 409
    kept = User.objects.get(pk=made.pk)
    assert (kept.is_active, kept.deactivated_by) == (False, "Ann Admin (Tenant admin)")
    roles.reactivate(kept, actor=cast.person("ann").actor, now=NOW, reason="Came back")
    assert queries.person(str(made.pk)).pk == made.pk


def test_a_group_has_no_more_members_than_it_may_however_they_come(in_acme, monkeypatch):
    monkeypatch.setattr(actions, "MOST_MEMBERS", 2)
    row = group("Team", "cay", "aud")
    with pytest.raises(ScimRefused, match="at most 2 members") as refused:
        become(row, "cay", "aud", "sid")
    assert refused.value.status == 400
    with pytest.raises(ScimRefused, match="at most 2 members"):
        group("Others", "cay", "aud", "sid")
    assert [len(one.members) for one in ProvisionedGroup.objects.all()] == [2]


def choose(row):
    actions.choose_role(row, role="auditor", actor=cast.person("ann").actor, now=NOW, reason="They run it")


@pytest.mark.parametrize(
    "act",
    [
        choose,
        lambda row: become(row, "aud"),
        lambda row: actions.delete_group(row, actor=TOKEN, now=NOW),
        lambda _row: actions.release_person(cast.person("cay"), actor=TOKEN, now=NOW),
        lambda _row: actions.change_person(
            cast.person("cay"), change=lambda was: replace(was, active=False), actor=TOKEN, now=NOW
        ),
    ],
    ids=["choose_role", "change_group", "delete_group", "release_person", "change_person"],
)
def test_administrators_are_locked_before_any_other_row(in_acme, act):
    """In one order everywhere: else two at once wait for each other until the database ends one of them."""
    row = group("Team", "cay", role="security_officer")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        act(row)
    locks = [one["sql"] for one in asked if "FOR UPDATE" in one["sql"]]
    assert 'FROM "members_rolegrant"' in locks[0]
    assert len(locks) > 1


def test_members_who_are_nobody_are_refused(in_acme):
    with pytest.raises(ScimRefused):
        actions.create_group(said=Group("Ghosts", members=(uuid.uuid4(),)), actor=TOKEN, now=NOW)
    assert not ProvisionedGroup.objects.exists()
