"""Who somebody at a provider is here: by issuer and subject alone (ASVS 6.8.1), with the roles of their groups."""

from datetime import timedelta

import pytest

from audit.context import regulated_write
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import by_email
from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.federation import actions, queries
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers.catalogue import Mapping
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.roles.models import RoleGrant
from tests import cast
from tests.tenants.members import sso
from tests.tenants.members.sso import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.req("ASVS-6.8.1")]
STAFF = Mapping(roles={"staff": "member", "privacy": "privacy_officer", "bosses": "tenant_admin"})


@pytest.fixture
def idp(in_acme) -> IdentityProvider:
    sso.enterprise(in_acme)
    sso.proved("acme.example")
    return sso.provider(create_accounts=True, mapping=STAFF)


def refusal(act, *args, **options) -> str:
    with pytest.raises(ProviderRefused) as refused:
        act(*args, now=NOW, **options)
    return refused.value.code


def linked(idp, key, **changes):
    user = cast.person(key)
    actions.link(user, idp, sso.said(f"sub-of-{key}", email=user.email), now=NOW)
    return user


def test_a_first_sign_in_makes_an_account_with_the_roles_of_its_groups(idp):
    user = actions.arrive(idp, sso.said(), now=NOW)
    assert (user.email, user.full_name, user.role_keys) == ("nia@acme.example", "Nia Newcomer", ["member"])
    assert (user.managed_by, user.has_usable_password()) == ("sso", False)
    written = user.history.order_by("history_date").first()
    assert (written.history_change_reason, RoleGrant.objects.get(user=user).granted_by) == (
        "First sign-in through Acme account",
        "identity provider Acme account (service)",
    )


def test_the_same_subject_is_the_same_person_whatever_address_it_has(idp):
    first = actions.arrive(idp, sso.said(), now=NOW)
    again = actions.arrive(idp, sso.said(email="other@acme.example"), now=NOW + timedelta(days=1))
    assert (again.pk, again.email) == (first.pk, "other@acme.example")
    assert FederatedIdentity.objects.get(user=first).last_used_at == NOW + timedelta(days=1)


def test_a_known_address_never_lets_anybody_into_its_account(idp):
    ann = cast.person("ann")
    assert refusal(actions.arrive, idp, sso.said("stranger", email=ann.email)) == "address-taken"
    assert refusal(actions.arrive, idp, sso.said("stranger", email=ann.email.upper())) == "address-taken"
    assert not FederatedIdentity.objects.exists()


@pytest.mark.parametrize("subject", ["SUB-1", "sub-1 ", "sub-1\x00", "ſub-1"])
def test_a_subject_counts_to_the_letter(idp, subject):
    first = actions.arrive(idp, sso.said("sub-1"), now=NOW)
    other = actions.arrive(idp, sso.said(subject, email="else@acme.example"), now=NOW)
    assert other.pk != first.pk


def test_the_same_subject_of_another_issuer_or_provider_is_somebody_else(idp):
    actions.arrive(idp, sso.said(), now=NOW)
    assert refusal(actions.arrive, idp, sso.said(issuer="https://login.idp.example/globex")) == "address-taken"
    second = sso.provider(create_accounts=True, mapping=STAFF, name="Second", issuer="https://other.example")
    assert refusal(actions.arrive, second, sso.said()) == "address-taken"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"verified": False}, "email-unverified"),
        ({"email": None}, "no-email"),
        ({"email": "no address"}, "no-email"),
        ({"email": {"value": "nia@acme.example"}}, "no-email"),
        ({"email": "nia@acme.example\nbcc: all@acme.example"}, "no-email"),
        ({"email": f"{'n' * 250}@acme.example"}, "no-email"),
        ({"email": "nia@globex.example"}, "foreign-domain"),
        ({"email": "nia@acme.example.evil.example"}, "foreign-domain"),
        ({"email": "nia@acme.example@evil.example"}, "foreign-domain"),
        ({"groups": ["somewhere else"]}, "no-role"),
        ({"groups": None}, "no-role"),
        ({"groups": {"staff": True}}, "no-role"),
    ],
)
def test_an_account_is_made_only_when_everything_about_it_is_proved(idp, said, code):
    people = User.objects.count()
    assert refusal(actions.arrive, idp, sso.said(**said)) == code
    assert (User.objects.count(), FederatedIdentity.objects.count()) == (people, 0)


def test_nobody_new_comes_in_where_accounts_are_not_made(in_acme):
    sso.enterprise(in_acme)
    sso.proved("acme.example")
    assert refusal(actions.arrive, sso.provider(mapping=STAFF), sso.said()) == "no-account"


def test_a_domain_that_was_named_but_never_proved_counts_for_nothing(idp):
    with regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        domain = sso.proved("sister.example")
        domain.verified_at = None
        domain.save(update_fields=["verified_at"])
    assert refusal(actions.arrive, idp, sso.said(email="nia@sister.example")) == "foreign-domain"


