from django.db import models

from audit.history import History
from trust_center.claims import catalogue, states


class Statement(models.Model):
    """One version of one thing the public pages say. The published version stays public while the next is a draft."""

    STATES = states
    SIGNING = states.SIGNING

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    part = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    position = models.PositiveIntegerField()
    kicker = models.CharField(max_length=80, blank=True)
    heading = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    # A second paragraph; for a clause, what stays the customer's duty.
    more = models.TextField(blank=True)
    # The rule behind a claim and how it is kept, in words a buyer can check.
    kept_by = models.TextField(blank=True)
    rules = models.JSONField(default=list, blank=True)
    support = models.CharField(max_length=12, blank=True)
    # What the button of a card says, and the document it asks for.
    action = models.CharField(max_length=60, blank=True)
    document = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, default=states.State.DRAFT)
    state_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    # Digest of the file's entry that this version descends from; written by hand unless `from_file`.
    source_digest = models.CharField(max_length=64, blank=True)
    from_file = models.BooleanField(default=False)

    history = History()

    class Meta:
        verbose_name = "statement"
        constraints = [
            models.UniqueConstraint(name="one_statement_of_a_code_and_version", fields=["code", "version"]),
            models.UniqueConstraint(
                name="one_published_version_of_a_statement",
                fields=["code"],
                condition=models.Q(state="published"),
            ),
            models.UniqueConstraint(
                name="one_draft_of_a_statement", fields=["code"], condition=models.Q(state="draft")
            ),
            models.CheckConstraint(name="statement_state_is_known", condition=models.Q(state__in=[*states.State])),
            models.CheckConstraint(name="statement_kind_is_known", condition=models.Q(kind__in=[*states.Kind])),
            models.CheckConstraint(name="statement_part_is_known", condition=models.Q(part__in=[*catalogue.PARTS])),
            models.CheckConstraint(
                name="statement_published_says_when",
                condition=~models.Q(state="published") | models.Q(published_at__isnull=False),
            ),
            # A promise without a rule behind it may not be made (CLM-01).
            models.CheckConstraint(
                name="claim_names_its_rule", condition=~models.Q(kind="claim") | ~models.Q(kept_by="")
            ),
            models.CheckConstraint(
                name="clause_says_what_is_supported",
                condition=~models.Q(kind="clause") | models.Q(support__in=[*states.Support]),
            ),
        ]


class SecurityContact(models.Model):
    """How to report a vulnerability: the content of security.txt (RFC 9116). One row."""

    contacts = models.JSONField(default=list)
    languages = models.CharField(max_length=60, default="en")
    # When somebody last checked that the contacts answer; `Expires` counts from here.
    reviewed_at = models.DateTimeField()
    only = models.BooleanField(default=True, unique=True, editable=False)

    history = History(excluded_fields=["only"])

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_security_contact_row", condition=models.Q(only=True)),
        ]
