"""What follows a notice: further versions, acknowledgement, reminders, and mails that come back."""

from datetime import timedelta

import pytest

from audit.transitions import MoveRefused
from privacy.breach_notices import actions, queries
from privacy.breach_notices.models import Delivery
from privacy.breach_notices.states import State
from privacy.deadlines import actions as deadline_actions
from privacy.deadlines import queries as deadlines
from privacy.deadlines.states import Kind
from privacy.deadlines.states import State as Clock
from privacy.incidents import actions as incidents
from privacy.incidents.models import AffectedTenant
from tenants import schemas
from tenants.members.outbox.models import Email
from tests.privacy.breach_notices import stage
from tests.privacy.breach_notices.mails import HOUR, SENT, addresses, mails
from tests.privacy.incidents.stage import WHY, actor, breach

pytestmark = pytest.mark.usefixtures("db")


# --- phases ----------------------------------------------------------------------------------


@pytest.mark.req("BRE-07")
def test_a_second_version_says_what_is_new():
    _, (row,) = breach("acme")
    stage.send(row, now=SENT)
    with pytest.raises(actions.ContentRefused) as refused:
        stage.draft(row, what_is_new=" ")
    assert [field for field, _ in refused.value.problems] == ["what_is_new"]


@pytest.mark.req("BRE-07")
def test_a_second_version_supersedes_the_first_and_restarts_no_clock(acme):
    _, (row,) = breach("acme")
    first = stage.send(row, now=SENT, next_update_hours=24)
    (update,) = deadlines.of(row).filter(kind=Kind.BREACH_UPDATE)
    assert (update.due_at, first.next_update_at) == (SENT + 24 * HOUR, SENT + 24 * HOUR)
    second = stage.send(row, now=SENT + 20 * HOUR, what_is_new="The number of people is known")
    assert (second.version, second.supersedes_id) == (2, first.pk)
    assert deadlines.of(row).get(kind=Kind.BREACH_UPDATE).state == Clock.MET
    with schemas.inside(acme):
        copy = queries.received().get(pk=second.pk)
        assert (copy.supersedes_id, copy.case.received_notices.count()) == (first.pk, 2)
        assert copy.controller_safe_at == SENT + 72 * HOUR
        assert deadlines.of(copy.case).count() == 1
        assert queries.received().get(pk=first.pk).remind_at is None


@pytest.mark.req("BRE-07")
def test_a_promised_update_rings():
    _, (row,) = breach("acme")
    stage.send(row, now=SENT, next_update_hours=24)
    deadline_actions.ring_due(SENT + 20 * HOUR + timedelta(seconds=2))
    assert "4 hours left: Send Acme Pharma the next update" in mails("incident-clock")[-1].subject


def test_who_was_told_hears_that_it_was_no_breach():
    incident, (row,) = breach("acme")
    stage.send(row, now=SENT)
    incidents.dismiss(incident, actor=actor("sam"), now=SENT, reason=WHY)
    fresh = AffectedTenant.objects.select_related("incident__subject_key").get(pk=row.pk)
    assert stage.send(fresh, now=SENT + HOUR, what_is_new="It held test data only").state == State.SENT


# --- acknowledging ---------------------------------------------------------------------------


def test_an_acknowledgement_stands_in_both_schemas(acme):
    stage.name_contact(acme)
    _, (row,) = breach("acme")
    notice, at = stage.send(row, now=SENT), SENT + HOUR
    with schemas.inside(acme):
        copy = queries.received().get(pk=notice.pk)
        read = actions.acknowledge(copy, comment="Our team is on it", actor=actor("sid"), now=at)
        assert (read.state, read.acknowledged_by) == (State.ACKNOWLEDGED, "Sid Security (Security officer)")
        assert read.remind_at is None
    mirror = queries.notices().get(pk=notice.pk)
    assert (mirror.state, mirror.acknowledged_at, mirror.acknowledged_by, mirror.acknowledgement) == (
        State.ACKNOWLEDGED,
        at,
        "Sid Security (Security officer)",
        "Our team is on it",
    )
    assert AffectedTenant.objects.get(pk=row.pk).acknowledged_at == at
    assert {row.who for row in mirror.history.all()} == {"Sam Security", "Sue Second", "Acme Pharma"}


