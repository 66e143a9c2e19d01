import uuid

from django.db import models

from audit.encryption import PersonalText
from tenants.members.outbox import states


class Email(models.Model):
    """A mail to be sent, written in the transaction that decided on it.

    Its id is the Message-ID, so that a mail sent twice after a crash is one mail for the reader.
    Exempt from history: a mail is never edited, and its own columns tell its life.
    """

    STATES = states

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    to = PersonalText()
    subject = PersonalText()
    body = PersonalText()
    html = PersonalText(default="", blank=True)
    # Where one press ends mails like this; empty for mails that nobody subscribed to.
    unsubscribe = PersonalText(default="", blank=True)
    # What the mail is about (`label:id`), for the page that shows whether it went out.
    about = models.CharField(max_length=120, blank=True)
    template = models.CharField(max_length=60)
    state = models.CharField(max_length=10, default=states.State.QUEUED)
    state_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    # When to try next; empty once it went out or failed for good.
    next_try_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    bounced_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Used by queries.due. Holds only what still waits.
            models.Index(name="email_next_try", fields=["next_try_at"], condition=models.Q(next_try_at__isnull=False)),
            # Used by queries.failed.
            models.Index(name="email_failed", fields=["-state_changed_at"], condition=models.Q(state="failed")),
            # Used by queries.about.
            models.Index(name="email_about", fields=["about"]),
        ]
        constraints = [
            models.CheckConstraint(name="email_state_is_known", condition=models.Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="email_waits_exactly_while_queued",
                condition=models.Q(state="queued", next_try_at__isnull=False)
                | (~models.Q(state="queued") & models.Q(next_try_at=None)),
            ),
        ]
