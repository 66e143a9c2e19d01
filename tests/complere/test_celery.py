"""A real worker and a real beat, on a broker and a database of their own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis

from tests.deployment import Deployment, until

# Seconds; a calm machine needs a tenth of it.
PATIENCE = 90

SEED = """
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from django.utils import timezone
from audit import context
from privacy.deadlines import actions, clock
from privacy.deadlines.states import Basis, Kind
from tenants import schemas
from tests import cast
cast.assemble()
now = timezone.now()
made = {}
for name, hours in (("acme", 24), ("globex", 72)):
    tenant = cast.tenant(name)
    with schemas.inside(tenant):
        deadline = actions.start(
            cast.person("ann" if name == "acme" else "dov"), kind=Kind.BREACH_CONTROLLER, basis=Basis.LAW,
            title="Notify", result=clock.hour_period(now, hours, ZoneInfo("UTC")), started_at=now, alarms=(),
            actor=context.service("seed"), now=now, reason="A test began it",
        )
    made[name] = [tenant.schema_name, deadline.due_at.isoformat()]
print(json.dumps(made))
"""

# Messages as other processes send them: argv names the schemas that the task runs in, again and again.
SEND = """
import json, sys
from complere.celery import app
from tenants import schemas
from tenants.wakeups import tasks
from tests import cast
for name in sys.argv[1:]:
    with schemas.inside(cast.tenant(name)):
        tasks.look_again.apply_async()
