"""What the database itself refuses of a deadline."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit import context
from privacy.deadlines.models import Alarm, Deadline
from privacy.deadlines.states import OPEN, TRANSITIONS, Basis, Kind, State

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SOUND = {
    "subject": "privacy.incident:1",
    "kind": Kind.BREACH_PROMISE,
    "basis": Basis.PROMISE,
    "title": "Notify",
    "state_changed_at": NOW,
    "started_at": NOW,
    "due_at": NOW + timedelta(hours=72),
    "time_zone": "UTC",
    "computation": {},
}


def write(**changes):
    with context.regulated_write(actor=context.service("tests"), reason="A test writes it"):
        return Deadline.objects.create(**{**SOUND, **changes})


def test_a_sound_deadline_is_kept_with_its_history(in_acme):
    assert write().history.get().history_change_reason == "A test writes it"


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "forgotten"}, "deadline_state_is_known"),
        ({"basis": "hope"}, "deadline_basis_is_known"),
        ({"state": State.MET}, "deadline_met_has_its_moment"),
        ({"met_at": NOW}, "deadline_met_has_its_moment"),
        ({"state": State.MET, "met_at": NOW, "next_alarm_at": NOW}, "deadline_alarms_only_while_open"),
        ({"state": State.ENDED, "next_alarm_at": NOW}, "deadline_alarms_only_while_open"),
        ({"due_at": NOW}, "deadline_ends_after_it_starts"),
    ],
)
def test_the_database_refuses_a_deadline_that_contradicts_itself(in_acme, changes, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        write(**changes)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_an_open_deadline_may_have_an_alarm(in_acme, state):
    assert write(state=state, next_alarm_at=NOW).next_alarm_at == NOW


def test_a_deadline_cannot_be_written_without_actor_and_reason(in_acme):
    with pytest.raises(DatabaseError, match="names no actor and reason"), transaction.atomic():
        Deadline.objects.create(**SOUND)


def test_moving_the_alarm_alone_leaves_no_version(in_acme):
    deadline = write()
    Deadline.objects.filter(pk=deadline.pk).update(next_alarm_at=NOW)
    assert "next_alarm_at" not in {field.name for field in deadline.history.model._meta.fields}


def test_an_alarm_keeps_its_deadline_from_being_deleted(in_acme):
    deadline = write()
    Alarm.objects.create(deadline=deadline, due_at=NOW, rung_at=NOW)
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("DELETE FROM privacy_deadline WHERE id = %s", [deadline.pk])


def test_every_state_is_reachable_from_the_first_and_open_until_it_ends():
    reached, waiting = set(), [State.RUNNING]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting += TRANSITIONS[state]
    assert reached == set(State)
    assert {state for state, moves in TRANSITIONS.items() if moves} == OPEN
