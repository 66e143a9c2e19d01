"""A notice is written by one, approved by another, delivered with the tenant's clock, acknowledged in both places."""

from datetime import UTC, datetime, timedelta

import pytest

from audit.transitions import MoveRefused
from privacy.breach_notices import actions, queries
from privacy.breach_notices.models import Notice, ReceivedNotice
from privacy.breach_notices.states import State
from privacy.deadlines import queries as deadlines
from privacy.deadlines.states import Kind
from privacy.deadlines.states import State as Clock
from privacy.incidents import actions as incidents
from privacy.incidents.models import Incident
from tenants import schemas
from tenants.members.outbox.models import Email
from tests import cast
from tests.privacy.breach_notices import stage
from tests.privacy.breach_notices.mails import HOUR, SENT, addresses, broken, mails, stored
from tests.privacy.incidents.stage import AWARE, WHY, actor, breach

pytestmark = pytest.mark.usefixtures("db")


# --- writing and approving -------------------------------------------------------------------


@pytest.mark.req("BRE-08")
def test_a_draft_without_a_part_is_refused_by_its_field():
    _, (row,) = breach("acme")
    with pytest.raises(actions.ContentRefused) as refused:
        stage.draft(row, likely_consequences="")
    assert [field for field, _ in refused.value.problems] == ["likely_consequences"]
    assert Notice.objects.count() == 0


def test_a_second_draft_is_refused_while_one_is_unsent():
    _, (row,) = breach("acme")
    stage.draft(row)
    with pytest.raises(MoveRefused, match="has not been sent yet"):
        stage.draft(row)


def test_an_incident_that_is_no_breach_has_no_notice():
    incident, (row,) = breach("acme")
    incidents.dismiss(incident, actor=actor("sam"), now=AWARE, reason=WHY)
    with pytest.raises(MoveRefused, match="not confirmed as a personal-data breach"):
        stage.draft(row)


def test_who_wrote_cannot_approve():
    _, (row,) = breach("acme")
    notice = stage.draft(row)
    with pytest.raises(MoveRefused, match="another person has to approve it"):
        stage.approve(notice, by="sam")
    assert queries.notices().get(pk=notice.pk).state == State.DRAFT


def test_who_edited_cannot_approve_either():
    _, (row,) = breach("acme")
    notice = stage.draft(row)
    actions.edit(
        notice, told=stage.told(measures_taken="Two links were closed"), actor=actor("sue"), now=AWARE, reason=WHY
    )
    with pytest.raises(MoveRefused):
        stage.approve(notice)
    assert stage.approve(notice, by="leo").approved_by == "Leo Legal (Legal)"


@pytest.mark.parametrize(
    "change", [{"measures_taken": "Two links were closed"}, {"next_update_hours": 24}, {"contact_name": "Another"}]
)
def test_what_changed_after_it_was_read_is_not_approved(change):
    _, (row,) = breach("acme")
    notice = stage.draft(row)
    read = queries.wording_digest(notice)
    actions.edit(notice, told=stage.told(**change), actor=actor("sam"), now=AWARE, reason=WHY)
    with pytest.raises(MoveRefused, match="changed after you opened it"):
        actions.approve(notice, seen=read, signing=cast.signing(AWARE), actor=actor("sue"), now=AWARE, reason=WHY)
    assert queries.notices().get(pk=notice.pk).state == State.DRAFT
    assert stage.approve(notice).state == State.APPROVED


def test_editing_after_approval_drops_it():
    _, (row,) = breach("acme")
    notice = stage.approved(row)
    edited = actions.edit(notice, told=stage.told(measures_taken="Other"), actor=actor("sam"), now=AWARE, reason=WHY)
    assert (edited.state, edited.approved_at, edited.approved_by) == (State.DRAFT, None, None)
    with pytest.raises(MoveRefused, match="Only an approved notice can be sent"):
        actions.send(edited, actor=actor("sam"), now=AWARE, reason=WHY)


def test_a_draft_is_not_sent():
    _, (row,) = breach("acme")
    with pytest.raises(MoveRefused):
        actions.send(stage.draft(row), actor=actor("sam"), now=SENT, reason=WHY)


