import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.history import History
from tenants.members.api_tokens.states import Purpose


class AccessToken(models.Model):
    """A token with which a machine comes in, for some scopes and until a day. Kept as a keyed digest only (P11-10h)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10)
    name = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=60), default=list)
    networks = ArrayField(models.CharField(max_length=50), default=list)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.TextField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.TextField(null=True)
    # When people were told that it ends soon, and that it has ended.
    warned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["digest", "last_used_at", "warned_at", "ended_at"])

    class Meta:
        verbose_name = "access token"
        constraints = [
            models.CheckConstraint(name="token_purpose_is_known", condition=models.Q(purpose__in=[*Purpose])),
            models.CheckConstraint(
                name="token_revoked_at_and_by_together",
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]
