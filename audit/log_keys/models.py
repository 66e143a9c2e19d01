import uuid

from django.db import models
from django.db.models import Q

from audit.history import History


class LogKey(models.Model):
    """A key that signs the heads of a log. The private half is dropped when a successor takes over."""

    class Purpose(models.TextChoices):
        BOOK = "book", "signs the log of this schema"
        HEADS = "heads", "signs the log over all logs"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    version = models.PositiveIntegerField()
    # A log that had to begin anew after a restore is another log: its name says so.
    epoch = models.PositiveIntegerField(default=1)
    # The origin of the log, word for word as its heads carry it.
    name = models.CharField(max_length=300)
    vkey = models.CharField(max_length=400)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    # A note, signed by the key before this one, that names this one. Empty for the first, and when that key was lost.
    announcement = models.TextField(default="", blank=True)

    history = History(excluded_fields=["wrapped"])

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_log_key_of_a_version", fields=["purpose", "version"]),
            models.UniqueConstraint(
                name="one_log_key_signs_at_a_time", fields=["purpose"], condition=Q(retired_at__isnull=True)
            ),
            models.CheckConstraint(
                name="log_key_is_whole_or_retired",
                condition=Q(wrapped__isnull=False, retired_at=None) | Q(wrapped=None, retired_at__isnull=False),
            ),
        ]
