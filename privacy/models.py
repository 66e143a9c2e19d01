"""Where Django finds the models of this app."""

from privacy.deadlines.models import Alarm, Deadline

__all__ = ["Alarm", "Deadline"]
