"""Incidents are logged once, confirmed at a moment that can have been, and start the clocks of whom they concern."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from audit import context
from audit.signatures.catalogue import Meaning
from audit.transitions import MoveRefused
from privacy.authority_notices import actions as authority
from privacy.deadlines import actions as deadline_actions
from privacy.deadlines import queries as deadlines
from privacy.deadlines.states import Basis, Kind
from privacy.deadlines.states import State as Clock
from privacy.incidents import actions, queries
from privacy.incidents.clock import FactsRefused
from privacy.incidents.models import Incident
from privacy.incidents.states import Notification, State
from tenants import schemas
from tenants.members.outbox.models import Email
from tests import cast
from tests.privacy.incidents import stage
from tests.privacy.incidents.stage import AWARE, DETECTED, WHY, actor

VECTORS = Path(__file__).parent.parent / "deadlines" / "clock_vectors.json"
# A zone whose hours begin at other instants than those of UTC (CLK-18).
KOLKATA = {
    "id": "half-hour zone",
    "given": {"tz": "Asia/Kolkata", "aware_utc": "2026-03-02T10:10:00+00:00", "hours": 72},
    "expect": {"safe_utc": "2026-03-05T10:10:00+00:00", "limit_1182_utc": "2026-03-05T10:30:00+00:00"},
}
HOURS = [vector for vector in json.loads(VECTORS.read_text()) if vector["kind"] == "hours"] + [KOLKATA]

pytestmark = pytest.mark.usefixtures("db")


def running(record, *kinds):
    return [(d.kind, d.due_at) for d in deadlines.open_of(record, *kinds)]


def test_the_first_incident_of_a_year_is_number_one_and_the_next_number_two():
    assert [stage.log().reference, stage.log().reference] == ["INC-2026-0001", "INC-2026-0002"]


def test_numbers_begin_anew_each_year_of_the_place_where_they_are_given():
    in_berlin_already_2027 = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    stage.log()
    assert stage.log(detected_at=in_berlin_already_2027).reference == "INC-2027-0001"


def test_number_ten_thousand_follows_9999(db):
    incident = stage.log()
    with context.regulated_write(actor=context.service("stage"), reason="Many incidents later"):
        Incident.objects.filter(pk=incident.pk).update(reference="INC-2026-9999")
    assert [stage.log().reference, stage.log().reference] == ["INC-2026-10000", "INC-2026-10001"]


def test_each_schema_counts_its_own(in_acme):
    assert stage.log(by="ann").reference == "INC-2026-0001"


def test_the_same_form_sent_twice_logs_one_incident():
    token = uuid.uuid4()
    first, second = stage.log(token=token), stage.log(token=token)
    assert (first.pk, Incident.objects.count()) == (second.pk, 1)


def test_what_was_detected_in_the_future_is_refused():
    with pytest.raises(FactsRefused) as refused:
        stage.log(now=DETECTED - timedelta(seconds=1))
    assert refused.value.field == "detected_at"


def test_the_history_names_who_logged_and_who_confirmed():
    incident = stage.log()
    stage.confirm(incident)
    told = [(row.who, row.state, row.history_change_reason) for row in incident.history.order_by("history_id")]
    assert told == [("Sam Security", "logged", "Log the incident"), ("Sam Security", "confirmed_breach", WHY)]


def test_assessing_notes_when_the_investigation_started():
    incident = actions.assess(stage.log(), actor=actor("sam"), now=AWARE, reason=WHY)
    assert (incident.state, incident.investigation_started_at) == (State.ASSESSING, AWARE)


@pytest.mark.req("BRE-01")
def test_confirming_keeps_what_created_certainty_and_who_decided():
    incident = stage.confirm(stage.log())
    assert (incident.aware_at, incident.certainty, incident.decided_by) == (
        AWARE,
        "The access log shows downloads",
        "Sam Security",
    )


@pytest.mark.req("BRE-01")
def test_late_certainty_needs_a_reason():
    incident = stage.log()
    with pytest.raises(FactsRefused):
        stage.confirm(incident, at=DETECTED + timedelta(hours=25))
    assert queries.incidents().get(pk=incident.pk).state == State.LOGGED


@pytest.mark.req("BRE-02")
def test_confirming_starts_the_promise_and_the_target_of_each_tenant():
    incident, rows = stage.breach("acme", "globex")
    expected = [(Kind.BREACH_TARGET, AWARE + timedelta(hours=24)), (Kind.BREACH_PROMISE, AWARE + timedelta(hours=72))]
    assert [running(row) for row in rows] == [expected, expected]
    assert {(d.kind, d.basis) for row in rows for d in deadlines.of(row)} == {
        (Kind.BREACH_PROMISE, Basis.PROMISE),
        (Kind.BREACH_TARGET, Basis.TARGET),
    }
    assert running(incident) == []


@pytest.mark.req("BRE-17")
def test_a_breach_of_own_data_starts_the_statutory_clock():
    incident = stage.confirm(stage.log(own_data=True))
    (deadline,) = deadlines.of(incident)
    assert (deadline.kind, deadline.basis, deadline.due_at) == (
        Kind.BREACH_CONTROLLER,
        Basis.LAW,
        AWARE + timedelta(hours=72),
    )


@pytest.mark.req("BRE-17")
def test_a_tenants_own_incident_starts_its_statutory_clock_in_its_schema(in_acme):
    incident = stage.confirm(stage.log(by="sid", own_data=True), by="sid")
    assert running(incident) == [(Kind.BREACH_CONTROLLER, AWARE + timedelta(hours=72))]
    with schemas.on_platform():
        assert list(deadlines.of(incident)) == []


@pytest.mark.req("BRE-17")
def test_own_data_found_concerned_later_start_the_clock_from_the_same_awareness():
    incident = stage.confirm(stage.log())
    later = AWARE + timedelta(hours=10)
    actions.record_facts(incident, facts={"own_data": True}, actor=actor("sam"), now=later, reason=WHY)
    assert running(incident) == [(Kind.BREACH_CONTROLLER, AWARE + timedelta(hours=72))]
    actions.record_facts(incident, facts={"own_data": False}, actor=actor("sam"), now=later, reason=WHY)
    assert running(incident) == []


@pytest.mark.req("BRE-13")
def test_a_decision_not_to_notify_holds_when_own_data_are_found_concerned_again():
    incident = stage.confirm(stage.log(own_data=True))
    why = "The data were encrypted and the key is safe"
    signing = cast.signing(AWARE, Meaning.RESPONSIBILITY)
    decision = Notification.NOT_NOTIFIABLE
    authority.decide(incident, decision=decision, signing=signing, actor=actor("sam"), now=AWARE, reason=why)
    for own in (False, True):
        actions.record_facts(incident, facts={"own_data": own}, actor=actor("sam"), now=AWARE, reason=WHY)
    assert running(incident) == []


@pytest.mark.req("BRE-05")
@pytest.mark.parametrize("vector", HOURS, ids=[v["id"] for v in HOURS])
def test_the_published_examples_of_72_hours_come_out_of_the_action(vector):
    given, expect = vector["given"], vector["expect"]
    aware_at = datetime.fromisoformat(given["aware_utc"])
    platform = cast.tenant("localhost")
    with context.regulated_write(actor=context.service("stage"), reason="Move to the zone of the vector"):
        type(platform).objects.filter(pk=platform.pk).update(time_zone=given["tz"])
    incident = stage.confirm(stage.log(own_data=True, detected_at=aware_at), at=aware_at)
    (deadline,) = deadlines.of(incident)
    assert {
        "safe_utc": deadline.due_at,
        "limit_1182_utc": datetime.fromisoformat(deadline.computation["limit_1182_at"]),
    } == {key: datetime.fromisoformat(value) for key, value in expect.items()}


@pytest.mark.req("BRE-02")
def test_a_tenant_added_late_has_its_clocks_from_the_same_awareness():
    incident, (acme,) = stage.breach("acme")
    rows = stage.affect(incident, "globex", now=AWARE + timedelta(hours=40))
    globex = next(row for row in rows if row.pk != acme.pk)
    assert dict(running(globex)) == dict(running(acme))


def test_a_tenant_is_listed_once():
    incident, _ = stage.breach("acme")
    assert len(stage.affect(incident, "acme", "acme")) == 1


def test_a_removed_tenant_has_no_clock_and_may_come_back():
    incident, (row,) = stage.breach("acme")
    actions.remove_tenant(row, actor=actor("sam"), now=AWARE, reason=WHY)
    assert (running(row), list(queries.affected(incident))) == ([], [])
    (back,) = stage.affect(incident, "acme")
    assert (back.pk, len(running(back))) == (row.pk, 2)


@pytest.mark.req("BRE-01")
def test_an_earlier_awareness_computes_the_running_clocks_anew():
    incident, (row,) = stage.breach("acme")
    before = AWARE - timedelta(hours=2)
    actions.move_awareness(incident, aware_at=before, actor=actor("sam"), now=AWARE, reason=WHY)
    assert dict(running(row)) == {
        Kind.BREACH_TARGET: before + timedelta(hours=24),
        Kind.BREACH_PROMISE: before + timedelta(hours=72),
    }
    assert [d.state for d in deadlines.of(row)].count(Clock.ENDED) == 2


@pytest.mark.req("BRE-01")
@pytest.mark.parametrize("by", [timedelta(0), timedelta(seconds=1)])
def test_awareness_is_not_moved_later(by):
    incident, (row,) = stage.breach("acme")
    was = running(row)
    with pytest.raises(FactsRefused):
        actions.move_awareness(
            incident, aware_at=AWARE + by, actor=actor("sam"), now=AWARE + timedelta(hours=9), reason=WHY
        )
    assert running(row) == was


@pytest.mark.req("BRE-01")
def test_confirming_again_after_a_dismissal_cannot_move_awareness_later():
    incident, _ = stage.breach("acme")
    actions.dismiss(incident, actor=actor("sam"), now=AWARE, reason=WHY)
    actions.assess(incident, actor=actor("sam"), now=AWARE, reason=WHY)
    with pytest.raises(FactsRefused):
        stage.confirm(incident, at=AWARE + timedelta(hours=1))


@pytest.mark.req("BRE-11")
def test_what_was_no_breach_ends_its_clocks_and_keeps_why():
    incident, (row,) = stage.breach("acme")
    dismissed = actions.dismiss(incident, actor=actor("sam"), now=AWARE, reason="Only test data were in the export")
    assert (dismissed.state, dismissed.state_reason) == (State.NO_BREACH, "Only test data were in the export")
    assert running(row) == []


def test_an_incident_with_open_duties_is_not_closed():
    incident, _ = stage.breach("acme")
    actions.contain(incident, actor=actor("sam"), now=AWARE, reason=WHY)
    with pytest.raises(MoveRefused, match="Tell Acme Pharma of the breach"):
        actions.close(incident, actor=actor("sam"), now=AWARE, reason=WHY)


def test_a_closed_incident_takes_no_more_facts():
    incident = actions.dismiss(stage.log(), actor=actor("sam"), now=AWARE, reason=WHY)
    actions.close(incident, actor=actor("sam"), now=AWARE, reason=WHY)
    with pytest.raises(MoveRefused):
        actions.record_facts(incident, facts={"title": "Other"}, actor=actor("sam"), now=AWARE, reason=WHY)
    with pytest.raises(MoveRefused):
        stage.affect(incident, "acme")


@pytest.mark.parametrize("act", [actions.contain, actions.close])
def test_a_logged_incident_cannot_skip_its_assessment(act):
    with pytest.raises(MoveRefused):
        act(stage.log(), actor=actor("sam"), now=AWARE, reason=WHY)


def test_people_named_in_the_record_are_sealed():
    incident = stage.confirm(stage.log(contact_name="Maria Muster"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT decided_by, contact_name FROM privacy_incident WHERE id = %s", [incident.pk])
        stored = cursor.fetchone()
    assert [text.startswith("enc1:") for text in stored] == [True, True]


def test_many_tenants_of_one_incident_make_one_mail_a_person():
    stage.breach("acme", "globex")
    deadline_actions.ring_due(AWARE + timedelta(hours=24, seconds=2))
    mails = Email.objects.filter(template="incident-clock").select_related("subject_key")
    promised = [mail for mail in mails if "48 hours" in mail.subject]
    assert sorted(mail.to for mail in promised) == ["sam@complere.example", "sue@complere.example"]
    assert "- Acme Pharma\n- Globex Biotech" in promised[0].body


def test_the_alarms_of_a_tenant_go_to_its_own_people(in_acme):
    stage.confirm(stage.log(by="sid", own_data=True), by="sid")
    deadline_actions.ring_due(AWARE + timedelta(hours=24, seconds=2))
    mails = Email.objects.filter(template="incident-clock").select_related("subject_key")
    assert sorted(mail.to for mail in mails) == ["ann@acme.example", "ben@acme.example", "sid@acme.example"]
    assert "http://acme.localhost:8000/incidents/" in mails[0].body
