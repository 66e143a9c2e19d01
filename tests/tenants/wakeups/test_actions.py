"""The timer machinery on a real database: commits, threads, crashes, failures."""

import logging
from datetime import timedelta
from itertools import chain
from threading import Event, Thread
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit import context
from complere import env
from privacy import bells
from privacy.deadlines import actions as deadlines
from privacy.deadlines import clock
from privacy.deadlines.models import Alarm, Deadline
from privacy.deadlines.states import Basis, Kind, State
from tenants import schemas
from tenants.members.outbox import actions as outbox
from tenants.members.outbox.models import Email
from tenants.tenancy import actions as tenancy
from tenants.wakeups import actions, queries
from tests import cast
from tests.tenants.wakeups.conftest import NOW, at_once, elsewhere, standing, wake, wakeups

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ACTOR = context.service("tests")


def start_deadline(tenant, *, hours=72, alarms=(), kind=Kind.BREACH_PROMISE, now=NOW):
    with schemas.inside(tenant):
        return deadlines.start(
            tenant,
            kind=kind,
            basis=Basis.PROMISE,
            title="Notify the tenant",
            result=clock.hour_period(now, hours, clock.ZoneInfo("Europe/Berlin")),
            started_at=now,
            alarms=alarms,
            actor=ACTOR,
            now=now,
            reason="A test began it",
        )


def alarms_rung(tenant):
    with schemas.inside(tenant):
        return Alarm.objects.count()


