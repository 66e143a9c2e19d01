from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from audit import context
from audit.transitions import MoveRefused
from tenants.members.accounts.models import User
from tenants.members.factor_resets import actions, queries
from tenants.members.factor_resets.models import FactorReset
from tenants.members.factor_resets.states import State
from tenants.members.factors import actions as factors
from tenants.members.factors import queries as factor_queries
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.safeguards import queries as guards
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.req("P11-200a3")]
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WHY = "The telephone fell into the sea"


@pytest.fixture
def ann(in_acme) -> User:
    return cast.person("ann")


@pytest.fixture
def second(ann) -> User:
    """Another who manages people."""
    said = {"actor": cast.DIRECTOR, "now": NOW, "reason": "Deputy"}
    return roles.change_roles(cast.person("sid"), roles=["tenant_admin"], **said)


@pytest.fixture
def ben(ann) -> User:
    return cast.person("ben")


def ask(person: User, by: User) -> FactorReset:
    return actions.ask(person, actor=by.actor, now=NOW, reason=WHY)


def told(template: str) -> list[str]:
    return sorted(mail.to for mail in Email.objects.filter(template=template).select_related("subject_key"))


def test_until_a_second_person_approves_nothing_changes(ann, second, ben):
    reset = ask(ben, ann)
    assert (reset.state, queries.open_of(ben)) == (State.ASKED, reset)
    assert len(factor_queries.factors_of(ben)) == 1
    assert told("factor-reset-asked") == ["ben@acme.example", "sid@acme.example"]
    shown = factors.check_components(
        ben, password=cast.PASSWORD, code=cast.code_of(ben, NOW), purpose="test", address="", now=NOW
    )
    assert shown.methods == ("password", "totp")


@pytest.mark.req("P11-300c")
def test_the_second_person_ends_factors_codes_and_sessions(ann, second, ben):
    reset = ask(ben, ann)
    decided = actions.approve(reset, actor=second.actor, now=NOW, reason="Spoke to Ben by video")
    assert (decided.state, decided.decided_by, decided.decided_at) == (State.APPROVED, second, NOW)
    assert factor_queries.factors_of(ben) == []
    assert guards.of_person(ben).recovery_left == 0
    assert User.objects.get(pk=ben.pk).session_epoch == ben.session_epoch + 1
    assert told("factor-reset-decided") == ["ben@acme.example"]
    assert decided.history.latest().history_change_reason == "Spoke to Ben by video"
    assert [missing.url_name for missing in factor_queries.may_sign(ben, NOW)] == ["authenticator-add"]


def test_who_asked_and_whose_factors_they_are_decide_nothing(ann, second, ben):
    for reset, decider in ((ask(ben, ann), ann), (ask(second, ann), second)):
        for act in (actions.approve, actions.decline):
            with pytest.raises(actions.ResetRefused):
                act(reset, actor=decider.actor, now=NOW, reason=WHY)
        with pytest.raises(actions.ResetRefused):
            actions.approve(reset, actor=context.service("import"), now=NOW, reason=WHY)
    assert len(factor_queries.factors_of(ben)) == 1


def test_an_administrator_may_ask_for_oneself_and_another_approves(ann, second):
    reset = ask(ann, ann)
    assert queries.approvers(reset) == [second]
    actions.approve(reset, actor=second.actor, now=NOW, reason=WHY)
    assert factor_queries.factors_of(ann) == []


def test_who_does_not_manage_people_may_not_approve(ann, second, ben):
    reset = ask(ben, ann)
    found = [queries.may_approve(reset, cast.person(key)) for key in ("ann", "ben", "aud", "cay", "sid")]
    assert found == [False, False, False, False, True]


def test_a_reset_is_decided_once_and_asked_for_once_at_a_time(ann, second, ben):
    reset = ask(ben, ann)
    with pytest.raises(MoveRefused):
        ask(ben, second)
    actions.decline(reset, actor=second.actor, now=NOW, reason="Found the telephone")
    assert len(factor_queries.factors_of(ben)) == 1
    with pytest.raises(MoveRefused):
        actions.approve(reset, actor=second.actor, now=NOW, reason=WHY)
    assert ask(ben, second).state == State.ASKED


def test_the_database_refuses_a_decision_by_one_person(ann, ben):
    reset = ask(ben, ann)
    for decider in (ann, ben):
        fresh = FactorReset.objects.get(pk=reset.pk)
        fresh.state, fresh.decided_at, fresh.decided_by = State.APPROVED, NOW, decider
        with pytest.raises(IntegrityError), transaction.atomic(), context.regulated_write(actor=ann.actor, reason=WHY):
            fresh.save()
