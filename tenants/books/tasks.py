"""The timers of the logs. Messages only hurry them: what waits stands in rows."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tenants.books import actions


@shared_task(platform=True)
def sequence() -> None:
    """Give what waits its place, in whichever schema."""
    actions.sequence_all(clock=timezone.now)


@shared_task(platform=True)
def publish_heads() -> None:
    """Collect the heads of all logs, and have the head over them time-stamped where an authority is named."""
    actions.collect_heads(now=timezone.now())
    if settings.TSA_URL:
        actions.stamp(now=timezone.now())
