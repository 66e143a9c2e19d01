"""Every timer in the system, on one page."""

from typing import Any


def timers() -> dict[str, dict[str, Any]]:
    """What beat sends and how often, in seconds."""
    from django.conf import settings

    return {
        "look for schemas in which something is due": {
            "task": "tenants.wakeups.tasks.sweep",
            "schedule": float(settings.SWEEP_EVERY_SECONDS),
            # A sweep that could not start before the next one is worth nothing.
            "options": {"expires": settings.SWEEP_EVERY_SECONDS * 5, "headers": {}},
        },
    }
