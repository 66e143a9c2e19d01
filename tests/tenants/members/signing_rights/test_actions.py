from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from audit import context
from audit.transitions import MoveRefused
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.actions import AccountRefused
from tenants.members.accounts.models import User
from tenants.members.factors import queries as factors
from tenants.members.roles import actions as roles
from tenants.members.signing_rights import actions, catalogue, queries
from tenants.members.signing_rights.models import IdentityCheck, PolicyAcceptance, SigningPolicy
from tests import cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WHY = "Asked for by the head of quality"
SECOND = "We sign with care."


def missing(user: User, now: datetime = NOW) -> list[str]:
    return [one.url_name for one in factors.may_sign(user, now)]


def verify(user: User, by: User, **changes):
    given = {"method": "document_in_person", "note": "Passport", "actor": by.actor, "now": NOW, "reason": WHY}
    return actions.verify_identity(user, **(given | changes))


def publish(by: User, **changes) -> SigningPolicy:
    given = {"text": SECOND, "series_minutes": 0, "effective_at": NOW, "actor": by.actor, "now": NOW, "reason": WHY}
    return actions.publish(**(given | changes))


def test_somebody_of_the_cast_lacks_nothing(in_acme):
    assert missing(cast.person("ann")) == []


@pytest.mark.req("P11-10g")
def test_a_role_that_does_not_sign_says_so(in_acme):
    assert missing(cast.person("aud")) == ["profile"]


@pytest.mark.req("P11-100b")
def test_a_newcomer_lacks_all_three(in_acme):
    said = {"actor": cast.DIRECTOR, "now": NOW, "reason": "Hired"}
    nia = accounts.create_user(email="nia@acme.example", full_name="Nia New", **said)
    roles.grant(nia, role="privacy_officer", **said)
    nia = User.objects.get(pk=nia.pk)
    assert missing(nia) == ["signing", "authenticator-add", "signing-policy"]
    verify(nia, cast.person("ann"))
    assert missing(nia) == ["authenticator-add", "signing-policy"]


@pytest.mark.req("P11-100b")
def test_a_withdrawn_verification_counts_no_more_and_can_be_given_again(in_acme):
    ann, ben = cast.person("ann"), cast.person("ben")
    check = queries.standing_check(ben)
    gone = actions.withdraw_identity(check, actor=ann.actor, now=NOW, reason="The document was forged")
    assert (gone.withdrawn_at, gone.withdrawn_by, missing(ben)) == (NOW, ann, ["signing"])
    assert gone.history.latest().history_change_reason == "The document was forged"
    with pytest.raises(MoveRefused):
        actions.withdraw_identity(check, actor=ann.actor, now=NOW, reason=WHY)
    again = verify(ben, ann)
    assert (again.verified_by, again.note, missing(ben)) == (ann, "Passport", [])


@pytest.mark.req("P11-100b")
def test_who_renames_themselves_is_verified_again_before_they_sign(in_acme):
    ben = cast.person("ben")
    accounts.change_profile(ben, full_name="Beatrice Boss", job_title="", now=NOW)
    renamed = User.objects.get(pk=ben.pk)
    assert missing(renamed) == ["signing"]
    assert "another name" in str(factors.may_sign(renamed, NOW)[0])
    verify(renamed, cast.person("ann"))
    assert missing(renamed) == []


def test_another_spelling_of_the_name_is_the_same_name(in_acme):
    ben = cast.person("ben")
    accounts.change_profile(ben, full_name="BEN Privacy ", job_title="DPO", now=NOW)
    assert missing(User.objects.get(pk=ben.pk)) == []


@pytest.mark.req("P11-100b")
def test_nobody_verifies_or_withdraws_for_themselves_and_no_service_does(in_acme):
    ann = cast.person("ann")
    check = queries.standing_check(ann)
    with pytest.raises(actions.CheckRefused):
        verify(ann, ann)
    with pytest.raises(actions.CheckRefused):
        verify(ann, ann, actor=context.service("import"))
    with pytest.raises(actions.CheckRefused):
        actions.withdraw_identity(check, actor=ann.actor, now=NOW, reason=WHY)


