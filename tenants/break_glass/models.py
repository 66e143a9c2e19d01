import uuid

from django.db import models

from audit.history import History
from tenants.break_glass import states


class EntryRequest(models.Model):
    """A member of Complere's staff asks to enter a tenant; a second one decides (ASVS 2.3.5).

    `ended_because` says how it came to its end: refused and why, given back, withdrawn, time over, ended by the tenant.
    `write_reason` says why reading is not enough; empty for an entry that only reads.
    """

    STATES = states
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    visitor_id = models.UUIDField()
    visitor = models.TextField()
    reason = models.TextField()
    ticket = models.CharField(max_length=80)
    minutes = models.PositiveSmallIntegerField()
    may_write = models.BooleanField(default=False)
    write_reason = models.TextField(default="", blank=True)
    state = models.CharField(max_length=12, default=states.State.REQUESTED)
    state_changed_at = models.DateTimeField()
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.TextField(null=True)
    decider_id = models.UUIDField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_because = models.TextField(default="", blank=True)

    history = History()

    class Meta:
        verbose_name = "request to enter a tenant"
        constraints = [
            models.CheckConstraint(name="entry_request_state_is_known", condition=models.Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="entry_request_decided_at_and_by_together",
                condition=models.Q(decided_at=None, decided_by=None)
                | models.Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
            # Four eyes, whatever the code above it does.
            models.CheckConstraint(
                name="entry_request_is_decided_by_another_person",
                condition=models.Q(decider_id=None) | ~models.Q(decider_id=models.F("visitor_id")),
            ),
            models.CheckConstraint(
                name="entry_request_approved_names_decider_and_end",
                condition=~models.Q(state="approved") | models.Q(decider_id__isnull=False, ends_at__isnull=False),
            ),
        ]
