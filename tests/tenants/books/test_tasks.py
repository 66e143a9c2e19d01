"""The tasks call actions; a real worker runs them in tests/complere/test_celery.py."""

import pytest

from audit import context
from audit.sequencer import queries as sequencing
from audit.verification import queries as trail_checks
from complere.celery import app
from tenants import schemas
from tenants.books import queries, tasks
from tenants.tenancy.models import Domain
from tenants.tenant_task import EnqueueRefused
from tests import cast


def test_the_tasks_place_publish_and_stamp(db, authority):
    tasks.sequence()
    tasks.publish_heads()
    assert queries.waiting() != [], "the key of the log of logs is an event"
    assert queries.head_over_all().size == 3
    with schemas.on_platform():
        assert queries.stamps().count() == 1


def test_the_first_heads_are_published_at_once_and_later_ones_by_the_hour(db):
    assert queries.head_over_all() is None
    tasks.sequence()
    first = queries.head_over_all()
    assert first is not None
    with schemas.on_platform(), context.regulated_write(actor=context.service("test"), reason="One more event"):
        Domain.objects.create(domain="second.localhost", tenant=cast.tenant("localhost"), is_primary=False)
    tasks.sequence()
    assert queries.head_over_all() == first


def test_without_an_authority_nothing_is_stamped(db):
    tasks.sequence()
    tasks.publish_heads()
    with schemas.on_platform():
        assert queries.stamps().count() == 0


@pytest.mark.req("AT-11")
def test_every_trail_is_checked_where_it_lies(db, monkeypatch):
    tasks.sequence()
    sent = []
    monkeypatch.setattr(tasks.check_trail, "apply_async", lambda: sent.append(schemas.current_schema()))
    tasks.check_trails()
    tenants = [cast.tenant(name) for name in ("acme", "globex")]
    assert sent == [tenant.schema_name for tenant in tenants]
    for tenant in tenants:
        with schemas.inside(tenant):
            tasks.check_trail.run()
    for tenant in [*tenants, cast.tenant("localhost")]:
        with schemas.inside(tenant):
            (done,) = trail_checks.checks()
            assert (done.is_sound, done.asker, done.size) == (True, "nightly check", sequencing.last_head().size)


def test_the_tasks_that_beat_sends_are_the_platforms_and_cannot_be_sent_from_a_tenant(acme):
    for name in ("sequence", "publish_heads", "check_trails"):
        task = app.tasks[f"tenants.books.tasks.{name}"]
        with schemas.inside(acme), pytest.raises(EnqueueRefused):
            task.apply_async()


def test_the_check_of_a_tenant_cannot_be_sent_from_the_platform(db):
    with schemas.on_platform(), pytest.raises(EnqueueRefused):
        app.tasks["tenants.books.tasks.check_trail"].apply_async()
