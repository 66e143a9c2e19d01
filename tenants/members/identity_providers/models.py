import uuid

from django.db import models
from django.db.models import Q

from audit.history import History
from tenants.members.identity_providers import states


class IdentityProvider(models.Model):
    """A tenant's own identity provider, and how its people become people here. Secrets are sealed and in no history.

    `settings` holds what only its kind has (`catalogue.Oidc`, `catalogue.Saml`); `mapping` which claims or attributes
    say who somebody is and which groups give which roles (`catalogue.Mapping`).
    """

    STATES = states
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, default=states.State.DRAFT)
    state_changed_at = models.DateTimeField()
    # Its own name for itself: the issuer (OpenID Connect) or entity id (SAML). Identity is this and the subject.
    issuer = models.CharField(max_length=500, default="", blank=True)
    settings = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    # Client secret (OpenID Connect) or private key (SAML), under the key of the schema.
    secret = models.BinaryField(default=b"")
    create_accounts = models.BooleanField(default=False)
    # Whether its word that a second factor was shown is taken.
    trusts_second_factor = models.BooleanField(default=False)
    # Whether it can be asked to sign: it answers with a fresh time of authentication.
    can_sign = models.BooleanField(default=False)
    last_test = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.TextField()

    history = History(excluded_fields=["secret", "last_test"])

    class Meta:
        verbose_name = "identity provider"
        constraints = [
            models.CheckConstraint(name="identity_provider_kind_is_known", condition=Q(kind__in=[*states.Kind])),
            models.CheckConstraint(name="identity_provider_state_is_known", condition=Q(state__in=[*states.State])),
        ]
