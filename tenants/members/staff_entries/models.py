import uuid

from django.db import models

from audit.history import History


class StaffEntry(models.Model):
    """An entry of Complere's staff into this tenant, as the tenant keeps it: who, why, how long, and who allowed it.

    The request and its approval are in Complere's own trail as well, under the same id.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor_id = models.UUIDField()
    visitor = models.TextField()
    reason = models.TextField()
    ticket = models.CharField(max_length=80)
    approved_by = models.TextField()
    approved_at = models.DateTimeField()
    may_write = models.BooleanField(default=False)
    # Why reading is not enough; empty for an entry that only reads.
    write_reason = models.TextField(default="", blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    entered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(null=True)
    ended_because = models.TextField(default="", blank=True)

    history = History()

    class Meta:
        verbose_name = "entry of Complere's staff"
        constraints = [
            models.CheckConstraint(
                name="staff_entry_ended_at_and_by_together",
                condition=models.Q(ended_at=None, ended_by=None)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]