def test_a_deactivated_account_stays_shut(idp):
    user = actions.arrive(idp, sso.said(), now=NOW)
    roles.deactivate(user, actor=cast.person("ann").actor, now=NOW, reason="Left the company")
    assert refusal(actions.arrive, idp, sso.said()) == "inactive"


@pytest.mark.parametrize("state", [State.DRAFT, State.OFF])
def test_a_provider_that_is_not_in_use_lets_nobody_in(in_acme, state):
    sso.enterprise(in_acme)
    sso.proved("acme.example")
    idp = sso.provider(state=state, create_accounts=True, mapping=STAFF)
    assert refusal(actions.arrive, idp, sso.said()) == "off"
    with pytest.raises(ProviderRefused):
        actions.link(cast.person("ann"), idp, sso.said(), now=NOW)


def test_a_plan_without_it_lets_nobody_in(in_acme):
    sso.proved("acme.example")
    idp = sso.provider(create_accounts=True, mapping=STAFF)
    assert refusal(actions.arrive, idp, sso.said()) == "plan"


def test_roles_follow_the_groups_and_those_given_by_hand_stay(idp):
    user = actions.arrive(idp, sso.said(groups=["staff", "privacy"]), now=NOW)
    roles.grant(user, role="auditor", actor=cast.person("ann").actor, now=NOW, reason="Audits us this year")
    changed = actions.arrive(idp, sso.said(groups=["staff"]), now=NOW)
    assert changed.role_keys == ["auditor", "member"]
    gone = actions.arrive(idp, sso.said(groups=None), now=NOW)
    assert gone.role_keys == ["auditor"]
    taken = RoleGrant.history.filter(history_type="-", role="privacy_officer").get()
    assert taken.history_change_reason == "Groups at Acme account"


def test_groups_that_a_provider_left_out_because_they_are_too_many_take_nothing_away(idp):
    user = actions.arrive(idp, sso.said(), now=NOW)
    again = actions.arrive(idp, sso.said(groups=None, _claim_names={"groups": "src1"}), now=NOW)
    assert again.role_keys == user.role_keys == ["member"]


def test_roles_that_do_not_follow_stay_as_they_were_given(in_acme):
    sso.enterprise(in_acme)
    sso.proved("acme.example")
    idp = sso.provider(create_accounts=True, mapping=Mapping(roles={"staff": "member"}, follow_groups=False))
    actions.arrive(idp, sso.said(), now=NOW)
    assert actions.arrive(idp, sso.said(groups=[]), now=NOW).role_keys == ["member"]


def test_the_last_administrator_stays_one_whatever_the_groups_say(idp):
    ann = linked(idp, "ann")
    arrived = actions.arrive(idp, sso.said("sub-of-ann", groups=["staff"]), now=NOW)
    assert arrived.role_keys == ["member", "tenant_admin"]
    boss = actions.arrive(idp, sso.said("boss", email="boss@acme.example", groups=["bosses"]), now=NOW)
    assert boss.role_keys == ["tenant_admin"]
    assert actions.arrive(idp, sso.said("sub-of-ann", groups=["staff"]), now=NOW).role_keys == ["member"]
    assert actions.arrive(idp, sso.said("boss", groups=[]), now=NOW).role_keys == ["tenant_admin"]
    assert User.objects.get(pk=ann.pk).role_keys == ["member"]


def test_an_admin_at_a_provider_that_is_off_does_not_let_the_last_one_go(idp):
    linked(idp, "ann")
    boss = actions.arrive(idp, sso.said("boss", email="boss@acme.example", groups=["bosses"]), now=NOW)
    off = sso.provider(state=State.OFF, name="Off", issuer="https://off.example")
    with regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        FederatedIdentity.objects.filter(user=boss).update(provider=off)
    arrived = actions.arrive(idp, sso.said("sub-of-ann", groups=["staff"]), now=NOW)
    assert arrived.role_keys == ["member", "tenant_admin"]


@pytest.mark.parametrize("role", ["platform_admin", "c_00000000", "no such role"])
def test_a_role_that_is_not_of_this_workspace_is_given_by_no_group(in_acme, role):
    sso.enterprise(in_acme)
    sso.proved("acme.example")
    idp = sso.provider(create_accounts=True, mapping=Mapping(roles={"staff": role}))
    assert refusal(actions.arrive, idp, sso.said()) == "no-role"


def test_name_and_address_of_a_linked_account_stay_the_persons_own(idp):
    ann = linked(idp, "ann")
    arrived = actions.arrive(idp, sso.said("sub-of-ann", email="evil@acme.example", name="Somebody Else"), now=NOW)
    assert (arrived.email, arrived.full_name) == (ann.email, ann.full_name)


