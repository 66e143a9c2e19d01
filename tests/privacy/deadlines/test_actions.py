"""Starting, ringing, meeting: each alarm once, whatever breaks meanwhile."""

from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from audit import context
from audit.transitions import MoveRefused
from privacy import bells
from privacy.deadlines import actions, catalogue, clock, queries
from privacy.deadlines.models import Alarm, Deadline
from privacy.deadlines.states import Basis, Kind, State
from tenants import schemas
from tenants.wakeups import queries as wakeups
from tests import cast

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DUE = NOW + timedelta(hours=72)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
ACTOR = context.service("tests")


def begin(
    record, *, result=None, kind=Kind.BREACH_PROMISE, basis=Basis.PROMISE, now=NOW, alarms=(DAY,), started_at=NOW
):
    return actions.start(
        record, kind=kind, basis=basis, title="Notify the tenant", result=result or clock.hour_period(NOW, 72, BERLIN),
        started_at=started_at, alarms=alarms, actor=ACTOR, now=now, reason="A test began it",
    )  # fmt: skip


@pytest.fixture
def ann(in_acme):
    return cast.person("ann")


@pytest.fixture
def bell(monkeypatch):
    """Bells of the 72 hours: what rang, and a failure to make them fail with."""

    class Bell:
        def __init__(self):
            self.rang = []
            self.failure = None

        def __call__(self, deadline, now):
            self.rang.append((deadline.state, now))
            if self.failure:
                raise self.failure

    made = Bell()
    monkeypatch.setitem(bells._bells, Kind.BREACH_PROMISE, made)
    return made


def woken():
    name = schemas.current_schema()
    with schemas.on_platform():
        return wakeups.next_of(name)


def fresh(deadline):
    return Deadline.objects.get(pk=deadline.pk)


def alarms_of(deadline):
    return list(Alarm.objects.filter(deadline=deadline).order_by("due_at").values_list("due_at", "rung_at"))


@pytest.mark.req("CLK-07")
def test_a_deadline_keeps_every_input_step_and_version_of_its_computation(ann):
    result = clock.month_period(date(2026, 3, 5), 1, clock.Place(catalogue.statutory_calendar("DE"), BERLIN))
    deadline = fresh(begin(ann, result=result, kind=Kind.DSR_STATUTORY, basis=Basis.LAW))
    assert (deadline.due_at, deadline.last_day) == (datetime(2026, 4, 7, 22, tzinfo=UTC), date(2026, 4, 7))
    assert deadline.calendar_version == result.calendar_version
    assert deadline.computation == {**clock.record(result), "tzdata": version("tzdata")}
    again = clock.month_period(
        date.fromisoformat(deadline.computation["event_on"]),
        deadline.computation["length"],
        clock.Place(catalogue.statutory_calendar(deadline.computation["calendar"]), ZoneInfo(deadline.time_zone)),
    )
    assert again == result


def test_the_time_zones_are_those_of_the_package_whose_version_is_kept():
    from zoneinfo import TZPATH

    assert TZPATH == ()


def test_the_schema_is_woken_for_the_first_alarm(ann):
    deadline = begin(ann)
    assert (deadline.next_alarm_at, woken()) == (DUE - DAY, DUE - DAY)


@pytest.mark.parametrize(
    ("now", "alarms", "first"),
    [
        (NOW, (), DUE),
        (DUE - HOUR, (DAY,), DUE),
        (DUE, (DAY,), DUE),
        (DUE + DAY, (DAY,), DUE + DAY),
    ],
)
def test_the_first_alarm_is_the_next_reminder_or_the_due_moment_or_at_once_when_late(ann, now, alarms, first):
    assert begin(ann, now=now, alarms=alarms).next_alarm_at == first


def test_alarms_ring_in_order_once_each_and_the_last_marks_it_overdue(ann, bell):
    deadline = begin(ann, alarms=(2 * DAY, DAY))
    for at in (DUE - 2 * DAY, DUE - DAY, DUE):
        assert actions.ring_due(at - timedelta(microseconds=1)) == 0
        assert actions.ring_due(at) == 1
        assert actions.ring_due(at) == 0
    assert alarms_of(deadline) == [(at, at) for at in (DUE - 2 * DAY, DUE - DAY, DUE)]
    assert bell.rang == [(State.RUNNING, DUE - 2 * DAY), (State.RUNNING, DUE - DAY), (State.MISSED, DUE)]
    assert (fresh(deadline).state, fresh(deadline).next_alarm_at) == (State.MISSED, None)


