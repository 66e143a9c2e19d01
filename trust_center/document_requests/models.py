import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from audit.encryption import PersonalText
from audit.history import History
from trust_center.document_requests import states


class DocumentRequest(models.Model):
    """Somebody asks for documents. Who they are is encrypted under a key of their own (GDPR Art. 32)."""

    STATES = states

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Random, so that it can be read out on the phone and tells nobody how many there are.
    reference = models.CharField(max_length=20, unique=True)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    name = PersonalText()
    email = PersonalText()
    email_index = models.CharField(max_length=64)
    company = PersonalText()
    # Keyed digests of the words of name and company, for the search of the queue.
    words = ArrayField(models.CharField(max_length=24), default=list)
    country = models.CharField(max_length=2)
    purpose = models.CharField(max_length=20)
    message = PersonalText(default="", blank=True)
    is_customer = models.BooleanField()
    kinds = ArrayField(models.CharField(max_length=30))
    # A signed-in member of a tenant asks in the tenant's name; text, since users live in the tenant's schema.
    tenant_id = models.UUIDField(null=True)
    tenant_name = models.CharField(max_length=120, blank=True)
    member_id = models.UUIDField(null=True)
    # The serving region decides the business day (DOC-02).
    region = models.CharField(max_length=20)
    calendar = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=64)
    disposable_mail = models.BooleanField(default=False)
    asked_again = models.PositiveIntegerField(default=0)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged", db_index=False)
    # One form answers once, and the same content asks once.
    form_nonce = models.CharField(max_length=64, unique=True)
    content_index = models.CharField(max_length=64)

    state = models.CharField(max_length=30, default=states.State.AWAITING_CONFIRMATION)
    state_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    confirm_by = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    # Start and end of the running promise; empty while it is stopped or over.
    clock_started_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    answer_by = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(null=True)
    closed_because = models.TextField(blank=True)
    # Of the answered ones: business minutes that the answer took, and why it came late.
    answer_minutes = models.PositiveIntegerField(null=True)
    was_late = models.BooleanField(default=False)
    late_because = models.TextField(blank=True)

    history = History(excluded_fields=["email_index", "words", "form_nonce", "content_index"])

    class Meta:
        verbose_name = "request"
        indexes = [
            # Used by queries.queue, soonest due first. Holds only what is open.
            models.Index(name="docreq_due", fields=["due_at"], condition=Q(state__in=[*states.OPEN])),
            # Used by queries.queue and on_time for what is over.
            models.Index(name="docreq_closed", fields=["-closed_at"], condition=Q(closed_at__isnull=False)),
            # Used by queries.to_expire. Holds only what still waits for somebody outside.
            models.Index(name="docreq_confirm_by", fields=["confirm_by"], condition=Q(state="awaiting_confirmation")),
            models.Index(name="docreq_answer_by", fields=["answer_by"], condition=Q(state="information_asked")),
            # Used by queries.of_tenant.
            models.Index(
                name="docreq_tenant", fields=["tenant_id", "-created_at"], condition=Q(tenant_id__isnull=False)
            ),
            # Used by queries.queue, when somebody searches.
            models.Index(name="docreq_email", fields=["email_index"]),
            GinIndex(name="docreq_words", fields=["words"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="one_open_request_of_a_person_for_the_same_documents",
                fields=["email_index", "kinds", "tenant_id"],
                condition=Q(state__in=[*states.OPEN]),
                # All who ask on the public form ask at one door.
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="docreq_state_is_known", condition=Q(state__in=[*states.State])),
            models.CheckConstraint(name="docreq_purpose_is_known", condition=Q(purpose__in=[*states.Purpose])),
            models.CheckConstraint(name="docreq_asks_for_something", condition=Q(kinds__len__gt=0)),
            models.CheckConstraint(
                name="docreq_received_before_anyone_sees_it",
                condition=Q(state__in=["awaiting_confirmation", "merged", "expired"]) | Q(received_at__isnull=False),
            ),
            models.CheckConstraint(
                name="docreq_closed_at_and_by",
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="docreq_open_exactly_until_closed",
                condition=Q(state__in=["awaiting_confirmation", *states.OPEN], closed_at=None)
                | (~Q(state__in=["awaiting_confirmation", *states.OPEN]) & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="docreq_clock_runs_only_while_open", condition=Q(due_at=None) | Q(state__in=[*states.OPEN])
            ),
            models.CheckConstraint(
                name="docreq_member_asks_for_a_tenant",
                condition=Q(tenant_id=None, member_id=None, tenant_name="")
                | Q(tenant_id__isnull=False, member_id__isnull=False),
            ),
        ]


class Pass(models.Model):
    """A mailed link that opens one request for the person who made it. The token is kept as a digest only.

    Exempt from history: what is done with it is recorded on the request.
    """

    token_hash = models.CharField(max_length=64, primary_key=True)
    request = models.ForeignKey(DocumentRequest, on_delete=models.PROTECT, related_name="passes")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        # Used by queries.passes_over and next_pass_over.
        indexes = [models.Index(name="pass_expires", fields=["expires_at"])]


class Enquiry(models.Model):
    """A question to the requester. The first one stops the clock, once (clocks A.3)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DocumentRequest, on_delete=models.PROTECT, related_name="enquiries")
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    question = PersonalText()
    asked_at = models.DateTimeField()
    asked_by = models.TextField()
    stopped_clock = models.BooleanField()
    answer = PersonalText(default="", blank=True)
    answered_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_unanswered_enquiry_of_a_request", fields=["request"], condition=Q(answered_at=None)
            ),
            models.UniqueConstraint(
                name="clock_of_a_request_is_stopped_once", fields=["request"], condition=Q(stopped_clock=True)
            ),
        ]


class Grant(models.Model):
    """One document given to one requester: a personal link that ends, can be revoked, and counts its downloads."""

    STATES = states.LinkStates

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DocumentRequest, on_delete=models.PROTECT, related_name="grants")
    version = models.ForeignKey("trust_center.DocumentVersion", on_delete=models.PROTECT, related_name="grants")
    token_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=10, default=states.Link.OPEN)
    state_changed_at = models.DateTimeField()
    granted_at = models.DateTimeField()
    granted_by = models.TextField()
    # Who checked that a non-disclosure agreement is in force, where the document needs one.
    nda_checked_by = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    max_downloads = models.PositiveIntegerField()
    downloads = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.TextField(null=True)
    revoked_because = models.TextField(blank=True)

    # Each download is a row of its own: counting them is no change of the grant.
    history = History(excluded_fields=["token_hash", "downloads"])

    class Meta:
        verbose_name = "link"
        constraints = [
            models.CheckConstraint(name="grant_state_is_known", condition=Q(state__in=[*states.Link])),
            models.CheckConstraint(name="grant_counts_to_its_limit", condition=Q(downloads__lte=F("max_downloads"))),
            models.CheckConstraint(
                name="grant_revoked_at_and_by",
                condition=Q(state="open", revoked_at=None, revoked_by=None)
                | Q(state="revoked", revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]


class Download(models.Model):
    """One download of a granted document (DOC-05). Exempt from history: rows are only ever added."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="log")
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    address = PersonalText(default="", blank=True)
    sha256 = models.CharField(max_length=64)
