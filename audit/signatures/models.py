import uuid

from django.db import models

from audit.encryption import PersonalText
from audit.history import History
from audit.signatures.catalogue import Meaning


class Signature(models.Model):
    """An electronic signature over one version of one record, for one move. Never changed, never deleted (§11.70).

    `intent` is canonical JSON (RFC 8785) of all that was signed and `intent_digest` its SHA-256; the database refuses a
    row in which they differ, and one that another person than the acting one would have signed.
    """

    # The printed name of a colleague, shown wherever the record is.
    looks_are_logged = False
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act_id = models.UUIDField()
    kind = models.CharField(max_length=80)
    obj = models.CharField(max_length=80)
    pk_text = models.CharField(max_length=64, db_column="pk")
    signed_version = models.PositiveIntegerField()
    signed_leaf = models.CharField(max_length=64)
    from_state = models.CharField(max_length=40)
    to_state = models.CharField(max_length=40)
    meaning = models.CharField(max_length=20)
    signer_id = models.UUIDField()
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    # As it was printed at the moment of signing (§11.50(a)(1)).
    signer_name = PersonalText()
    signer_role = models.TextField()
    signed_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    methods = models.JSONField()
    authenticated_at = models.DateTimeField()
    evidence = models.JSONField(default=dict)
    reason = models.TextField()
    intent = models.TextField()
    intent_digest = models.CharField(max_length=64)
    # Set by the database: a signature of one transaction serves no other.
    transaction_id = models.BigIntegerField(default=0, editable=False)

    history = History(excluded_fields=["transaction_id"])

    class Meta:
        verbose_name = "electronic signature"
        indexes = [
            # Used by queries.of_record and by the guard of signed states.
            models.Index(name="signature_of_record", fields=["obj", "pk_text", "signed_version"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="one_signature_of_a_person_for_a_move",
                fields=["obj", "pk_text", "signed_version", "to_state", "signer_id"],
            ),
            models.CheckConstraint(name="signature_meaning_is_known", condition=models.Q(meaning__in=[*Meaning])),
        ]
