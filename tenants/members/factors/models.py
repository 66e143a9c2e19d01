import uuid

from django.db import models
from django.db.models import Q

from audit.encryption import PersonalText
from audit.history import History
from tenants.members.factors.catalogue import WORDS, Kind


class Factor(models.Model):
    """Something that a person has, to sign with beside the password: an authenticator app or a passkey (§11.200).

    The secret of an app is sealed under the person's key and in no history; it is wiped with the removal.
    """

    # About colleagues, as everything here.
    looks_are_logged = False
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="factors", db_index=False)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=[*WORDS.items()])
    name = PersonalText()
    secret = models.BinaryField(default=b"")
    # The step of the last code that was taken: each code is good once (RFC 6238, 5.2).
    last_step = models.BigIntegerField(null=True)
    credential_id = models.TextField(null=True)
    public_key = models.TextField(default="", blank=True)
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    # Empty until a code or the new passkey itself showed that it works (§11.300(e)).
    confirmed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    # Using a factor is no act on its record.
    history = History(excluded_fields=["secret", "last_step", "sign_count", "last_used_at"])

    class Meta:
        verbose_name = "signing factor"
        constraints = [
            models.UniqueConstraint(name="passkey_registered_once", fields=["credential_id"]),
            models.CheckConstraint(name="factor_kind_is_known", condition=Q(kind__in=[*Kind])),
            models.CheckConstraint(
                name="factor_has_a_credential_exactly_when_a_passkey",
                condition=Q(kind="passkey", credential_id__isnull=False) | Q(kind="totp", credential_id=None),
            ),
        ]