def test_acknowledging_an_old_version_leaves_the_new_one_open(acme):
    _, (row,) = breach("acme")
    first = stage.send(row, now=SENT)
    stage.send(row, now=SENT + HOUR, what_is_new="More is known")
    with schemas.inside(acme):
        actions.acknowledge(queries.received().get(pk=first.pk), comment="", actor=actor("sid"), now=SENT + 2 * HOUR)
    assert AffectedTenant.objects.get(pk=row.pk).acknowledged_at is None


def test_a_notice_is_acknowledged_once(acme):
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    with schemas.inside(acme):
        copy = queries.received().get(pk=notice.pk)
        actions.acknowledge(copy, comment="", actor=actor("sid"), now=SENT)
        with pytest.raises(MoveRefused):
            actions.acknowledge(copy, comment="Again", actor=actor("ann"), now=SENT)


# --- following up ----------------------------------------------------------------------------


def test_nobody_acknowledged_for_a_day_is_reminded_once(acme):
    _, (row,) = breach("acme")
    stage.send(row, now=SENT)
    with schemas.inside(acme):
        Email.objects.update(state="sent", next_try_at=None)
        assert queries.next_follow_up() == SENT + 24 * HOUR
        assert [actions.follow_up(SENT + 24 * HOUR - timedelta(seconds=1)), actions.follow_up(SENT + 24 * HOUR)] == [
            0,
            1,
        ]
        assert actions.follow_up(SENT + 48 * HOUR) == 0
        assert addresses("breach-reminder") == ["ann@acme.example", "ben@acme.example", "sid@acme.example"]
        assert queries.next_follow_up() is None


@pytest.mark.req("BRE-09")
@pytest.mark.parametrize(
    "trouble", [{"state": "failed", "next_try_at": None}, {"state": "sent", "next_try_at": None, "bounced_at": SENT}]
)
def test_a_bounced_notice_goes_to_the_next_one_and_alarms_the_security_team(acme, trouble):
    stage.name_contact(acme)
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    with schemas.inside(acme):
        Email.objects.filter(template="breach-notice").update(**trouble)
        assert queries.next_follow_up() == SENT
        assert actions.follow_up(SENT + timedelta(minutes=1)) == 1
        assert addresses("breach-notice") == ["ann@acme.example", "soc@acme.example"]
        assert actions.follow_up(SENT + timedelta(minutes=2)) == 0
    assert addresses("breach-mail-trouble") == ["sam@complere.example", "sue@complere.example"]
    told = queries.notices().get(pk=notice.pk).mail_trouble
    assert told.endswith("to the security contact did not arrive; sent to administrator")


@pytest.mark.req("BRE-09")
def test_a_notice_stuck_in_the_outbox_is_escalated_within_the_hour(acme):
    stage.name_contact(acme)
    _, (row,) = breach("acme")
    stage.send(row, now=SENT)
    with schemas.inside(acme):
        due = queries.next_follow_up()
        assert due is not None
        assert due < SENT + HOUR
        assert [actions.follow_up(due - timedelta(seconds=1)), actions.follow_up(due)] == [0, 1]
        assert addresses("breach-notice") == ["ann@acme.example", "soc@acme.example"]


@pytest.mark.req("BRE-09")
def test_when_nobody_is_left_the_security_team_still_hears_of_it(acme):
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    with schemas.inside(acme):
        Email.objects.update(state="failed", next_try_at=None)
        assert actions.follow_up(SENT + timedelta(minutes=1)) == Delivery.objects.count() == 1
        assert queries.next_follow_up() == SENT + 24 * HOUR
    assert queries.notices().get(pk=notice.pk).mail_trouble.endswith("sent to nobody: the workspace only")
