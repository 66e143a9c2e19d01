from django.db import models

from audit.encryption import PersonalText
from audit.history import History


class FederatedIdentity(models.Model):
    """That a subject of an identity provider is a person here. Never found by e-mail (ASVS 6.8.1)."""

    # About colleagues, as everything here.
    looks_are_logged = False
    # Keyed digest of provider, issuer and subject: one row for each, and found without reading any.
    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="identities", db_index=False)
    provider = models.ForeignKey(
        "members.IdentityProvider", on_delete=models.PROTECT, related_name="identities", db_index=False
    )
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = PersonalText()
    linked_at = models.DateTimeField()
    linked_by = models.TextField()
    last_used_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["last_used_at"])

    class Meta:
        verbose_name = "identity at a provider"
