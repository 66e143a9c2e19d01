"""Tasks and the tenant they are for, through a real worker on the real broker."""

import logging
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import connection

from audit import context
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.tenancy import actions as tenancy
from tenants.tenant_task import SCHEMA_HEADER, SEAL_HEADER, EnqueueRefused, seal
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACTOR = context.service("tests")


class Work:
    """One worker with two tasks; `ran` says in which schema a body ran, and with which word."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str, int]] = []
        self.ended = threading.Event()
        queue = f"test-{uuid.uuid4().hex}"
        self.app = Celery(
            queue, task_cls="tenants.tenant_task:TenantTask", broker=settings.REDIS_URL, set_as_current=False
        )
        self.app.conf.update(
            task_default_queue=queue,
            accept_content=["json"],
            task_acks_late=True,
            task_ignore_result=True,
            broker_connection_retry_on_startup=True,
            worker_hijack_root_logger=False,
        )

        def note(word: str) -> None:
            self._note(word)

        self.note = self.app.task(name="note", shared=False)(note)
        self.sweep = self.app.task(name="sweep", platform=True, shared=False)(note)

    def _note(self, word: str) -> None:
        self.ran.append((schemas.current_schema(), word, User.objects.count()))
        if word == "last":
            self.ended.set()

    def send(self, *, word: str = "bad", **headers: str) -> None:
        """A message as somebody with access to the queue would write it, past apply_async."""
        self.app.send_task("note", args=[word], headers=headers)

    def until_the_last_has_run(self) -> None:
        with schemas.on_platform():
            self.sweep.apply_async(args=["last"])
        assert self.ended.wait(30), "the worker did not come to the last message"


@pytest.fixture
def work(committed_db: str) -> Iterator[Work]:
    made = Work()
    logging.getLogger("celery").setLevel(logging.ERROR)
    with start_worker(made.app, pool="solo", perform_ping_check=False, loglevel="ERROR", shutdown_timeout=20):
        yield made
    connection.close()


def sealed(schema: str, word: str, task: str = "note") -> dict[str, str]:
    return {SCHEMA_HEADER: schema, SEAL_HEADER: seal(task, schema, [word], {})}


def test_a_tenants_task_runs_in_its_schema_and_no_bad_message_runs_at_all(work):
    acme, globex = cast.tenant("acme"), cast.tenant("globex")
    with schemas.inside(acme):
        work.note.apply_async(args=["good"])
    for_acme = sealed(acme.schema_name, "bad")
    bad = [
        {},
        {SCHEMA_HEADER: acme.schema_name},
        {SCHEMA_HEADER: acme.schema_name, SEAL_HEADER: ""},
        {SCHEMA_HEADER: acme.schema_name, SEAL_HEADER: "0" * 64},
        # A seal for one tenant under the name of another, of another task, of other arguments.
        for_acme | {SCHEMA_HEADER: globex.schema_name},
        sealed(acme.schema_name, "bad", task="sweep"),
        sealed(acme.schema_name, "good"),
        # Sealed, but nobody lives there, or nobody that is a tenant.
        sealed("t_aaaaaaaaaaaa", "bad"),
        sealed("public", "bad"),
        sealed("", "bad"),
        sealed("information_schema", "bad"),
    ]
    for headers in bad:
        work.send(**headers)
    with schemas.inside(globex):
        work.note.apply_async(args=["good"])
    work.until_the_last_has_run()
    assert work.ran == [
        (acme.schema_name, "good", len(cast.ACME)),
        (globex.schema_name, "good", len(cast.GLOBEX)),
        ("public", "last", len(cast.PLATFORM)),
    ]


def test_a_task_of_a_tenant_that_was_closed_meanwhile_does_not_run(work):
    acme = cast.tenant("acme")
    headers = sealed(acme.schema_name, "bad")
    tenancy.close(acme, actor=ACTOR, now=NOW, reason="Contract ended")
    work.send(**headers)
    work.until_the_last_has_run()
    assert work.ran == [("public", "last", len(cast.PLATFORM))]


def test_a_rejected_message_is_gone_and_does_not_come_back(work):
    work.send()
    work.until_the_last_has_run()
    with work.app.connection_for_read() as line:
        assert line.default_channel.client.llen(work.app.conf.task_default_queue) == 0


def test_a_tenants_task_cannot_be_sent_from_the_platform_nor_the_other_way_round(db):
    work = Work()
    with schemas.on_platform(), pytest.raises(EnqueueRefused, match="cannot be sent from schema public"):
        work.note.apply_async(args=["word"])
    with schemas.inside(cast.tenant("acme")), pytest.raises(EnqueueRefused):
        work.sweep.apply_async(args=["word"])
    with schemas.on_platform(), pytest.raises(EnqueueRefused):
        work.note.delay("word")


@pytest.mark.parametrize(
    "changed",
    [("other", "t_a", [1], {}), ("task", "t_b", [1], {}), ("task", "t_a", [2], {}), ("task", "t_a", [1], {"x": 1})],
)
def test_a_seal_binds_task_schema_and_arguments(changed):
    assert seal("task", "t_a", [1], {}) != seal(*changed)
    assert seal("task", "t_a", (1,), {}) == seal("task", "t_a", [1], {})


def test_only_json_is_taken_from_the_queue():
    assert (settings.CELERY_ACCEPT_CONTENT, settings.CELERY_TASK_SERIALIZER) == (["json"], "json")