def test_alarms_that_were_slept_through_ring_as_one(ann, bell):
    deadline = begin(ann, alarms=(2 * DAY, DAY))
    assert actions.ring_due(DUE + HOUR) == 1
    assert alarms_of(deadline) == [(DUE - 2 * DAY, DUE + HOUR)]
    assert bell.rang == [(State.MISSED, DUE + HOUR)]


def test_the_history_says_that_the_clock_found_it_overdue(ann):
    deadline = begin(ann)
    actions.ring_due(DUE)
    entry = deadline.history.first()
    assert (entry.state, entry.who, entry.history_change_reason) == (
        State.MISSED, "clock", "The deadline passed at 2026-03-05 10:00 UTC",
    )  # fmt: skip


@pytest.mark.parametrize("state", ["met", "ended", "suspended"])
def test_no_alarm_rings_once_the_duty_is_met_ended_or_suspended(ann, bell, state):
    deadline = begin(ann)
    if state == "suspended":
        actions.suspend(deadline, actor=ACTOR, now=NOW, reason="Waiting for identity")
    else:
        {"met": actions.meet, "ended": actions.end}[state](ann, actor=ACTOR, now=NOW, reason="Notified in time")
    assert (fresh(deadline).state, actions.ring_due(DUE + DAY), bell.rang) == (state, 0, [])


def test_a_duty_met_late_is_met_and_late(ann):
    deadline = begin(ann)
    actions.ring_due(DUE)
    (met,) = actions.meet(ann, Kind.BREACH_PROMISE, actor=ACTOR, now=DUE + HOUR, reason="Notified at last")
    assert (met.state, met.met_at, met.was_late) == (State.MET, DUE + HOUR, True)
    assert fresh(deadline).met_at == DUE + HOUR


def test_only_the_named_kinds_are_met(ann):
    begin(ann)
    target = begin(ann, kind=Kind.BREACH_TARGET, basis=Basis.TARGET)
    met = actions.meet(ann, Kind.BREACH_TARGET, actor=ACTOR, now=NOW, reason="Notified in time")
    assert met == [target]
    assert [d.kind for d in queries.open_of(ann)] == [Kind.BREACH_PROMISE]


def test_a_deadline_that_ended_cannot_be_suspended(ann):
    deadline = begin(ann)
    actions.end(ann, actor=ACTOR, now=NOW, reason="It was no breach")
    with pytest.raises(MoveRefused):
        actions.suspend(deadline, actor=ACTOR, now=NOW, reason="Waiting for identity")


def test_a_bell_that_fails_is_tried_again_in_an_hour_and_stops_no_other(ann, bell):
    bell.failure = RuntimeError("broken on purpose")
    broken = begin(ann)
    sound = begin(ann, kind=Kind.BREACH_TARGET, basis=Basis.TARGET)
    assert actions.ring_due(DUE - DAY) == 2
    assert (alarms_of(broken), len(alarms_of(sound))) == ([], 1)
    assert fresh(broken).next_alarm_at == DUE - DAY + HOUR
    bell.failure = None
    assert actions.ring_due(DUE - DAY + HOUR) == 1
    assert len(alarms_of(broken)) == 1


def test_what_a_failing_bell_wrote_is_undone(ann, monkeypatch):
    def half(deadline, now):
        begin(ann, kind=Kind.BREACH_UPDATE)
        raise RuntimeError("broken on purpose")

    monkeypatch.setitem(bells._bells, Kind.BREACH_PROMISE, half)
    begin(ann)
    actions.ring_due(DUE - DAY)
    assert Deadline.objects.filter(kind=Kind.BREACH_UPDATE).count() == 0


def test_a_conflict_in_the_database_is_tried_again_in_a_minute(ann, bell):
    bell.failure = OperationalError("deadlock detected")
    deadline = begin(ann)
    actions.ring_due(DUE - DAY)
    assert fresh(deadline).next_alarm_at == DUE - DAY + timedelta(minutes=1)


def test_a_failing_reminder_never_delays_the_moment_of_being_overdue(ann, bell):
    bell.failure = RuntimeError("broken on purpose")
    deadline = begin(ann, alarms=(timedelta(minutes=10),))
    actions.ring_due(DUE - timedelta(minutes=10))
    assert fresh(deadline).next_alarm_at == DUE


