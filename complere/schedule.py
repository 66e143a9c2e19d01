"""Every timer in the system, on one page."""

from typing import Any

from celery.schedules import crontab


def timers() -> dict[str, dict[str, Any]]:
    """What beat sends and how often: seconds, or the time of day in UTC."""
    from django.conf import settings

    return {
        "look for schemas in which something is due": {
            "task": "tenants.wakeups.tasks.sweep",
            "schedule": float(settings.SWEEP_EVERY_SECONDS),
            # A sweep that could not start before the next ones is worth nothing.
            "options": {"expires": settings.SWEEP_EVERY_SECONDS * 5},
        },
        "give new events their place in the signed logs": {
            "task": "tenants.books.tasks.sequence",
            "schedule": float(settings.SEQUENCE_EVERY_SECONDS),
            "options": {"expires": settings.SEQUENCE_EVERY_SECONDS * 5},
        },
        "publish the head over all logs": {
            "task": "tenants.books.tasks.publish_heads",
            "schedule": crontab(minute="7"),
            "options": {"expires": 3000},
        },
        "check every trail from its first event on": {
            "task": "tenants.books.tasks.check_trails",
            "schedule": crontab(hour="1", minute="23"),
            "options": {"expires": 3600},
        },
        "look whether every trigger of capture fires": {
            "task": "tenants.books.tasks.look_at_capture",
            "schedule": crontab(minute="37"),
            "options": {"expires": 3000},
        },
        "work out anew when each schema is next due": {
            "task": "tenants.wakeups.tasks.reconcile",
            "schedule": crontab(hour="2", minute="17"),
            "options": {"expires": 3600},
        },
    }
