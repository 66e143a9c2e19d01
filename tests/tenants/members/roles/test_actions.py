from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from audit import context
from audit.transitions import MoveRefused
from tenants import schemas
from tenants.members.access_policies.models import AccessPolicy
from tenants.members.accounts.actions import AccountRefused
from tenants.members.accounts.models import Invitation, User
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers.states import State
from tenants.members.roles import actions, queries
from tenants.members.roles.models import RoleGrant
from tests import cast
from tests.tenants.members import mails, sso

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WHY = "Asked for by the head of quality"


def act(name: str, key: str, by: str = "ann", **changes: object):
    return getattr(actions, name)(cast.person(key), actor=cast.person(by).actor, now=NOW, reason=WHY, **changes)


def second_admin() -> User:
    return actions.change_roles(
        cast.person("ben"), roles=["tenant_admin"], actor=cast.person("ann").actor, now=NOW, reason=WHY
    )


def test_inviting_makes_an_account_with_roles_and_mails_the_link_in_one_go(in_acme):
    user = actions.invite(
        email="nia@acme.example",
        full_name="Nia New",
        job_title="QA",
        roles=["member", "auditor"],
        actor=cast.person("ann").actor,
        now=NOW,
        reason=WHY,
    )
    email = mails.newest("invitation")
    assert (user.role_keys, user.job_title, email.to) == (["auditor", "member"], "QA", "nia@acme.example")
    assert "Your role: Auditor, Member." in email.body
    assert mails.link_in(email).startswith("http://acme.localhost:8000/invitation/")


def test_a_refused_role_leaves_no_account_behind(in_acme):
    before = User.objects.count()
    with pytest.raises(actions.RoleRefused):
        actions.invite(
            email="nia@acme.example",
            full_name="Nia New",
            roles=["platform_admin"],
            actor=cast.person("ann").actor,
            now=NOW,
            reason=WHY,
        )
    assert User.objects.count() == before


def test_an_address_is_invited_once(in_acme):
    with pytest.raises(AccountRefused):
        actions.invite(
            email="BEN@acme.example",
            full_name="Ben Again",
            roles=["member"],
            actor=cast.person("ann").actor,
            now=NOW,
            reason=WHY,
        )


@pytest.mark.req("A11-12.3")
def test_roles_become_exactly_those_chosen_and_the_history_says_who_and_why(in_acme):
    fresh = act("change_roles", "cay", roles=["auditor", "privacy_officer"])
    assert fresh.role_keys == ["auditor", "privacy_officer"]
    taken = RoleGrant.history.filter(role="member", user_id=fresh.pk, history_type="-").get()
    assert (taken.who, taken.history_change_reason) == ("Ann Admin", WHY)


def test_nobody_changes_or_shuts_their_own_account(in_acme):
    second_admin()
    with pytest.raises(actions.RoleRefused, match="their own roles"):
        act("change_roles", "ann", roles=["member"])
    with pytest.raises(actions.RoleRefused, match="their own account"):
        act("deactivate", "ann")


def test_the_last_admin_who_can_sign_in_keeps_role_and_account(in_acme):
    second_admin()
    act("deactivate", "ann", by="ben")
    with pytest.raises(actions.RoleRefused, match="last tenant admin"):
        act("change_roles", "ben", by="sid", roles=["member"])
    with pytest.raises(actions.RoleRefused, match="last tenant admin"):
        act("deactivate", "ben", by="sid")
    assert cast.person("ben").is_active


def test_an_invited_admin_who_never_came_does_not_count_as_one(in_acme):
    actions.invite(
        email="nia@acme.example",
        full_name="Nia New",
        roles=["tenant_admin"],
        actor=cast.person("ann").actor,
        now=NOW,
        reason=WHY,
    )
    with pytest.raises(actions.RoleRefused, match="last tenant admin"):
        act("change_roles", "ann", by="ben", roles=["member"])


def requires_the_provider(*recovery: str) -> None:
    """Written as it is stored: the rules of how it is switched on are tested with them."""
    ids = [cast.person(key).pk for key in recovery]
    with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        AccessPolicy.objects.create(sso_required=True, recovery_accounts=ids, changed_at=NOW, changed_by="The test")
    cache.clear()


