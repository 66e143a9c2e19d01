import uuid

from django.db import models
from django.db.models import Q


class TrailCheck(models.Model):
    """One check of the whole trail of this schema: every byte hashed anew, every record compared with its last image.

    Exempt from history: a measurement, written once while it runs; it regulates nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_at = models.DateTimeField()
    # As a trail names an actor: sealed under the person's key where there is one.
    asker = models.TextField()
    asker_key_id = models.UUIDField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # How far it is: events hashed, of how many.
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    seconds = models.FloatField(null=True)
    size = models.BigIntegerField(null=True)
    root = models.CharField(max_length=64, default="", blank=True)
    heads = models.IntegerField(default=0)
    # [[kind, sentence], …] as in catalogue.py; empty when the trail is whole.
    findings = models.JSONField(default=list)
    failure = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="trail_check_ends_after_it_began",
                condition=Q(finished_at=None, seconds=None) | Q(started_at__isnull=False, finished_at__isnull=False),
            ),
        ]
        indexes = [
            # Used by queries.waiting and the page of checks.
            models.Index(name="trail_check_newest", fields=["-requested_at"]),
        ]

    @property
    def is_sound(self) -> bool:
        return self.finished_at is not None and not self.findings and not self.failure