def test_the_first_draft_starts_from_the_incident_and_the_tenants_own_figures():
    incident, (row,) = breach("acme", subjects_number=999_999)
    known = queries.prefilled(row)
    assert (known["subjects_number"], known["likely_consequences"], known["nature_text"]) == (
        120,
        incident.likely_consequences,
        incident.description,
    )


@pytest.mark.req("BRE-10")
def test_naming_another_affected_tenant_is_refused_at_each_step():
    _, rows = breach("acme", "globex")
    acme = next(row for row in rows if row.tenant_name == "Acme Pharma")
    with pytest.raises(actions.ContentRefused, match="names Globex Biotech"):
        stage.draft(acme, measures_taken="As at globex biotech, the link was closed")
    notice = stage.draft(acme)
    with pytest.raises(actions.ContentRefused):
        actions.edit(
            notice, told=stage.told(nature_text="Globex Biotech too"), actor=actor("sam"), now=AWARE, reason=WHY
        )
    with pytest.raises(actions.ContentRefused):
        actions.send(
            stage.approve(notice),
            delay_reasons="We told Globex Biotech first",
            actor=actor("sam"),
            now=SENT,
            reason=WHY,
        )


@pytest.mark.req("BRE-10")
def test_a_tenant_added_after_the_draft_is_found_at_approval():
    incident, (row,) = breach("acme")
    notice = stage.draft(row, measures_taken="As at Globex Biotech")
    incidents.add_tenants(incident, tenant_ids=[cast.tenant("globex").pk], actor=actor("sam"), now=AWARE, reason=WHY)
    with pytest.raises(actions.ContentRefused):
        stage.approve(notice)


# --- sending ---------------------------------------------------------------------------------


@pytest.mark.req("BRE-02")
@pytest.mark.req("BRE-03")
def test_h14_delivery_meets_the_promise_and_starts_the_tenants_own_clock(acme):
    _, (row,) = breach("acme")
    promise = deadlines.of(row).get(kind=Kind.BREACH_PROMISE)
    assert promise.due_at == datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
    notice = stage.send(row, now=SENT)
    assert {d.kind: (d.state, d.met_at) for d in deadlines.of(row)} == {
        Kind.BREACH_PROMISE: (Clock.MET, SENT),
        Kind.BREACH_TARGET: (Clock.MET, SENT),
    }
    with schemas.inside(acme):
        copy = queries.received().get(pk=notice.pk)
        (clock,) = deadlines.of(copy.case)
        assert (clock.kind, clock.due_at) == (Kind.BREACH_CONTROLLER, datetime(2026, 5, 4, 16, 0, tzinfo=UTC))
        assert (copy.delivered_at, copy.aware_at, copy.case.aware_at) == (SENT, AWARE, SENT)
        assert (copy.controller_safe_at, copy.controller_limit_at, copy.controller_zone) == (
            datetime(2026, 5, 4, 16, 0, tzinfo=UTC),
            datetime(2026, 5, 4, 17, 0, tzinfo=UTC),
            "Europe/Berlin",
        )
    assert (notice.state, notice.controller_safe_at) == (State.SENT, copy.controller_safe_at)


@pytest.mark.req("BRE-04")
def test_a_chain_of_three_has_a_clock_for_each(acme):
    told = AWARE
    _, (row,) = breach("acme", subprocessor="Hosting Ltd", subprocessor_told_at=told)
    notice = stage.send(row, now=told + 5 * HOUR)
    with schemas.inside(acme):
        copy = queries.received().get(pk=notice.pk)
        assert (copy.aware_at, copy.controller_safe_at) == (told, told + 77 * HOUR)


def test_the_tenants_copy_holds_everything_and_nobody_of_complere(acme):
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    said = notice.parts
    with schemas.inside(acme):
        copy = queries.received().get(pk=notice.pk)
        assert copy.parts == said
        assert copy.case.logged_by == "Complere (service)"
        assert {row.who for row in copy.history.all()} == {"Complere"}


