import uuid

from django.db import models

from audit.history import History
from audit.reconciliation.catalogue import Kind


class Finding(models.Model):
    """Where the ledger, the history, the records or the database's own structure disagree, from when until when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    # As in catalogue.Difference: no personal data, only where to look.
    place = models.TextField()
    text = models.TextField()
    first_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        verbose_name = "finding"
        constraints = [
            models.CheckConstraint(
                name="finding_is_resolved_after_it_was_seen",
                condition=models.Q(resolved_at=None) | models.Q(resolved_at__gte=models.F("first_seen_at")),
            ),
        ]
