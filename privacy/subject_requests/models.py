import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from audit.encryption import PersonalText
from audit.history import History
from privacy.deadlines.clock import earliest_receipt
from privacy.subject_requests import catalogue, states


class SubjectRequest(models.Model):
    """What a person asks of a controller under GDPR Art. 15 to 22 and 7(3), and what was answered.

    Name and address are sealed under `subject_key`, what the person wrote and attached under `content_key`:
    destroying the second leaves the proof of a hand-over and nothing of its content.
    """

    STATES = states
    SIGNING = states.SIGNING

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=20, default=states.State.RECEIVED)
    state_changed_at = models.DateTimeField()
    right = models.CharField(max_length=20)

    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    content_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    subject_name = PersonalText()
    subject_email = PersonalText(default="", blank=True)
    email_index = models.CharField(max_length=64, blank=True)
    name_words = ArrayField(models.CharField(max_length=24), default=list)
    identifiers = PersonalText(default="", blank=True, key="content_key")
    details = PersonalText(default="", blank=True, key="content_key")
    relation = models.CharField(max_length=20)
    channel = models.CharField(max_length=20)

    received_at = models.DateTimeField()
    # When Complere had it first: the earlier of the two starts the clock (DSR-01).
    received_first_at = models.DateTimeField(null=True)
    late_entry_reason = models.TextField(blank=True)
    filed_at = models.DateTimeField()
    filed_by = models.TextField()
    # Of a request through the public form: when the person showed that the address is theirs.
    email_confirmed_at = models.DateTimeField(null=True)
    # One rendered form files one request, however often it is sent.
    form_token = models.UUIDField(null=True, unique=True)

    # The earliest open deadline of law or promise, so that lists sort by one column.
    due_at = models.DateTimeField()
    assignee = models.ForeignKey("members.User", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    identity_asked_at = models.DateTimeField(null=True)
    identity_doubt = PersonalText(default="", blank=True, key="content_key")
    identity_asked_for = PersonalText(default="", blank=True, key="content_key")
    validated_at = models.DateTimeField(null=True)
    validated_by = models.TextField(null=True)
    validation_check = models.CharField(max_length=20, blank=True)
    validation_note = PersonalText(default="", blank=True, key="content_key")

    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(null=True)
    answer = PersonalText(default="", blank=True, key="content_key")
    # The checklist of the answer as JSON: it can hold names, so it is sealed too.
    checklist = PersonalText(default="", blank=True, key="content_key")
    answer_open_until = models.DateTimeField(null=True)
    refusal_ground = models.CharField(max_length=20, blank=True)
    refusal_reasons = PersonalText(default="", blank=True, key="content_key")
    refusal_evidence = PersonalText(default="", blank=True, key="content_key")
    refusal_complaint = models.TextField(blank=True)
    refusal_remedy = models.TextField(blank=True)

    # On the platform: the tenant that is the controller, and the proof that it has the request.
    for_tenant = models.UUIDField(null=True)
    for_tenant_name = models.CharField(max_length=120, blank=True)
    handed_over_at = models.DateTimeField(null=True)
    handed_over_by = models.TextField(null=True)
    handed_over_reference = models.CharField(max_length=20, blank=True)
    # In the tenant: who at Complere took it, and under which reference.
    taken_by = models.TextField(blank=True)
    taken_reference = models.CharField(max_length=20, blank=True)

    history = History(excluded_fields=["email_index", "name_words", "form_token", "due_at"])

    class Meta:
        verbose_name = "data-subject request"
        indexes = [
            # Used by queries.listed: each filter reads its own index in order of due.
            models.Index(name="subject_request_due", fields=["due_at", "id"]),
            models.Index(name="subject_request_open_due", fields=["due_at", "id"], condition=Q(closed_at=None)),
            models.Index(name="subject_request_state_due", fields=["state", "due_at", "id"]),
            models.Index(name="subject_request_right_due", fields=["right", "due_at", "id"]),
            models.Index(name="subject_request_assignee_due", fields=["assignee", "due_at", "id"]),
            models.Index(
                name="subject_request_open_assignee", fields=["assignee", "due_at", "id"], condition=Q(closed_at=None)
            ),
            models.Index(name="subject_request_received", fields=["received_at", "id"]),
            # Used by queries.listed for a search, and by queries.same_request.
            models.Index(name="subject_request_email", fields=["email_index"], condition=~Q(email_index="")),
            GinIndex(name="subject_request_name_words", fields=["name_words"]),
        ]
        constraints = [
            models.CheckConstraint(name="subject_request_state_is_known", condition=Q(state__in=[*states.State])),
            models.CheckConstraint(name="subject_request_right_is_known", condition=Q(right__in=[*catalogue.Right])),
            models.CheckConstraint(
                name="subject_request_not_filed_before_it_was_received",
                condition=Q(received_at__lte=F("filed_at"))
                & (Q(received_first_at=None) | Q(received_first_at__lte=F("filed_at"))),
            ),
            models.CheckConstraint(
                name="subject_request_validated_at_by_and_check_together",
                condition=Q(validated_at=None, validated_by=None, validation_check="")
                | (Q(validated_at__isnull=False, validated_by__isnull=False) & ~Q(validation_check="")),
            ),
            models.CheckConstraint(
                name="subject_request_is_worked_only_once_validated",
                condition=~Q(state__in=sorted(states.AFTER_VALIDATION)) | Q(validated_at__isnull=False),
            ),
            models.CheckConstraint(
                name="subject_request_closed_with_who_and_when",
                condition=Q(state__in=sorted(states.CLOSED), closed_at__isnull=False, closed_by__isnull=False)
                | (~Q(state__in=sorted(states.CLOSED)) & Q(closed_at=None, closed_by=None)),
            ),
            models.CheckConstraint(
                name="subject_request_delivered_with_answer_and_checklist",
                condition=~Q(state="delivered") | (~Q(answer="") & ~Q(checklist="")),
            ),
            # GDPR Art. 12(4): reasons, complaint, judicial remedy.
            models.CheckConstraint(
                name="subject_request_refused_with_ground_and_three_parts",
                condition=~Q(state="refused")
                | (~Q(refusal_ground="") & ~Q(refusal_reasons="") & ~Q(refusal_complaint="") & ~Q(refusal_remedy="")),
            ),
            models.CheckConstraint(
                name="subject_request_forwarded_with_proof",
                condition=Q(
                    state="forwarded",
                    for_tenant__isnull=False,
                    handed_over_at__isnull=False,
                    handed_over_by__isnull=False,
                )
                & ~Q(handed_over_reference="")
                | ~Q(state="forwarded") & Q(handed_over_at=None, handed_over_by=None, handed_over_reference=""),
            ),
        ]

    @property
    def starts_at(self) -> datetime:
        """The receipt that starts the statutory clock: the earlier of the two (DSR-01)."""
        return earliest_receipt(*(at for at in (self.received_at, self.received_first_at) if at is not None))

    @property
    def type(self) -> catalogue.Type:
        return catalogue.TYPES[catalogue.Right(self.right)]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class RequestCounter(models.Model):
    """The last number given in a year. Exempt from history: it is no record of anyone's act."""

    year = models.PositiveIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)
