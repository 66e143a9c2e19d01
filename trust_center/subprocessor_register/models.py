from django.db import models

from audit.history import History
from trust_center.subprocessor_register import states


class Listing(models.Model):
    """One version of one sub-processor's entry (GDPR Art. 28(2), SUB-07).

    Category, purpose, region, location and transfer tool are public; the vendor's name, address
    and contact stand in the DPA and are shown to signed-in tenants.
    """

    STATES = states

    code = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    category = models.CharField(max_length=120)
    purpose = models.TextField()
    personal_data = models.TextField()
    region = models.CharField(max_length=120)
    location = models.CharField(max_length=200)
    transfer_tool = models.CharField(max_length=200)
    vendor = models.CharField(max_length=200)
    vendor_address = models.TextField()
    vendor_contact = models.CharField(max_length=200)
    # Sub-processors of the sub-processor, as far as they see personal data.
    chain = models.TextField(blank=True)
    # Since when this vendor processes; kept until the vendor is replaced.
    engaged_on = models.DateField()
    # From when this version holds.
    effective_on = models.DateField()
    state = models.CharField(max_length=10, default=states.State.DRAFT)
    state_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    source_digest = models.CharField(max_length=64, blank=True)
    from_file = models.BooleanField(default=False)

    history = History()

    class Meta:
        verbose_name = "sub-processor entry"
        indexes = [
            # Used by queries.announced_until. Holds only what still waits.
            models.Index(name="listing_takes_effect", fields=["effective_on"], condition=models.Q(state="announced")),
        ]
        constraints = [
            models.UniqueConstraint(name="one_listing_of_a_code_and_version", fields=["code", "version"]),
            *(
                models.UniqueConstraint(
                    name=f"one_{state}_listing_of_a_code", fields=["code"], condition=models.Q(state=state)
                )
                for state in ("draft", "announced", "current")
            ),
            models.CheckConstraint(name="listing_state_is_known", condition=models.Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="listing_published_says_when",
                condition=~models.Q(state__in=["announced", "current"]) | models.Q(published_at__isnull=False),
            ),
        ]


class Edition(models.Model):
    """The public register as it stood from one moment on, with its digest (SUB-09).

    Exempt from history: it is written once and never changed.
    """

    number = models.PositiveIntegerField(primary_key=True)
    digest = models.CharField(max_length=64)
    content = models.TextField()
    published_at = models.DateTimeField()
