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
        "work out anew when each schema is next due": {
            "task": "tenants.wakeups.tasks.reconcile",
            "schedule": crontab(hour="2", minute="17"),
            "options": {"expires": 3600},
        },
    }
