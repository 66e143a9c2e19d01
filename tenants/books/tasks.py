"""The timers of the logs. Messages only hurry them: what waits stands in rows."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from audit import context
from audit.reconciliation import actions as reconciliation
from tenants import schemas
from tenants.books import actions, queries
from tenants.tenancy.states import State

NIGHTLY = context.service("nightly check")


@shared_task(platform=True)
def sequence() -> None:
    """Give what waits its place, in whichever schema. The very first heads are published at once, not in an hour."""
    done = actions.sequence_all(clock=timezone.now)
    if done.placed and queries.head_over_all() is None:
        actions.collect_heads(now=timezone.now())


@shared_task(platform=True)
def publish_heads() -> None:
    """Collect the heads of all logs, and have the head over them time-stamped where an authority is named."""
    actions.collect_heads(now=timezone.now())
    if settings.TSA_URL:
        actions.stamp(now=timezone.now())


@shared_task(platform=True)
def look_at_capture() -> None:
    """Between two nightly comparisons: one query, over all schemas, for what was switched off."""
    reconciliation.check_structure(now=timezone.now())


@shared_task(platform=True)
def check_trails() -> None:
    """Every trail from its first event on: one task for each, so that all workers share them."""
    for tenant in queries.keepers():
        if tenant.is_platform or tenant.state == State.CLOSED:
            # Nobody may send a message to a closed tenant, but its trail is still ours to keep.
            with schemas.inside(tenant):
                _check()
        else:
            with schemas.inside(tenant):
                check_trail.apply_async()


@shared_task
def check_trail() -> None:
    """The trail of the schema that the message names."""
    _check()


def _check() -> None:
    actions.check_trail(actor=NIGHTLY, now=timezone.now())
    actions.compare(now=timezone.now())