def linked(key: str, provider) -> None:
    user = cast.person(key)
    said = {"subject": key, "linked_at": NOW, "linked_by": "The test"}
    with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        FederatedIdentity.objects.create(key=key, user=user, provider=provider, subject_key=user.subject_key, **said)


def without_password(key: str) -> User:
    user = cast.person(key)
    user.set_unusable_password()
    with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        user.save(update_fields=["password"])
    return user


def test_the_last_admin_stays_where_nobody_can_come_in_at_all(in_acme):
    without_password("ann")
    for name, changes in (("deactivate", {}), ("change_roles", {"roles": ["member"]})):
        with pytest.raises(actions.RoleRefused, match="last tenant admin"):
            act(name, "ann", by="ben", **changes)
    assert queries.lock_admins() == []


def test_who_is_no_admin_may_go_while_no_admin_can_come_in(in_acme):
    without_password("ann")
    assert act("deactivate", "cay", by="ben").is_active is False


@pytest.mark.parametrize(
    ("recovery", "ben_counts"),
    [(["ann"], False), (["ann", "ben"], True)],
)
def test_a_password_counts_only_for_whom_it_opens_the_door(in_acme, recovery, ben_counts):
    second_admin()
    requires_the_provider(*recovery)
    assert {admin.pk for admin in queries.lock_admins()} == {cast.person(key).pk for key in recovery}
    assert queries.is_only_admin(cast.person("ann")) is not ben_counts


@pytest.mark.parametrize(("state", "counts"), [(State.ACTIVE, True), (State.OFF, False), (State.DRAFT, False)])
def test_an_identity_counts_while_its_provider_is_in_use(in_acme, state, counts):
    second_admin()
    linked("ben", sso.provider(state=state))
    without_password("ben")
    assert queries.is_only_admin(cast.person("ann")) is not counts
    if counts:
        assert act("deactivate", "ann", by="ben").is_active is False
    else:
        with pytest.raises(actions.RoleRefused, match="last tenant admin"):
            act("deactivate", "ann", by="ben")


def test_an_admin_with_two_identities_is_one_admin(in_acme):
    for name in ("First", "Second"):
        linked_at = sso.provider(name=name, issuer=f"https://{name.lower()}.example")
        user = cast.person("ann")
        said = {"subject": name, "linked_at": NOW, "linked_by": "The test", "subject_key": user.subject_key}
        with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
            FederatedIdentity.objects.create(key=name, user=user, provider=linked_at, **said)
    assert [admin.pk for admin in queries.lock_admins()] == [cast.person("ann").pk]


def test_the_last_platform_admin_stays_too(platform):
    with schemas.inside(platform), pytest.raises(actions.RoleRefused, match="last platform admin"):
        act("change_roles", "pat", by="sam", roles=["support"])


def test_deactivating_ends_sessions_and_invitations_and_says_who_did_it(in_acme):
    before = cast.person("cay").session_epoch
    fresh = act("deactivate", "cay")
    assert (fresh.is_active, fresh.deactivated_at, fresh.session_epoch) == (False, NOW, before + 1)
    assert fresh.deactivated_by == "Ann Admin (Tenant admin)"
    with pytest.raises(MoveRefused):
        act("deactivate", "cay")


def test_reactivating_gives_the_roles_back_and_happens_once(in_acme):
    act("deactivate", "cay")
    assert act("reactivate", "cay").role_keys == ["member"]
    with pytest.raises(MoveRefused):
        act("reactivate", "cay")


def test_deactivating_an_invited_person_ends_the_mailed_link(in_acme):
    user = actions.invite(
        email="nia@acme.example",
        full_name="Nia New",
        roles=["member"],
        actor=cast.person("ann").actor,
        now=NOW,
        reason=WHY,
    )
    actions.deactivate(user, actor=cast.person("ann").actor, now=NOW, reason=WHY)
    assert Invitation.objects.get(user=user).revoked_at == NOW


def test_who_is_in_already_is_not_invited_again(in_acme):
    with pytest.raises(MoveRefused):
        act("invite_again", "ben")
    with pytest.raises(MoveRefused):
        act("take_back_invitation", "ben")
