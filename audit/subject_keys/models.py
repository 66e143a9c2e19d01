import uuid

from django.db import models


class TenantKey(models.Model):
    """A key of this schema, wrapped by the root key. Exempt from history: it is no record of anyone's act."""

    class Purpose(models.TextChoices):
        WRAP = "wrap", "wraps the keys of people"
        BLIND = "blind", "keys the blind indexes"

    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_tenant_key_of_a_purpose_and_version", fields=["purpose", "version"]),
        ]


class SubjectKey(models.Model):
    """One person's key. A destroyed one keeps its row, so that what it opened says “erased”.

    Exempt from history: its own columns tell who destroyed it, when and why, and a copy of the key would undo that.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)
    destroyed_by = models.TextField(null=True)
    destroyed_because = models.TextField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="subject_key_is_whole_or_destroyed_with_who_and_why",
                condition=models.Q(wrapped__isnull=False, destroyed_at=None, destroyed_by=None, destroyed_because=None)
                | models.Q(
                    wrapped=None,
                    destroyed_at__isnull=False,
                    destroyed_by__isnull=False,
                    destroyed_because__isnull=False,
                ),
            ),
        ]
