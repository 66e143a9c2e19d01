import uuid

from django.db import models

from audit.encryption import PersonalText
from audit.history import History


class Contact(models.Model):
    """Whom a breach notice goes to: the security and the privacy contact of this schema (BRE-09)."""

    class Kind(models.TextChoices):
        SECURITY = "security", "Security contact"
        PRIVACY = "privacy", "Privacy contact"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, unique=True)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    full_name = PersonalText()
    email = PersonalText()
    phone = PersonalText(default="", blank=True)
    changed_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    verification_hash = models.CharField(max_length=64, blank=True)
    verification_sent_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["verification_hash"])
