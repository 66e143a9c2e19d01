import uuid

from django.db import models
from django.db.models import F, Q

from audit.history import History
from privacy.deadlines import states


class Deadline(models.Model):
    """A duty with a last moment. Holds every input and step of its computation (CLK-07)."""

    STATES = states

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What it is about, as `app.model:id`; text, since features below and above use deadlines alike.
    subject = models.CharField(max_length=120)
    kind = models.CharField(max_length=30)
    basis = models.CharField(max_length=10)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, default=states.State.RUNNING)
    state_changed_at = models.DateTimeField()
    started_at = models.DateTimeField()
    # The first instant that is too late (CLK-03); for hours the safe bound (CLK-18).
    due_at = models.DateTimeField()
    last_day = models.DateField(null=True)
    time_zone = models.CharField(max_length=64)
    calendar_version = models.CharField(max_length=60, blank=True)
    computation = models.JSONField()
    # Seconds before the due moment at which somebody is told.
    alarms = models.JSONField(default=list)
    # When the sweep must next look; empty once nobody needs telling.
    next_alarm_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["next_alarm_at"])

    class Meta:
        indexes = [
            # Used by queries.needing_alarm. Holds only the rows still waiting.
            models.Index(
                name="deadline_next_alarm", fields=["next_alarm_at"], condition=Q(next_alarm_at__isnull=False)
            ),
            # Used by queries.of.
            models.Index(name="deadline_subject", fields=["subject"]),
        ]
        constraints = [
            models.CheckConstraint(name="deadline_state_is_known", condition=Q(state__in=[*states.State])),
            models.CheckConstraint(name="deadline_basis_is_known", condition=Q(basis__in=[*states.Basis])),
            models.CheckConstraint(
                name="deadline_met_has_its_moment",
                condition=Q(state="met", met_at__isnull=False) | (~Q(state="met") & Q(met_at=None)),
            ),
            models.CheckConstraint(
                name="deadline_alarms_only_while_open",
                condition=Q(next_alarm_at=None) | Q(state__in=["running", "suspended", "missed"]),
            ),
            models.CheckConstraint(name="deadline_ends_after_it_starts", condition=Q(due_at__gt=F("started_at"))),
        ]

    @property
    def was_late(self) -> bool:
        return self.met_at is not None and self.met_at >= self.due_at


class Alarm(models.Model):
    """An alarm that rang, once. Exempt from history: rows are only ever added."""

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="rung", db_index=False)
    due_at = models.DateTimeField()
    rung_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="alarm_rings_once", fields=["deadline", "due_at"])]
