import uuid

from django.db import models

from audit.history import History
from tenants.members.access_reviews import states


class AccessReview(models.Model):
    """Who may do what, looked through by somebody responsible every 180 days and signed off (P11-10d, P11-300b).

    `rows` holds a line for each person, `machines` one for each token, `visits` one for each entry of Complere's
    staff since the review before: ids and facts as they were when it was opened, no names (`catalogue.Line`).
    """

    STATES = states
    SIGNING = states.SIGNING
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=12, default=states.State.OPEN)
    state_changed_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    rows = models.JSONField(default=list)
    machines = models.JSONField(default=list)
    visits = models.JSONField(default=list)
    note = models.TextField(default="", blank=True)

    history = History(excluded_fields=["reminded_at"])

    class Meta:
        verbose_name = "access review"
        constraints = [
            models.CheckConstraint(name="access_review_state_is_known", condition=models.Q(state__in=[*states.State])),
        ]
