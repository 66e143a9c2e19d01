import uuid
from typing import Final

from django.db import models
from django.db.models import Q

from audit.encryption import PersonalText
from audit.export import states
from audit.history import History


class Export(models.Model):
    """A copy of the trail of this schema, or of a period of it, that somebody takes away to check without us.

    Its file lies in parts, sealed under a key of its own, which is destroyed when the file is due to go.
    """

    STATES: Final = states
    # The name of a colleague.
    looks_are_logged = False

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, default=states.State.WAITING)
    state_changed_at = models.DateTimeField()
    # The period, exclusive of its end; empty: from the beginning, up to the newest signed head.
    since_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)
    reason = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField()
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_by_name = PersonalText()
    time_zone = models.CharField(max_length=64)
    content_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    # What it holds: events by place in the log, and the size of the log whose signed head covers them.
    from_index = models.BigIntegerField(default=0)
    event_count = models.BigIntegerField(default=0)
    log_size = models.BigIntegerField(default=0)
    file_size = models.BigIntegerField(default=0)
    file_digest = models.CharField(max_length=64, blank=True)
    failure = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True)
    # Steps done, of all; when to look again; how often it was begun.
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    # Progress is no act.
    history = History(excluded_fields=["done", "total", "due_at", "tries"])

    class Meta:
        verbose_name = "export of the trail"
        indexes = [
            # Used by queries.next_due and queries.due: holds only what somebody must still look at.
            models.Index(name="trail_export_due", fields=["due_at"], condition=Q(due_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(name="trail_export_state_is_known", condition=Q(state__in=[*states.State])),
        ]


class ExportPart(models.Model):
    """A piece of an export's file, sealed. Exempt from history: the export tells its size and digest."""

    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_trail_export_part_of_a_number", fields=["export", "number"]),
        ]
