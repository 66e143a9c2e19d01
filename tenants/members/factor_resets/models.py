import uuid

from django.db import models
from django.db.models import Q

from audit.history import History
from tenants.members.factor_resets import states


class FactorReset(models.Model):
    """Somebody asks that a person's factors be removed, and another decides: no administrator alone can (P11-200a3)."""

    STATES = states

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="factor_resets", db_index=False)
    state = models.CharField(max_length=10, default=states.State.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        "members.User", on_delete=models.PROTECT, related_name="+", db_index=False, null=True
    )

    history = History()

    class Meta:
        verbose_name = "reset of signing factors"
        constraints = [
            models.CheckConstraint(name="factor_reset_state_is_known", condition=Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="factor_reset_decided_at_and_by_together",
                condition=Q(state="asked", decided_at=None, decided_by=None)
                | (~Q(state="asked") & Q(decided_at__isnull=False, decided_by__isnull=False)),
            ),
            # Two people at least, and never the one whose factors they are.
            models.CheckConstraint(
                name="factor_reset_is_decided_by_another_person",
                condition=Q(decided_by=None) | (~Q(decided_by=models.F("asked_by")) & ~Q(decided_by=models.F("user"))),
            ),
        ]