def test_an_address_follows_only_where_both_sides_vouch_and_nobody_has_it(idp):
    actions.arrive(idp, sso.said(), now=NOW)
    for email, verified in [("x@acme.example", False), ("x@evil.example", True), (cast.ACME["ben"].email, True)]:
        arrived = actions.arrive(idp, sso.said(email=email, verified=verified, name="Nia N."), now=NOW)
        assert (arrived.email, arrived.full_name) == ("nia@acme.example", "Nia N.")
    moved = actions.arrive(idp, sso.said(email="nia.n@acme.example"), now=NOW)
    assert by_email("nia.n@acme.example").pk == moved.pk


def test_linking_tells_the_person_and_binds_one_subject(idp):
    ben = linked(idp, "ben")
    mail = Email.objects.filter(template="identity-changed").get()
    assert (mail.to, "was linked to your account" in mail.body) == (ben.email, True)
    assert refusal(actions.link, ben, idp, sso.said("another")) == "linked-other"
    assert refusal(actions.link, cast.person("cay"), idp, sso.said("sub-of-ben")) == "linked-already"
    assert actions.arrive(idp, sso.said("sub-of-ben", groups=["staff"]), now=NOW).pk == ben.pk


def test_unlinking_shuts_that_way_and_tells_the_person(idp):
    ben = linked(idp, "ben")
    identity = queries.of_person(ben).get()
    actions.unlink(identity, user=ben, now=NOW, reason="No longer needed")
    assert refusal(actions.arrive, idp, sso.said("sub-of-ben", email=ben.email)) == "address-taken"
    told = [mail.subject for mail in Email.objects.filter(template="identity-changed").order_by("created_at")]
    assert told[-1] == "Acme account unlinked from your account at Acme Pharma"


def test_the_only_way_in_and_the_identity_of_another_cannot_be_unlinked(idp):
    nia = actions.arrive(idp, sso.said(), now=NOW)
    with pytest.raises(actions.LinkRefused):
        actions.unlink(queries.of_person(nia).get(), user=nia, now=NOW, reason="Trying to leave")
    with pytest.raises(actions.LinkRefused):
        actions.unlink(queries.of_person(nia).get(), user=cast.person("ann"), now=NOW, reason="Not mine")
    assert queries.of_person(nia).count() == 1


def test_an_identity_of_acme_is_nobody_at_globex(idp, globex):
    actions.arrive(idp, sso.said(), now=NOW)
    with schemas.inside(sso.enterprise(globex)):
        sso.proved("acme.example")
        theirs = sso.provider(mapping=STAFF)
        assert refusal(actions.arrive, theirs, sso.said()) == "no-account"
        assert queries.key_of(theirs, sso.said()) != queries.key_of(idp, sso.said())


def test_a_test_sign_in_is_kept_line_by_line_without_naming_anybody(idp):
    ann = cast.person("ann")
    actions.note_test(idp, sso.said(groups=["staff", "privacy"]), begun_at=NOW, actor=ann.actor, now=NOW)
    kept = IdentityProvider.objects.get(pk=idp.pk)
    assert (kept.last_test["passed"], kept.can_sign, kept.last_test["groups"]) == (True, True, ["staff", "privacy"])
    assert [line["state"] for line in kept.last_test["steps"]] == ["done"] * 6 + ["noted"]
    assert "nia" not in str(kept.last_test).lower()


def test_a_failed_test_keeps_the_words_of_the_check(idp):
    why = ProviderRefused("audience", "The token is for another client.")
    actions.note_failed_test(idp, why, actor=cast.person("ann").actor, now=NOW)
    kept = IdentityProvider.objects.get(pk=idp.pk)
    assert (kept.last_test["passed"], kept.last_test["code"]) == (False, "audience")
    assert kept.last_test["steps"][-1] == {"label": "Answer checked", "state": "failed", "note": str(why)}


@pytest.mark.parametrize(("minutes_late", "can_sign"), [(0, True), (-1, True), (2, False), (60, False)])
def test_a_provider_that_does_not_ask_anew_confirms_no_signature(idp, minutes_late, can_sign):
    begun_at = NOW + timedelta(minutes=minutes_late)
    actions.note_test(idp, sso.said(), begun_at=begun_at, actor=cast.person("ann").actor, now=begun_at)
    kept = IdentityProvider.objects.get(pk=idp.pk)
    assert (kept.can_sign, kept.last_test["passed"]) == (can_sign, True)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\u202eevil", "x" * 5000, "<script>", "'; --"])
def test_whatever_a_provider_says_is_kept_or_left_out_never_an_error(idp, text):
    ann = cast.person("ann").actor
    said = sso.said(f"sub{text}", name=text, groups=[text, "staff"], **{text: text})
    actions.note_test(idp, said, begun_at=NOW, actor=ann, now=NOW)
    actions.note_failed_test(idp, ProviderRefused("says-no", text), actor=ann, now=NOW)
    user = actions.arrive(idp, sso.said("sub", name=text, groups=[text, "staff"]), now=NOW)
    assert (user.role_keys, user.full_name.isprintable()) == (["member"], True)
