"""A clock that a test sets: every page, and Django's own look at sessions, reads it."""

from datetime import datetime, timedelta

import pytest


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def on(self, **time: float) -> datetime:
        """Set it forward, as `timedelta` counts."""
        self.at += timedelta(**time)
        return self.at


def stopped(monkeypatch: pytest.MonkeyPatch, at: datetime) -> Clock:
    clock = Clock(at)
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.at)
    return clock
