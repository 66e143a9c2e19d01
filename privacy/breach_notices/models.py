import json
import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from audit.encryption import PersonalText
from audit.history import History
from privacy.breach_notices import states
from privacy.incidents import catalogue


class Told(models.Model):
    """What a notice says. The parts are sealed: the contact point is a person's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    supersedes = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    content = PersonalText()
    what_is_new = models.TextField(blank=True)
    delay_reasons = models.TextField(blank=True)
    next_update_at = models.DateTimeField(null=True)
    state_changed_at = models.DateTimeField()
    # The controller's hours begin when the notice is delivered: enforced bound and Reg. 1182/71 (BRE-03, BRE-05).
    controller_safe_at = models.DateTimeField(null=True)
    controller_limit_at = models.DateTimeField(null=True)
    controller_zone = models.CharField(max_length=64, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = PersonalText(default="", blank=True)
    acknowledgement = PersonalText(default="", blank=True)

    class Meta:
        abstract = True

    @property
    def parts(self) -> dict[str, Any]:
        """The eight parts (Art. 33(3)); empty ones once the key is destroyed."""
        try:
            return dict(json.loads(self.content))
        except ValueError:
            return catalogue.content({})


class Notice(Told):
    """A notice to one affected tenant, as Complere wrote, approved and sent it. On the platform only."""

    STATES = states
    SIGNING = states.SIGNING

    affected = models.ForeignKey(
        "privacy.AffectedTenant", on_delete=models.PROTECT, related_name="notices", db_index=False
    )
    state = models.CharField(max_length=20, default=states.State.DRAFT)
    # Everybody who wrote at it: none of them may approve it.
    writers = models.JSONField(default=list)
    written_by = models.TextField()
    drafted_at = models.DateTimeField()
    next_update_hours = models.PositiveIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.TextField(null=True)
    sent_to = models.TextField(blank=True)
    mail_trouble = models.TextField(blank=True)
    mail_trouble_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="notice_version_once_a_tenant", fields=["affected", "version"]),
            models.UniqueConstraint(
                name="one_unsent_notice_a_tenant", fields=["affected"], condition=Q(state__in=["draft", "approved"])
            ),
            models.CheckConstraint(
                name="notice_state_is_known", condition=Q(state__in=["draft", "approved", "sent", "acknowledged"])
            ),
            models.CheckConstraint(
                name="notice_approved_at_and_by_together",
                condition=Q(approved_at=None, approved_by=None)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_sent_was_approved",
                condition=Q(sent_at=None, sent_by=None)
                | Q(sent_at__isnull=False, sent_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_acknowledged_at_and_by_together",
                condition=Q(acknowledged_at=None, acknowledged_by="")
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
            ),
            models.CheckConstraint(
                name="notice_later_version_says_what_is_new", condition=Q(version=1) | ~Q(what_is_new="")
            ),
        ]


class ReceivedNotice(Told):
    """The tenant's own copy of a notice: all that it is told, and its acknowledgement. In tenants only.

    Its id is the notice's, so that an acknowledgement finds its way back.
    """

    STATES = states

    case = models.ForeignKey(
        "privacy.Incident", on_delete=models.PROTECT, related_name="received_notices", db_index=False
    )
    state = models.CharField(max_length=20, default=states.State.DELIVERED)
    reference = models.CharField(max_length=20)
    # The processor's own awareness, from which its promise ran.
    aware_at = models.DateTimeField()
    delivered_at = models.DateTimeField()
    acknowledged_by_id = models.UUIDField(null=True)
    # When somebody is reminded to acknowledge; empty once they were, or need not.
    remind_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["remind_at"])

    class Meta:
        indexes = [
            # Used by queries.to_remind. Holds only what still waits.
            models.Index(name="received_notice_remind", fields=["remind_at"], condition=Q(remind_at__isnull=False)),
            models.Index(name="received_notice_newest", fields=["-delivered_at"]),
        ]
        constraints = [
            models.UniqueConstraint(name="received_notice_version_once", fields=["case", "version"]),
            models.CheckConstraint(
                name="received_notice_state_is_known", condition=Q(state__in=["delivered", "acknowledged"])
            ),
            models.CheckConstraint(
                name="received_notice_acknowledged_at_and_by_together",
                condition=Q(state="delivered", acknowledged_at=None, acknowledged_by="")
                | (Q(state="acknowledged", acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
            ),
        ]


class Delivery(models.Model):
    """One mail of a notice to one person. Exempt from history: written once, then marked as escalated once."""

    notice = models.ForeignKey(ReceivedNotice, on_delete=models.PROTECT, related_name="deliveries")
    email = models.ForeignKey("members.Email", on_delete=models.PROTECT, related_name="+", db_index=False)
    recipient = models.CharField(max_length=60)
    queued_at = models.DateTimeField()
    # When a mail that has not gone out by then is sent to somebody else too (BRE-09).
    escalate_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True)
