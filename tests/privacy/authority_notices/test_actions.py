"""The controller decides on telling its authority, and records that it did."""

from datetime import timedelta

import pytest
from django.db import DatabaseError

from audit import context
from audit.context import ReasonRefused
from audit.signatures.actions import SignatureRefused
from audit.signatures.catalogue import Meaning
from audit.transitions import MoveRefused
from privacy.authority_notices import actions
from privacy.deadlines import queries as deadlines
from privacy.deadlines.states import State as Clock
from privacy.incidents import actions as incidents
from privacy.incidents.clock import FactsRefused
from privacy.incidents.models import Incident
from privacy.incidents.states import Notification
from tests import cast
from tests.privacy.incidents import stage
from tests.privacy.incidents.stage import AWARE, WHY, actor

DUE = AWARE + timedelta(hours=72)


@pytest.fixture
def incident(in_acme):
    return stage.confirm(stage.log(by="sid", own_data=True), by="sid")


def record(incident, *, at=AWARE + timedelta(hours=5), now=DUE + timedelta(days=3), delay="", name="HBDI"):
    told = {
        "authority": name,
        "authority_reference": "7-2026",
        "authority_told_at": at,
        "authority_delay_reasons": delay,
    }
    return actions.record(incident, told=told, actor=actor("sid"), now=now, reason=WHY)


def decide(incident, decision=Notification.NOT_NOTIFIABLE, reason="The data were encrypted and the key is safe"):
    signing = cast.signing(AWARE, Meaning.RESPONSIBILITY)
    return actions.decide(incident, decision=decision, signing=signing, actor=actor("sid"), now=AWARE, reason=reason)


@pytest.mark.req("BRE-13")
@pytest.mark.parametrize("reason", ["", "  ", "n/a", "ok"])
def test_not_notifying_needs_a_reason_that_says_something(incident, reason):
    with pytest.raises(ReasonRefused):
        decide(incident, reason=reason)
    assert [d.state for d in deadlines.of(incident)] == [Clock.RUNNING]


@pytest.mark.req("BRE-13")
def test_a_decision_not_to_notify_ends_the_clock_and_is_kept(incident):
    decided = decide(incident)
    assert (decided.notification, decided.notification_reason) == (
        Notification.NOT_NOTIFIABLE,
        "The data were encrypted and the key is safe",
    )
    assert [d.state for d in deadlines.of(incident)] == [Clock.ENDED]


@pytest.mark.req("BRE-13")
def test_not_notifying_takes_a_signature(incident):
    with pytest.raises(SignatureRefused):
        actions.decide(incident, decision=Notification.NOT_NOTIFIABLE, actor=actor("sid"), now=AWARE, reason=WHY)
    assert [d.state for d in deadlines.of(incident)] == [Clock.RUNNING]


@pytest.mark.req("BRE-13", "P11-70")
def test_the_database_keeps_no_such_decision_without_a_signature(incident):
    wall = context.regulated_write(actor=actor("sid"), reason=WHY)
    with pytest.raises(DatabaseError, match="by a signature"), wall:
        Incident.objects.filter(pk=incident.pk).update(notification="not_notifiable")


def test_it_is_decided_once_that_the_authority_is_not_told(incident):
    decide(incident)
    with pytest.raises(MoveRefused):
        decide(incident, reason="For another reason all the same")


def test_deciding_otherwise_starts_the_same_clock_again(incident):
    decide(incident)
    decide(incident, Notification.NOTIFY, "The key was found in the export after all")
    assert [(d.state, d.due_at) for d in deadlines.open_of(incident)] == [(Clock.RUNNING, DUE)]


def test_telling_the_authority_in_time_meets_the_clock_however_late_it_is_written_down(incident):
    record(incident)
    (deadline,) = deadlines.of(incident)
    assert (deadline.state, deadline.met_at, deadline.was_late) == (Clock.MET, AWARE + timedelta(hours=5), False)


@pytest.mark.req("BRE-06")
def test_telling_it_late_needs_reasons(incident):
    with pytest.raises(FactsRefused) as refused:
        record(incident, at=DUE, delay=" ")
    assert refused.value.field == "authority_delay_reasons"
    record(incident, at=DUE, delay="The forensic report came on Sunday")
    assert deadlines.of(incident).get().was_late


@pytest.mark.req("BRE-06")
def test_the_last_second_is_in_time(incident):
    record(incident, at=DUE - timedelta(seconds=1))
    assert not deadlines.of(incident).get().was_late


@pytest.mark.parametrize("at", [AWARE - timedelta(seconds=1), DUE + timedelta(days=4)])
def test_it_was_told_between_awareness_and_now(incident, at):
    with pytest.raises(FactsRefused) as refused:
        record(incident, at=at, delay="Whatever")
    assert refused.value.field == "authority_told_at"


def test_it_is_told_once(incident):
    record(incident)
    with pytest.raises(MoveRefused):
        record(incident)
    with pytest.raises(MoveRefused):
        decide(incident)


def test_an_incident_that_is_no_breach_is_not_told(in_acme):
    with pytest.raises(MoveRefused):
        record(stage.log(by="sid", own_data=True))


def test_the_processor_does_not_decide_for_its_customers(db):
    incident = stage.confirm(stage.log(own_data=False))
    with pytest.raises(MoveRefused):
        actions.decide(incident, decision=Notification.NOTIFY, actor=actor("sam"), now=AWARE, reason=WHY)


def test_a_contained_and_told_incident_can_be_closed(incident):
    record(incident)
    incidents.contain(incident, actor=actor("sid"), now=DUE, reason=WHY)
    assert incidents.close(incident, actor=actor("sid"), now=DUE, reason=WHY).state == "closed"