print(json.dumps("sent"))
"""

FORGE = """
import json, sys
from complere.celery import app
from tenants import schemas, tenant_task
from tests import cast
acme, globex = cast.tenant("acme").schema_name, cast.tenant("globex").schema_name
task = "tenants.wakeups.tasks.look_again"
seal = tenant_task.seal(task, globex, (), {})
app.send_task(task)
app.send_task(task, headers={tenant_task.SCHEMA_HEADER: acme, tenant_task.SEAL_HEADER: "0" * 64})
app.send_task(task, headers={tenant_task.SCHEMA_HEADER: acme, tenant_task.SEAL_HEADER: seal})
print(json.dumps("forged"))
"""


@pytest.fixture(scope="module")
def house() -> Iterator[Deployment]:
    with Deployment(SWEEP_EVERY_SECONDS="1", SWEEP_LEASE_SECONDS="2") as started:
        started.tenants = started.python(SEED)
        yield started


@pytest.fixture(scope="module")
def beating(house: Deployment) -> Deployment:
    """Beat alone: its messages wait for a worker."""
    house.start_beat()
    until(lambda: waiting_messages(house) >= 2, PATIENCE, lambda: f"beat sent nothing:\n{house.log_of('beat')[-2000:]}")
    return house


@pytest.fixture(scope="module")
def working(beating: Deployment) -> Deployment:
    beating.start_worker()
    wake_platform(beating)
    until(lambda: not platform_wakes(beating), PATIENCE, lambda: f"no sweep:\n{beating.log_of('worker')[-3000:]}")
    return beating


def waiting_messages(house):
    with redis.Redis.from_url(house.environment["REDIS_URL"]) as broker:
        return broker.llen("celery")


def connections(house):
    """How many connections the runtime role has: those of worker and beat."""
    ((number,),) = house.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'complere_runtime'")
    return number


def wake_platform(house):
    house.sql("INSERT INTO tenants_wakeup (schema_name, due_at) VALUES ('public', now())")


def platform_wakes(house):
    return house.sql("SELECT 1 FROM tenants_wakeup WHERE schema_name = 'public' AND due_at <= now()")


def wakeups(house):
    """When each tenant is next looked into, by name."""
    rows = dict(house.sql("SELECT schema_name, min(due_at) FROM tenants_wakeup GROUP BY schema_name"))
    return {name: rows.get(schema) for name, (schema, _) in house.tenants.items()}


def due_moments(house):
    return {name: datetime.fromisoformat(due) for name, (_, due) in house.tenants.items()}


def lose_wakeups(house):
    house.sql("DELETE FROM tenants_wakeup")
    assert wakeups(house) == {"acme": None, "globex": None}


def test_beat_only_sends_and_never_enters_the_database(beating):
    assert connections(beating) == 0
    assert "Traceback" not in beating.log_of("beat")


def test_the_message_of_beat_runs_the_platforms_sweep(working):
    until(lambda: sweeps(working), PATIENCE, lambda: working.log_of("worker")[-3000:])
    assert (sweeps(working)[0]["schemas"], sweeps(working)[0]["failed"]) == (1, 0)


def test_new_events_get_their_place_in_a_signed_log_by_themselves(working):
    def placed():
        waits = working.sql("SELECT 1 FROM ledger.dirty")
        signed = working.sql("SELECT count(*) FROM ledger.published")[0][0]
        return not waits and signed == 3

    until(placed, PATIENCE, lambda: working.log_of("worker")[-3000:])
    assert "cannot be placed" not in working.log_of("worker")


def sweeps(house):
    return house.lines_of("worker", "sweep ended")


def test_a_tenants_task_runs_in_the_schema_it_was_sent_from(working):
    lose_wakeups(working)
    working.python(SEND, "acme")
    until(lambda: wakeups(working)["acme"], PATIENCE, lambda: working.log_of("worker")[-3000:])
    found = wakeups(working)
    assert (found["acme"] is not None, found["globex"]) == (True, None)


def test_a_message_without_a_true_seal_is_refused(working):
    lose_wakeups(working)
    working.python(FORGE)
    until(lambda: len(refusals(working)) == 3, PATIENCE, lambda: working.log_of("worker")[-3000:])
    # A sweep may wake a schema for reasons of its own meanwhile; what was forged is refused before it runs.
    assert len(refusals(working)) == 3


def refusals(house):
    return [line for line in house.lines_of("worker", "task refused") if "seal" in line["why"]]


def test_tasks_of_tenants_that_alternate_on_the_workers_threads_never_see_each_other(working):
    lose_wakeups(working)
    working.python(SEND, *["acme", "globex"] * 60)
    until(
        lambda: waiting_messages(working) == 0 and None not in wakeups(working).values(),
        PATIENCE, lambda: working.log_of("worker")[-3000:],
    )  # fmt: skip
    assert None not in wakeups(working).values()
    assert "permission denied" not in working.log_of("worker")


def test_no_connection_is_kept_from_one_task_to_the_next(working):
    until(lambda: connections(working) == 0, PATIENCE, lambda: f"{connections(working)} connections are kept")


def test_the_nightly_check_finds_the_wakeups_of_all_tenants(working):
    lose_wakeups(working)
    code = "import json\nfrom complere.celery import app\napp.send_task('tenants.wakeups.tasks.reconcile')\nprint('1')"
    working.python(code)
    until(lambda: None not in wakeups(working).values(), PATIENCE, lambda: working.log_of("worker")[-3000:])
    assert wakeups(working) == due_moments(working)


def test_worker_and_beat_go_on_after_the_broker_was_killed_with_all_its_messages(working):
    working.restart_valkey()
    wake_platform(working)
    until(lambda: not platform_wakes(working), PATIENCE, lambda: working.log_of("worker")[-3000:])
    assert {name: process.poll() for name, process in working.running.items()} == {"worker": None, "beat": None}


def test_worker_goes_on_after_the_database_crashed(working):
    working.crash_postgres()
    wake_platform(working)
    until(lambda: not platform_wakes(working), PATIENCE, lambda: working.log_of("worker")[-3000:])


def test_the_sweep_is_sent_every_second_and_the_check_every_night(settings):
    from complere.schedule import timers

    known = {timer["task"].removeprefix("tenants."): timer for timer in timers().values()}
    sweep, reconcile = known["wakeups.tasks.sweep"], known["wakeups.tasks.reconcile"]
    assert sweep["schedule"] == settings.SWEEP_EVERY_SECONDS
    morning = datetime(2026, 3, 2, tzinfo=UTC)
    assert reconcile["schedule"].remaining_estimate(morning) is not None
    assert (reconcile["schedule"].hour, reconcile["schedule"].minute) == ({2}, {17})
    assert sweep["options"]["expires"] > timedelta(seconds=sweep["schedule"]).total_seconds()


def test_logs_are_signed_every_second_published_every_hour_and_checked_every_night(settings):
    from complere.schedule import timers

    known = {timer["task"].removeprefix("tenants."): timer["schedule"] for timer in timers().values()}
    assert known["books.tasks.sequence"] == settings.SEQUENCE_EVERY_SECONDS == 1
    hourly, nightly = known["books.tasks.publish_heads"], known["books.tasks.check_trails"]
    assert (hourly.minute, len(hourly.hour)) == ({7}, 24)
    assert (nightly.minute, nightly.hour) == ({23}, {1})