def statements(captured):
    """Queries that were asked; BEGIN and COMMIT only frame them."""
    return [q["sql"] for q in captured if q["sql"].split()[0] not in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")]


def test_waking_adds_a_moment_to_the_callers_schema_and_no_other(tenants):
    wake(tenants["acme"], NOW)
    wake(tenants["localhost"], NOW + HOUR)
    assert [wakeups(tenants[name]) for name in ("acme", "globex", "localhost")] == [[NOW], [], [NOW + HOUR]]


def test_a_caller_without_a_tenants_role_cannot_wake_anybody(tenants, committed_db):
    address = urlsplit(env.secret("DATABASE_URL"))._replace(path=f"/{committed_db}").geturl()
    with psycopg.connect(address) as nobody, pytest.raises(psycopg.errors.RaiseException, match="belongs to no tenant"):
        nobody.execute("SELECT doors.wake(now())")


def test_a_wakeup_vanishes_with_the_transaction_that_wrote_it(tenants):
    with schemas.inside(tenants["acme"]), transaction.atomic():
        actions.wake(NOW)
        transaction.set_rollback(True)
    assert wakeups(tenants["acme"]) == []


def test_writers_of_one_schema_never_wait_for_each_other(tenants):
    def write_quickly():
        with schemas.inside(tenants["acme"]), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
            actions.wake(NOW - HOUR)
            return "written"

    wake(tenants["acme"], NOW + HOUR)
    with schemas.inside(tenants["acme"]), transaction.atomic():
        actions.wake(NOW)
        assert elsewhere(write_quickly) == "written"
    assert wakeups(tenants["acme"]) == [NOW - HOUR, NOW, NOW + HOUR]


def test_a_sweeper_neither_waits_for_a_writer_nor_keeps_one_waiting(tenants):
    wake(tenants["acme"], NOW)
    with schemas.inside(tenants["acme"]), transaction.atomic():
        actions.wake(NOW)
        assert elsewhere(lambda: actions.claim_next(now=NOW)).schema == tenants["acme"].schema_name
        assert elsewhere(lambda: actions.settle(tenants["acme"], now=NOW)) is None
    assert wakeups(tenants["acme"]) == [NOW]


@pytest.mark.parametrize("asleep", [0, 300])
def test_a_sweep_with_nothing_due_costs_one_query_whatever_the_number_of_schemas(tenants, asleep):
    rows = [queries.WakeUp(schema_name=f"t_{n:012}", due_at=NOW + SECOND) for n in range(asleep)]
    queries.WakeUp.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as captured:
        swept = actions.sweep(clock=standing(NOW))
    assert swept == actions.Sweep(schemas=0, done=0, failed=0, latest=0.0)
    assert len(statements(captured)) == 1, statements(captured)


def test_the_longest_waiting_schema_is_claimed_first(tenants):
    wake(tenants["globex"], NOW - SECOND)
    wake(tenants["acme"], NOW - HOUR)
    claims = [actions.claim_next(now=NOW) for _ in range(3)]
    acme, globex = tenants["acme"].schema_name, tenants["globex"].schema_name
    assert claims == [actions.Claim(acme, NOW - HOUR), actions.Claim(globex, NOW - SECOND), None]


def test_of_four_sweepers_that_begin_at_once_each_schema_is_claimed_by_one(tenants):
    names = [f"t_{n:012}" for n in range(40)]
    queries.WakeUp.objects.bulk_create([queries.WakeUp(schema_name=name, due_at=NOW) for name in names])

    def take_all():
        taken = []
        while (claim := actions.claim_next(now=NOW)) is not None:
            taken.append(claim.schema)
        return taken

    assert sorted(chain.from_iterable(at_once(4, take_all))) == names


def test_a_sweeper_takes_the_next_schema_and_never_waits_for_another_sweeper(tenants):
    wake(tenants["acme"], NOW - SECOND)
    wake(tenants["globex"], NOW)

    def claim_quickly():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            return actions.claim_next(now=NOW)

    with transaction.atomic():
        assert actions.claim_next(now=NOW).schema == tenants["acme"].schema_name
        assert elsewhere(claim_quickly).schema == tenants["globex"].schema_name


def test_many_wakeups_of_one_schema_are_one_claim(tenants):
    for minutes in range(20):
        wake(tenants["acme"], NOW - timedelta(minutes=minutes))
    wake(tenants["acme"], NOW + HOUR)
    assert actions.claim_next(now=NOW).schema == tenants["acme"].schema_name
    assert actions.claim_next(now=NOW) is None
    assert wakeups(tenants["acme"]) == [NOW + LEASE, NOW + HOUR]


def test_a_schema_whose_sweeper_died_is_claimed_again_after_its_lease(tenants):
    wake(tenants["acme"])
    actions.claim_next(now=NOW)
    assert actions.claim_next(now=NOW + LEASE - SECOND) is None
    assert actions.claim_next(now=NOW + LEASE).schema == tenants["acme"].schema_name


def test_a_visit_settles_on_the_earliest_moment_that_its_chores_name(tenants, only_chores):
    only_chores("late", lambda now: 0, lambda: NOW + 2 * HOUR)
    only_chores("early", lambda now: 0, lambda: NOW + HOUR)
    only_chores("never", lambda now: 0, lambda: None)
    wake(tenants["acme"])
    actions.claim_next(now=NOW)
    assert actions.work(tenants["acme"], now=NOW) == actions.Visit(0, frozenset(), NOW + HOUR)
    assert wakeups(tenants["acme"]) == [NOW + HOUR]


def test_a_visit_with_nothing_left_leaves_no_wakeup(tenants):
    wake(tenants["acme"])
    actions.sweep(clock=standing(NOW))
    assert wakeups(tenants["acme"]) == []


def test_what_commits_after_the_visit_is_still_found(tenants):
    with schemas.inside(tenants["acme"]), transaction.atomic():
        start_deadline(tenants["acme"], hours=1)
        # Another sweeper visits and settles before we commit: it cannot see the deadline.
        wake_other = elsewhere(lambda: wake(tenants["acme"]) or actions.sweep(clock=standing(NOW)))
        assert wake_other.schemas == 1
    assert actions.sweep(clock=standing(NOW + HOUR)).done == 1
    assert alarms_rung(tenants["acme"]) == 1


@pytest.mark.parametrize("moment", ["while a chore runs", "while a chore tells when it is due"])
def test_what_commits_in_the_middle_of_a_visit_keeps_its_wakeup(tenants, only_chores, moment):
    acme, asked, written = tenants["acme"], [], []

    def commit_elsewhere():
        if not written:
            written.append(elsewhere(lambda: wake(acme, NOW - SECOND)))

    def run(now):
        if moment == "while a chore runs":
            commit_elsewhere()
        return 1

    def next_due():
        asked.append(moment)
        if moment != "while a chore runs":
            # After the wake-ups were read: what this commit brings is not seen any more.
            commit_elsewhere()
            return None
        return NOW if len(asked) == 1 else NOW + HOUR

    only_chores("watched", run, next_due)
    actions.work(acme, now=NOW)
    # Seen by the look after the work, so it is dropped; not seen by any look, so it stays.
    assert wakeups(acme) == ([NOW + HOUR] if moment == "while a chore runs" else [NOW - SECOND])


def test_work_that_arrives_for_another_chore_during_a_visit_is_done_in_it(tenants, only_chores):
    acme, arrived, did = tenants["acme"], [], []

    def work_arrives(now):
        arrived.append(elsewhere(lambda: wake(acme, NOW)))
        return 1

    only_chores("other", lambda now: did.append(now) or 1, lambda: NOW if len(arrived) > len(did) else None)
    only_chores("first", work_arrives, lambda: None if arrived else NOW)
    assert actions.work(acme, now=NOW) == actions.Visit(2, frozenset(), None)
    assert (did, wakeups(acme)) == ([NOW], [])


def test_what_a_chore_changes_for_another_is_seen_even_when_it_wakes_nobody(tenants, only_chores):
    bounced = []
    only_chores("follow up", lambda now: 0, lambda: NOW + HOUR if bounced else None)
    only_chores("deliver", lambda now: bounced.append(now) or 1, lambda: None if bounced else NOW)
    wake(tenants["acme"])
    assert actions.sweep(clock=standing(NOW)).done == 1
    assert wakeups(tenants["acme"]) == [NOW + HOUR]


def test_a_chore_that_fails_waits_five_minutes_and_keeps_nobody_else_from_work(tenants, only_chores, caplog):
    tried, did = [], []

    def fail(now):
        tried.append(now)
        raise RuntimeError("broken on purpose")

    only_chores("broken", fail, lambda: NOW)
    only_chores("sound", lambda now: did.append(now) or 1, lambda: NOW + HOUR if did else NOW)
    wake(tenants["acme"])
    swept = actions.sweep(clock=standing(NOW))
    assert (swept.schemas, swept.done, swept.failed) == (1, 1, 1)
    assert (len(tried), len(did)) == (1, 1)
    assert wakeups(tenants["acme"]) == [NOW + actions.AFTER_FAILURE]
    assert actions.sweep(clock=standing(NOW + actions.AFTER_FAILURE - SECOND)).schemas == 0
    assert "chore failed" in caplog.text
    assert "broken on purpose" in caplog.text


def test_a_chore_that_cannot_tell_when_it_is_due_is_asked_again_in_five_minutes(tenants, only_chores, caplog):
    def fail():
        raise RuntimeError("broken on purpose")

    only_chores("broken", lambda now: 0, fail)
    wake(tenants["acme"])
    actions.sweep(clock=standing(NOW))
    assert wakeups(tenants["acme"]) == [NOW + actions.AFTER_FAILURE]


def test_a_chore_that_is_due_but_finds_nothing_to_do_does_not_spin(tenants, only_chores):
    only_chores("stuck", lambda now: 0, lambda: NOW - HOUR)
    wake(tenants["acme"])
    assert actions.sweep(clock=standing(NOW)).schemas == 1
    assert wakeups(tenants["acme"]) == [NOW + LEASE]


def test_a_row_that_somebody_else_holds_is_done_when_they_let_go(tenants):
    acme = tenants["acme"]
    deadline = start_deadline(acme, hours=1)
    with schemas.inside(acme), transaction.atomic():
        Deadline.objects.select_for_update().get(pk=deadline.pk)
        assert elsewhere(lambda: actions.sweep(clock=standing(NOW + HOUR))).done == 0
    assert actions.sweep(clock=standing(NOW + HOUR + LEASE)).done == 1


def test_what_one_chore_leaves_for_another_is_done_in_the_same_visit(tenants, monkeypatch, mailoutbox):
    acme = tenants["acme"]

    def tell(deadline, now):
        key = cast.person("ann").subject_key
        outbox.queue_email(
            to="ann@acme.example", subject_key=key, template="password-changed",
            context={"name": "Ann", "recipient": "Ann", "user": cast.person("ann")}, now=now,
        )  # fmt: skip

    monkeypatch.setitem(bells._bells, Kind.BREACH_PROMISE, tell)
    start_deadline(acme, hours=1)
    swept = actions.sweep(clock=standing(NOW + HOUR))
    assert (swept.schemas, swept.done, swept.failed) == (1, 2, 0)
    with schemas.inside(acme):
        assert [mail.state for mail in Email.objects.all()] == ["sent"]
    assert [mail.to for mail in mailoutbox] == [["ann@acme.example"]]
    assert wakeups(acme) == []


def test_four_sweepers_ring_each_of_sixty_alarms_once(tenants):
    for tenant in tenants.values():
        for _ in range(20):
            start_deadline(tenant, hours=1)
    swept = at_once(4, lambda: actions.sweep(clock=standing(NOW + HOUR)))
    assert [failure for failure in swept if isinstance(failure, Exception)] == []
    assert sum(each.done for each in swept) == 60
    assert [alarms_rung(tenant) for tenant in tenants.values()] == [20, 20, 20]
    for tenant in tenants.values():
        with schemas.inside(tenant):
            assert set(Deadline.objects.values_list("state", "next_alarm_at")) == {(State.MISSED, None)}


def test_the_deadlines_of_a_suspended_tenant_run_on(tenants):
    start_deadline(tenants["acme"], hours=1)
    tenancy.suspend(tenants["acme"], actor=ACTOR, now=NOW, reason="Unpaid for 90 days")
    assert actions.sweep(clock=standing(NOW + HOUR)).done == 1


def test_the_duties_towards_a_closed_tenant_go_on_while_its_data_are_kept(tenants):
    start_deadline(tenants["acme"], hours=1)
    tenancy.close(tenants["acme"], actor=ACTOR, now=NOW, reason="The contract ended")
    assert actions.sweep(clock=standing(NOW + HOUR)).done == 1
    assert alarms_rung(tenants["acme"]) == 1


def test_wakeups_of_a_schema_without_a_tenant_are_dropped(tenants):
    queries.WakeUp.objects.create(schema_name="t_nobodyatall0", due_at=NOW)
    first, second = (actions.sweep(clock=standing(NOW + HOUR)) for _ in range(2))
    assert (first.schemas, first.failed, second.schemas) == (1, 0, 0)
    assert queries.next_of("t_nobodyatall0") is None


def test_a_sweep_stops_after_its_time_and_the_next_goes_on(tenants):
    wake(tenants["acme"])
    wake(tenants["globex"])
    moments = iter(NOW + timedelta(seconds=n) for n in range(100))
    assert actions.sweep(clock=lambda: next(moments), seconds=2).schemas == 1
    assert actions.sweep(clock=lambda: next(moments), seconds=2).schemas == 1


def test_a_sweep_logs_what_it_did_and_how_late_it_was(tenants, caplog):
    start_deadline(tenants["acme"], hours=1)
    caplog.set_level(logging.INFO)
    actions.sweep(clock=standing(NOW + HOUR + timedelta(seconds=7)))
    (told,) = [record.msg for record in caplog.records if isinstance(record.msg, dict) and "schemas" in record.msg]
    told = {name: told[name] for name in ("event", "schemas", "done", "failed", "latest_seconds", "seconds")}
    assert told == {
        "event": "sweep ended", "schemas": 1, "done": 1, "failed": 0, "latest_seconds": 7.0, "seconds": 0.0,
    }  # fmt: skip


def test_an_idle_sweep_writes_no_line(tenants, caplog):
    caplog.set_level(logging.INFO)
    actions.sweep(clock=standing(NOW))
    assert caplog.records == []


def test_a_database_that_goes_away_ends_the_sweep_and_the_lease_brings_the_next(tenants, monkeypatch):
    acme = tenants["acme"]
    start_deadline(acme, hours=1)
    broken = Event()

    def cut_off(deadline, now):
        if not broken.is_set():
            broken.set()
            elsewhere(lambda: _terminate(pid))

    monkeypatch.setitem(bells._bells, Kind.BREACH_PROMISE, cut_off)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with pytest.raises(Exception, match=r"terminat|closed|connection"):
        actions.sweep(clock=standing(NOW + HOUR))
    connection.close()
    assert (alarms_rung(acme), broken.is_set()) == (0, True)
    assert actions.sweep(clock=standing(NOW + HOUR + LEASE - SECOND)).schemas == 0
    assert actions.sweep(clock=standing(NOW + HOUR + LEASE)).done == 1
    assert alarms_rung(acme) == 1


def _terminate(pid):
    with psycopg.connect(env.secret("DATABASE_ADMIN_URL"), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_lost_wakeup_is_found_by_reconciling_and_a_right_one_is_left(tenants):
    acme = tenants["acme"]
    start_deadline(acme, hours=1)
    actions._forget(acme.schema_name)
    assert actions.sweep(clock=standing(NOW + HOUR)).schemas == 0
    assert actions.reconcile(acme, now=NOW) is True
    assert wakeups(acme) == [NOW + HOUR]
    assert actions.reconcile(acme, now=NOW) is False
    assert actions.reconcile(tenants["globex"], now=NOW) is False
    assert actions.sweep(clock=standing(NOW + HOUR)).done == 1


def test_reconciling_beside_a_writer_loses_nothing(tenants):
    acme, stop, found = tenants["acme"], Event(), []

    def reconcile():
        while not stop.is_set():
            found.append(actions.reconcile(acme, now=NOW))
        connection.close()

    thread = Thread(target=reconcile)
    thread.start()
    for _ in range(25):
        start_deadline(acme, hours=1)
    stop.set()
    thread.join()
    assert set(wakeups(acme)) == {NOW + HOUR}
    assert actions.sweep(clock=standing(NOW + HOUR)).done == 25
