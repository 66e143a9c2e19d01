from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.history import History


class Safeguard(models.Model):
    """What stands between a person's factors and misuse: the lock at signing (§11.300(d)) and the recovery codes.

    Failures are counted outside of the history: what strangers try is no act on a record. The lock is one.
    """

    # The person's own: there is one for each.
    id = models.UUIDField(primary_key=True, editable=False)
    failed_at = ArrayField(models.DateTimeField(), default=list)
    locked_until = models.DateTimeField(null=True)
    recovery_digests = ArrayField(models.CharField(max_length=64), default=list)
    recovery_left = models.PositiveSmallIntegerField(default=0)
    recovery_made_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["failed_at", "recovery_digests"])
