import uuid

from django.db import models
from django.db.models import Q

from audit.encryption import PersonalText
from audit.history import History
from privacy.case_files import states


class RequestFile(models.Model):
    """A file, sealed as bytes under the content key of its request: evidence that came in, or a part of the answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey("privacy.SubjectRequest", on_delete=models.PROTECT, related_name="files")
    content_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    purpose = models.CharField(max_length=10, default=states.Purpose.EVIDENCE)
    name = PersonalText(key="content_key")
    description = PersonalText(default="", blank=True, key="content_key")
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    added_at = models.DateTimeField()
    added_by = models.TextField()
    form_token = models.UUIDField(null=True, unique=True)

    history = History(excluded_fields=["content", "form_token"])

    class Meta:
        constraints = [
            models.CheckConstraint(name="request_file_purpose_is_known", condition=Q(purpose__in=[*states.Purpose])),
        ]


class RequestNote(models.Model):
    """What somebody wrote into the case file. Never edited: a correction is another note."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey("privacy.SubjectRequest", on_delete=models.PROTECT, related_name="notes")
    content_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    text = PersonalText(key="content_key")
    written_at = models.DateTimeField()
    written_by = models.TextField()
    form_token = models.UUIDField(null=True, unique=True)

    history = History(excluded_fields=["form_token"])


class RequestLink(models.Model):
    """A mailed link that lets the person, and nobody else, see their request. Kept as a digest only.

    Exempt from history: it is never changed, and each use is a row of its own.
    """

    token_hash = models.CharField(max_length=64, primary_key=True)
    request = models.ForeignKey(
        "privacy.SubjectRequest", on_delete=models.PROTECT, related_name="links", db_index=False
    )
    door = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        # Used by queries.links_over and next_link_over.
        indexes = [models.Index(name="request_link_expires", fields=["expires_at"])]


class RequestLinkUse(models.Model):
    """Who opened or downloaded what through a personal link (DSR-35). Exempt from history: rows are only ever added."""

    request = models.ForeignKey("privacy.SubjectRequest", on_delete=models.PROTECT, related_name="link_uses")
    what = models.CharField(max_length=60)
    used_at = models.DateTimeField()
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    # The network address it was used from.
    used_from = PersonalText(default="", blank=True)