@pytest.mark.req("BRE-09")
def test_the_notice_is_mailed_to_the_living_security_contact_as_of_now(acme):
    stage.name_contact(acme)
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    with schemas.inside(acme):
        (mail,) = mails("breach-notice")
        assert mail.to == "soc@acme.example"
        assert "Friday 1 May 2026, 16:00 UTC = Friday 1 May 2026, 18:00 CEST" in mail.body
        assert "Monday 4 May 2026, 16:00 UTC = Monday 4 May 2026, 18:00 CEST" in mail.body
        assert "Monday 4 May 2026, 17:00 UTC = Monday 4 May 2026, 19:00 CEST" in mail.body
        assert f"http://acme.localhost:8000/incidents/notices/{notice.pk}/" in mail.body
        for text in ("Lab results", "Warn your participants", "Keys are rotated", "security@complere.example"):
            assert text in mail.body
    assert (notice.sent_to, notice.mail_trouble) == ("security contact", "")
    assert mails("breach-mail-trouble") == []


@pytest.mark.req("BRE-09")
def test_a_dead_contact_falls_back_to_the_admins_and_alarms_the_security_team(acme):
    stage.name_contact(acme, alive=False)
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    with schemas.inside(acme):
        assert addresses("breach-notice") == ["ann@acme.example"]
    assert addresses("breach-mail-trouble") == ["sam@complere.example", "sue@complere.example"]
    assert queries.notices().get(pk=notice.pk).mail_trouble == "No living security contact: sent to administrator"


@pytest.mark.req("BRE-06")
@pytest.mark.parametrize("reasons", ["", "  "])
def test_a_late_notice_needs_reasons_for_the_delay(reasons):
    _, (row,) = breach("acme")
    with pytest.raises(actions.ContentRefused) as refused:
        stage.send(row, now=AWARE + 72 * HOUR, delay_reasons=reasons)
    assert [field for field, _ in refused.value.problems] == ["delay_reasons"]
    assert [d.state for d in deadlines.of(row)] == [Clock.RUNNING, Clock.RUNNING]


@pytest.mark.req("BRE-06")
def test_a_late_notice_with_reasons_goes_out_and_tells_them(acme):
    _, (row,) = breach("acme")
    notice = stage.send(row, now=AWARE + 72 * HOUR, delay_reasons="The region was down")
    with schemas.inside(acme):
        assert queries.received().get(pk=notice.pk).delay_reasons == "The region was down"
        assert "REASONS FOR THE DELAY\nThe region was down" in mails("breach-notice")[0].body
    assert [d.was_late for d in deadlines.of(row)] == [True, True]


@pytest.mark.req("BRE-06")
def test_the_last_second_of_the_promise_needs_no_reasons():
    _, (row,) = breach("acme")
    assert stage.send(row, now=AWARE + 72 * HOUR - timedelta(seconds=1)).state == State.SENT


def test_a_notice_is_sent_once(acme):
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    with pytest.raises(MoveRefused):
        actions.send(notice, actor=actor("sam"), now=SENT, reason=WHY)
    with schemas.inside(acme):
        assert (ReceivedNotice.objects.count(), Incident.objects.count()) == (1, 1)


def test_what_was_sent_is_not_changed():
    _, (row,) = breach("acme")
    notice = stage.send(row, now=SENT)
    with pytest.raises(MoveRefused, match="draft the next version"):
        actions.edit(notice, told=stage.told(), actor=actor("sam"), now=SENT, reason=WHY)


def test_a_failure_while_delivering_leaves_nothing_anywhere(acme, monkeypatch):
    _, (row,) = breach("acme")
    notice = stage.approved(row)
    monkeypatch.setattr(actions.wakeups, "wake", broken)
    with pytest.raises(RuntimeError):
        actions.send(notice, actor=actor("sam"), now=SENT, reason=WHY)
    monkeypatch.undo()
    assert queries.notices().get(pk=notice.pk).state == State.APPROVED
    assert [d.state for d in deadlines.of(row)] == [Clock.RUNNING, Clock.RUNNING]
    with schemas.inside(acme):
        assert (ReceivedNotice.objects.count(), Incident.objects.count(), Email.objects.count()) == (0, 0, 0)


def test_a_notified_tenant_is_not_removed():
    _, (row,) = breach("acme")
    stage.send(row, now=SENT)
    with pytest.raises(MoveRefused, match="send it a new version"):
        incidents.remove_tenant(row, actor=actor("sam"), now=SENT, reason=WHY)


def test_the_texts_are_sealed_in_both_schemas(acme):
    _, (row,) = breach("acme")
    stage.send(row, now=SENT)
    assert stored("privacy_notice").startswith("enc1:")
    with schemas.inside(acme):
        assert stored("privacy_receivednotice").startswith("enc1:")