def test_the_database_refuses_it_too(in_acme):
    ann = cast.person("ann")
    row = {"user": ann, "subject_key": ann.subject_key, "full_name": ann.full_name, "verified_at": NOW}
    for bad in ({"method": "document_in_person", "verified_by": ann}, {"method": "guess", "verified_by_id": None}):
        with pytest.raises(IntegrityError), transaction.atomic(), context.regulated_write(actor=ann.actor, reason=WHY):
            IdentityCheck.objects.create(**row, **bad)


def test_a_method_that_is_not_listed_and_a_second_verification_are_refused(in_acme):
    ann, ben = cast.person("ann"), cast.person("ben")
    with pytest.raises(actions.CheckRefused):
        verify(ben, ann, method="gut feeling")
    with pytest.raises(MoveRefused):
        verify(ben, ann)


@pytest.mark.req("P11-10j")
def test_every_workspace_begins_with_a_policy_and_no_series(in_acme):
    policy = queries.policy_in_force(NOW)
    assert (policy.version, policy.text, policy.published_by) == (1, catalogue.FIRST_TEXT, None)
    assert "handwritten" in policy.text
    assert queries.series_window(NOW) == timedelta(0)


@pytest.mark.req("P11-10j")
def test_a_new_version_must_be_accepted_before_the_next_signature(in_acme):
    ann = cast.person("ann")
    policy = publish(ann)
    assert (policy.version, missing(ann)) == (2, ["signing-policy"])
    accepted = actions.accept(ann, version=2, password=cast.PASSWORD, now=NOW)
    assert (accepted.policy, accepted.accepted_at, missing(ann)) == (policy, NOW, [])


def test_a_version_to_come_changes_nothing_until_then(in_acme):
    ann, then = cast.person("ann"), NOW + timedelta(days=7)
    publish(ann, effective_at=then, series_minutes=15)
    assert (missing(ann), queries.series_window(NOW)) == ([], timedelta(0))
    assert missing(ann, then) == ["signing-policy"]
    assert queries.series_window(then) == timedelta(minutes=15)


def test_a_version_never_begins_in_the_past(in_acme):
    assert publish(cast.person("ann"), effective_at=NOW - timedelta(days=1)).effective_at == NOW


def test_the_same_words_are_not_published_again(in_acme):
    ann = cast.person("ann")
    with pytest.raises(actions.PolicyUnchanged):
        publish(ann, text=catalogue.FIRST_TEXT.replace("\n", "\r\n"))
    publish(ann)
    for changes in ({}, {"text": f"{SECOND}\r\n"}, {"effective_at": NOW + timedelta(days=7)}):
        with pytest.raises(actions.PolicyUnchanged):
            publish(ann, **changes)
    assert publish(ann, series_minutes=15).version == 3


def test_a_version_to_come_may_be_brought_forward(in_acme):
    ann = cast.person("ann")
    publish(ann, effective_at=NOW + timedelta(days=7))
    assert publish(ann).version == 3


@pytest.mark.req("P11-10j")
def test_accepting_takes_the_password_and_the_version_in_force(in_acme):
    ann = cast.person("ann")
    publish(ann)
    with pytest.raises(AccountRefused):
        actions.accept(ann, version=2, password="wrong password", now=NOW)
    for version in (1, 3):
        with pytest.raises(actions.PolicyChanged):
            actions.accept(ann, version=version, password=cast.PASSWORD, now=NOW)
    assert missing(ann) == ["signing-policy"]


def test_accepting_twice_is_accepting_once(in_acme):
    ann = cast.person("ann")
    first = queries.acceptance(ann, queries.policy_in_force(NOW))
    assert actions.accept(ann, version=1, password=cast.PASSWORD, now=NOW) == first
    assert PolicyAcceptance.objects.filter(user=ann).count() == 1


@pytest.mark.req("P11-100c")
def test_the_certification_is_recorded_and_carried_to_later_versions(in_acme):
    ann, day = cast.person("ann"), date(2026, 2, 27)
    actions.certify(certified_on=day, note="Sent by post", actor=ann.actor, now=NOW, reason=WHY)
    policy = publish(ann)
    assert (policy.certified_on, policy.certification_note) == (day, "Sent by post")
    assert SigningPolicy.objects.get(pk=1).history.latest().history_change_reason == WHY


def test_the_database_refuses_a_series_of_more_than_an_hour(in_acme):
    with pytest.raises(IntegrityError), transaction.atomic():
        publish(cast.person("ann"), series_minutes=61)
