import uuid

from django.db import models
from django.db.models import Q

from audit.history import History
from trust_center.documents import states


class Document(models.Model):
    """One of the documents that Complere gives on request. Its text lives in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    history = History()

    class Meta:
        constraints = [models.CheckConstraint(name="document_kind_is_known", condition=Q(kind__in=[*states.Kind]))]


class DocumentVersion(models.Model):
    """One dated version: the facts it was made from, and the PDF with its hash. Neither changes once it is printed."""

    STATES = states
    SIGNING = states.SIGNING

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    effective_on = models.DateField()
    classification = models.CharField(max_length=20)
    needs_nda = models.BooleanField()
    changes = models.TextField()
    state = models.CharField(max_length=20, default=states.State.PREPARING)
    state_changed_at = models.DateTimeField()
    prepared_at = models.DateTimeField()
    prepared_by = models.TextField()
    prepared_by_id = models.UUIDField(null=True)
    # What the text was made from, as it was at that moment, and its hash: tells whether the world has moved on.
    facts = models.JSONField()
    facts_hash = models.CharField(max_length=64)
    # When the printing chore must next look; empty once there is nothing left to print.
    print_at = models.DateTimeField(null=True)
    print_tries = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True)
    printed_at = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    pdf = models.BinaryField(null=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.TextField(null=True)

    history = History(excluded_fields=["facts", "pdf", "print_at", "print_tries"])

    class Meta:
        verbose_name = "version"
        indexes = [
            # Used by queries.to_print. Holds only what still waits.
            models.Index(name="version_print_at", fields=["print_at"], condition=Q(print_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(name="version_number_is_used_once", fields=["document", "number"]),
            models.UniqueConstraint(
                name="one_published_version_of_a_document", fields=["document"], condition=Q(state="published")
            ),
            models.UniqueConstraint(
                name="one_version_of_a_document_in_the_making",
                fields=["document"],
                condition=Q(state__in=[*states.IN_THE_MAKING]),
            ),
            models.CheckConstraint(name="version_state_is_known", condition=Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="version_classification_is_known", condition=Q(classification__in=[*states.Classification])
            ),
            models.CheckConstraint(
                name="version_waits_for_print_exactly_while_preparing",
                condition=Q(state="preparing", print_at__isnull=False) | (~Q(state="preparing") & Q(print_at=None)),
            ),
            models.CheckConstraint(
                name="version_pdf_stands_with_hash_pages_and_moment",
                condition=Q(
                    pdf__isnull=False, printed_at__isnull=False, pages__isnull=False, sha256__regex=r"^[0-9a-f]{64}$"
                )
                | Q(pdf=None, printed_at=None, pages=None, sha256=""),
            ),
            models.CheckConstraint(
                name="version_is_printed_before_it_is_a_draft",
                condition=~Q(state__in=[*states.PRINTED]) | Q(pdf__isnull=False),
            ),
            models.CheckConstraint(
                name="version_published_at_and_by",
                condition=Q(published_at=None, published_by=None)
                | Q(published_at__isnull=False, published_by__isnull=False),
            ),
        ]


class SignedCopy(models.Model):
    """The file that is given out: the PDF that was signed, followed by a page that prints its signatures (§11.50(b)).

    Exempt from history: it is made from the signed version and its signatures, and the same however often it is made.
    """

    version = models.OneToOneField(
        DocumentVersion, on_delete=models.PROTECT, primary_key=True, related_name="signed_copy"
    )
    # When the printing chore must next look; empty once it is made.
    print_at = models.DateTimeField(null=True)
    printed_at = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    pdf = models.BinaryField(null=True)

    class Meta:
        verbose_name = "signed copy"
        indexes = [
            # Used by queries.copies_to_make. Holds only what still waits.
            models.Index(name="signed_copy_print_at", fields=["print_at"], condition=Q(print_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="signed_copy_waits_or_stands_with_hash_and_pages",
                condition=Q(print_at__isnull=False, pdf=None, printed_at=None, pages=None, sha256="")
                | Q(print_at=None, pdf__isnull=False, printed_at__isnull=False, pages__isnull=False)
                & Q(sha256__regex=r"^[0-9a-f]{64}$"),
            ),
        ]
