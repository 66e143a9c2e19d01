"""The tasks call actions; a real worker runs them in tests/complere/test_celery.py."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from complere.celery import app
from tenants import schemas
from tenants.tenant_task import EnqueueRefused
from tenants.wakeups import actions, tasks
from tests.tenants.wakeups.conftest import NOW, wakeups
from tests.tenants.wakeups.test_actions import alarms_rung, start_deadline

OVERDUE = timedelta(hours=2)


@pytest.fixture
def overdue(tenants):
    """Acme has an alarm to ring."""
    start_deadline(tenants["acme"], hours=1, now=timezone.now() - OVERDUE)
    return tenants["acme"]


def sweep_by_hand(*words):
    said = io.StringIO()
    call_command("sweep", *words, stdout=said)
    return said.getvalue()


def test_the_sweep_task_does_what_is_due(overdue):
    tasks.sweep()
    assert alarms_rung(overdue) == 1


def test_the_command_does_the_same_and_says_what_it_did(overdue):
    assert sweep_by_hand().startswith("schemas visited: 1; work done: 1; chores failed: 0; latest: ")
    assert sweep_by_hand() == "schemas visited: 0; work done: 0; chores failed: 0; latest: 0.0 s after its moment\n"
    assert alarms_rung(overdue) == 1


def test_the_command_can_find_lost_wakeups_first(overdue):
    actions._forget(overdue.schema_name)
    said = sweep_by_hand("--reconcile").splitlines()
    assert said[0] == "lost wake-ups set again: 1 of 3"
    assert said[1].startswith("schemas visited: 1;")


def test_the_command_fails_when_a_chore_failed(tenants, only_chores):
    def fail(now):
        raise RuntimeError("broken on purpose")

    only_chores("broken", fail, lambda: NOW)
    with schemas.inside(tenants["acme"]):
        actions.wake(timezone.now())
    with pytest.raises(SystemExit) as ended:
        sweep_by_hand()
    assert ended.value.code == 1


def test_the_tasks_that_beat_sends_are_the_platforms_and_cannot_be_sent_from_a_tenant(tenants):
    for name in ("sweep", "reconcile"):
        task = app.tasks[f"tenants.wakeups.tasks.{name}"]
        with schemas.inside(tenants["acme"]), pytest.raises(EnqueueRefused):
            task.apply_async()


def test_a_tenants_own_look_cannot_be_sent_from_the_platform(tenants):
    with schemas.on_platform(), pytest.raises(EnqueueRefused):
        app.tasks["tenants.wakeups.tasks.look_again"].apply_async()


def test_a_look_settles_the_schema_it_runs_in(overdue):
    actions._forget(overdue.schema_name)
    with schemas.inside(overdue):
        tasks.look_again.run()
    assert len(wakeups(overdue)) == 1
