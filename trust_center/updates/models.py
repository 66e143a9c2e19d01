import uuid

from django.db import models

from audit.encryption import PersonalText
from audit.history import History
from trust_center.updates import states


class Update(models.Model):
    """One published change, as the public reads it on /changes/ and in the feed.

    Exempt from history: it is written once, in the transaction of the change that it tells of;
    only `told_at` is filled in once the mails are queued.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    topic = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    text = models.TextField()
    # Where on the site the changed thing stands.
    path = models.CharField(max_length=200)
    published_at = models.DateTimeField()
    effective_on = models.DateField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Used by queries.public_changes.
            models.Index(name="update_published", fields=["-published_at"]),
            # Used by queries.untold. Holds only what still waits.
            models.Index(name="update_untold", fields=["published_at"], condition=models.Q(told_at=None)),
        ]
        constraints = [
            models.CheckConstraint(name="update_topic_is_known", condition=models.Q(topic__in=[*states.Topic])),
        ]


class Subscription(models.Model):
    """Somebody who wants changes by mail. Ending it erases the person's key, and with it the address."""

    STATES = states

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    email = PersonalText()
    # Empty once ended, so that the address can be subscribed again as a new person.
    email_index = models.CharField(max_length=64, unique=True, null=True)
    # Sub-processor changes always; this adds changes of promises and clauses.
    every_change = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True, null=True)
    state = models.CharField(max_length=10, default=states.State.PENDING)
    state_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    mailed_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["email_index", "token_hash", "mailed_at"])

    class Meta:
        indexes = [
            # Used by queries.unconfirmed. Holds only what still waits.
            models.Index(name="subscription_expires", fields=["expires_at"], condition=models.Q(state="pending")),
        ]
        constraints = [
            models.CheckConstraint(name="subscription_state_is_known", condition=models.Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="subscription_holds_an_address_until_it_ends",
                condition=models.Q(state="ended", email_index=None, token_hash=None)
                | (~models.Q(state="ended") & models.Q(email_index__isnull=False)),
            ),
            models.CheckConstraint(
                name="subscription_waits_exactly_while_pending",
                condition=models.Q(state="pending", token_hash__isnull=False, expires_at__isnull=False)
                | (~models.Q(state="pending") & models.Q(token_hash=None, expires_at=None)),
            ),
            models.CheckConstraint(
                name="subscription_confirmed_says_when",
                condition=~models.Q(state="confirmed") | models.Q(confirmed_at__isnull=False),
            ),
        ]
