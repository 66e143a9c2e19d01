import uuid

from django.db import models
from django.db.models import F, Q

from audit.encryption import PersonalText
from audit.history import History
from privacy.incidents import catalogue, states


class Scale(models.Model):
    """How many people and records, of which categories. No number and no reason: nobody has looked yet."""

    subject_categories = models.TextField(blank=True)
    subjects_number = models.PositiveBigIntegerField(null=True)
    subjects_unknown_because = models.TextField(blank=True)
    record_categories = models.TextField(blank=True)
    records_number = models.PositiveBigIntegerField(null=True)
    records_unknown_because = models.TextField(blank=True)
    # Names of fields whose answer is “unknown yet”, which is not the same as empty (BRE-07).
    unknown_yet = models.JSONField(default=list)

    class Meta:
        abstract = True


class Incident(Scale):
    """What happened or may have happened; also the entry of the breach register (GDPR Art. 33(5))."""

    STATES = states
    SIGNING = states.SIGNING

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    # Of the form that logged it: the same form sent twice makes one incident.
    form_token = models.UUIDField(null=True, unique=True)
    # Of the people whom the record names: who decided, the contact point.
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=20, default=states.State.LOGGED)
    state_changed_at = models.DateTimeField()
    state_reason = models.TextField(blank=True)
    logged_at = models.DateTimeField()
    logged_by_id = models.UUIDField(null=True)
    logged_by = models.TextField()
    title = models.CharField(max_length=160)
    description = models.TextField()
    natures = models.JSONField(default=list)
    # This schema's owner is the controller of data concerned: Art. 33(1) binds it (BRE-17).
    own_data = models.BooleanField()
    # Complere, as processor, told us of it; the case was opened by its notice.
    told_by_processor = models.BooleanField(default=False)

    detected_at = models.DateTimeField()
    investigation_started_at = models.DateTimeField(null=True)
    aware_at = models.DateTimeField(null=True)
    awareness_reason = models.TextField(blank=True)
    certainty = models.TextField(blank=True)
    decided_by = PersonalText(default="", blank=True)
    subprocessor = models.CharField(max_length=160, blank=True)
    subprocessor_told_at = models.DateTimeField(null=True)

    likely_consequences = models.TextField(blank=True)
    measures_taken = models.TextField(blank=True)
    measures_proposed = models.TextField(blank=True)
    recommended_actions = models.TextField(blank=True)
    contact_name = PersonalText(default="", blank=True)
    contact_email = PersonalText(default="", blank=True)
    contact_phone = PersonalText(default="", blank=True)

    notification = models.CharField(max_length=20, default=states.Notification.UNDECIDED)
    notification_reason = models.TextField(blank=True)
    authority = models.CharField(max_length=160, blank=True)
    authority_reference = models.CharField(max_length=160, blank=True)
    authority_told_at = models.DateTimeField(null=True)
    authority_delay_reasons = models.TextField(blank=True)

    history = History(excluded_fields=["form_token"])

    class Meta:
        indexes = [models.Index(name="incident_newest", fields=["-logged_at"])]
        constraints = [
            models.CheckConstraint(name="incident_state_is_known", condition=Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="incident_aware_not_before_detected",
                condition=Q(aware_at=None) | Q(aware_at__gte=F("detected_at")),
            ),
            models.CheckConstraint(
                name="incident_breach_has_its_awareness",
                condition=~Q(state__in=["confirmed_breach", "contained"]) | Q(aware_at__isnull=False),
            ),
            models.CheckConstraint(
                name="incident_not_notifiable_has_a_reason",
                condition=~Q(notification="not_notifiable") | ~Q(notification_reason=""),
            ),
            models.CheckConstraint(
                name="incident_authority_told_is_named", condition=Q(authority_told_at=None) | ~Q(authority="")
            ),
        ]

    @property
    def content(self) -> dict[str, object]:
        """The eight parts that an authority or a controller is told (Art. 33(3))."""
        names = ("natures", *catalogue.MAY_BE_UNKNOWN, "unknown_yet", "contact_name", "contact_email", "contact_phone")
        scale = ("subjects_number", "subjects_unknown_because", "records_number", "records_unknown_because")
        values = {name: getattr(self, name) for name in (*names, *scale)}
        return catalogue.content({**values, "nature_text": self.description})

    @property
    def is_breach(self) -> bool:
        return self.state in states.BREACH


class AffectedTenant(Scale):
    """A tenant whose data an incident of Complere concerns, with figures of its own (BRE-10). On the platform only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="affected", db_index=False)
    tenant_id = models.UUIDField()
    tenant_name = models.CharField(max_length=120)
    # What happened to this tenant's data, in words that only this tenant is told.
    particulars = models.TextField(blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    notified_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="tenant_affected_once_by_an_incident", fields=["incident", "tenant_id"]),
            models.CheckConstraint(
                name="notified_tenant_is_not_removed", condition=Q(removed_at=None) | Q(notified_at=None)
            ),
        ]