def test_a_deadline_is_overdue_even_when_nobody_could_be_told_and_the_telling_is_tried_again(ann, bell):
    bell.failure = RuntimeError("broken on purpose")
    deadline = begin(ann, alarms=())
    actions.ring_due(DUE)
    assert (fresh(deadline).state, fresh(deadline).next_alarm_at, alarms_of(deadline)) == (State.MISSED, DUE + HOUR, [])
    bell.failure = None
    assert actions.ring_due(DUE + HOUR) == 1
    assert (bell.rang[-1], fresh(deadline).next_alarm_at) == ((State.MISSED, DUE + HOUR), None)
    assert deadline.history.filter(state=State.MISSED).count() == 1


def test_a_late_duty_that_is_done_meanwhile_rings_no_more(ann, bell):
    bell.failure = RuntimeError("broken on purpose")
    begin(ann, alarms=())
    actions.ring_due(DUE)
    actions.meet(ann, actor=ACTOR, now=DUE + timedelta(minutes=5), reason="Notified at last")
    assert actions.ring_due(DUE + DAY) == 0


@pytest.fixture
def acme_committed(committed_db):
    return cast.tenant("acme")


def in_threads(tenant, number, work):
    answers, barrier = [], Barrier(number)

    def run():
        try:
            with schemas.inside(tenant):
                barrier.wait(timeout=10)
                answers.append(work())
        except Exception as failure:  # noqa: BLE001  the test looks at it
            answers.append(failure)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return answers


def test_four_ringers_at_once_ring_each_alarm_once(acme_committed):
    with schemas.inside(acme_committed):
        record = cast.person("ann")
        made = [begin(record, alarms=()) for _ in range(30)]
    rung = in_threads(acme_committed, 4, lambda: actions.ring_due(DUE))
    assert sum(rung) == 30
    with schemas.inside(acme_committed):
        assert sorted(Alarm.objects.values_list("deadline_id", flat=True)) == sorted(d.pk for d in made)


def test_a_crash_while_ringing_leaves_nothing_half_done(acme_committed, bell):
    class Killed(BaseException):
        """As a signal would, it passes every `except Exception`."""

    with schemas.inside(acme_committed):
        deadline = begin(cast.person("ann"), alarms=())
        bell.failure = Killed()
        with pytest.raises(Killed):
            actions.ring_due(DUE)
        assert (fresh(deadline).state, fresh(deadline).next_alarm_at, alarms_of(deadline)) == (State.RUNNING, DUE, [])
        bell.failure = None
        assert actions.ring_due(DUE) == 1


def test_meeting_a_duty_at_the_moment_it_rings_ends_as_met(acme_committed, bell):
    acme = acme_committed
    with schemas.inside(acme):
        record = cast.person("ann")
        deadline = begin(record, alarms=())
        waiting = Barrier(2)

        def meet():
            with schemas.inside(acme):
                waiting.wait(timeout=10)
                actions.meet(record, actor=ACTOR, now=DUE, reason="Notified in time")
            connection.close()

        thread = Thread(target=meet)
        with transaction.atomic():
            assert actions.ring_due(DUE) == 1
            thread.start()
            waiting.wait(timeout=10)
        thread.join(timeout=10)
        assert (fresh(deadline).state, fresh(deadline).met_at) == (State.MET, DUE)


def test_the_database_refuses_to_ring_the_same_alarm_twice(ann):
    deadline = begin(ann)
    Alarm.objects.create(deadline=deadline, due_at=DUE, rung_at=DUE)
    with pytest.raises(IntegrityError, match="alarm_rings_once"), transaction.atomic():
        Alarm.objects.create(deadline=deadline, due_at=DUE, rung_at=DUE + HOUR)


@pytest.mark.req("CLK-01")
def test_a_naive_start_is_refused(ann):
    with pytest.raises(clock.NaiveInstant):
        begin(ann, now=NOW.replace(tzinfo=None))


def test_a_deadline_without_a_reason_is_refused(ann):
    with pytest.raises(context.ReasonRefused):
        actions.start(
            ann, kind=Kind.BREACH_PROMISE, basis=Basis.PROMISE, title="Notify",
            result=clock.hour_period(NOW, 72, BERLIN), started_at=NOW, actor=ACTOR, now=NOW, reason=" ",
        )  # fmt: skip
    assert Deadline.objects.count() == 0


def test_ringing_asks_a_database_that_works(ann):
    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute("SELECT 1 / 0")
    assert actions.ring_due(NOW) == 0
