import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.crypto import salted_hmac

from audit.context import Actor
from audit.encryption import PersonalText
from audit.history import History
from audit.subject_keys.queries import seal_name
from tenants.schemas import current_schema


class UserManager(BaseUserManager):  # type: ignore[type-arg]
    """Rows come with the person's key and roles: both are looked at nearly always."""

    def get_queryset(self) -> "models.QuerySet[User]":
        return super().get_queryset().select_related("subject_key").prefetch_related("grants__custom")


class User(AbstractBaseUser):
    """A person who may sign in to this schema. Never deleted or reassigned, only deactivated (§11.100(a))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    email = PersonalText()
    email_index = models.CharField(max_length=64, unique=True)
    full_name = PersonalText()
    job_title = PersonalText(default="", blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True)
    deactivated_by = models.TextField(null=True)
    # Not Django's last_login: that one is saved by a signal receiver, outside of any reason.
    last_login = None
    last_sign_in_at = models.DateTimeField(null=True)
    failed_sign_ins = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    # Raised to end every session of this person at once.
    session_epoch = models.PositiveIntegerField(default=0)
    password_changed_at = models.DateTimeField(null=True)
    # Hashes of the passwords before this one, newest first: none of them is taken again.
    former_passwords = ArrayField(models.CharField(max_length=256), default=list)
    # Who looks after the account besides us: "" nobody, "sso" or "scim" an identity provider, with its own id for it.
    managed_by = models.CharField(max_length=10, default="", blank=True)
    external_id = models.CharField(max_length=255, default="", blank=True)

    # Colleagues' names are on every page: reading them is no look at a data subject's record.
    looks_are_logged = False
    USERNAME_FIELD = "email_index"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()
    # Counting failures is no act on a record; secrets and look-up digests have no place in a history.
    history = History(
        excluded_fields=[
            "password",
            "email_index",
            "last_sign_in_at",
            "failed_sign_ins",
            "locked_until",
            "session_epoch",
            "former_passwords",
        ]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="user_deactivated_at_and_by_together",
                condition=models.Q(deactivated_at=None, deactivated_by=None)
                | models.Q(deactivated_at__isnull=False, deactivated_by__isnull=False),
            ),
            models.CheckConstraint(
                name="user_is_active_or_deactivated",
                condition=models.Q(is_active=True, deactivated_at=None)
                | models.Q(is_active=False, deactivated_at__isnull=False),
            ),
        ]

    @property
    def role_keys(self) -> list[str]:
        return sorted(grant.role for grant in self.grants.all())

    @property
    def role_names(self) -> str:
        return ", ".join(grant.name for grant in sorted(self.grants.all(), key=lambda grant: grant.role))

    @property
    def actor(self) -> Actor:
        """This person as the trail will name them from now on (AT-01)."""
        return Actor(
            id=self.pk,
            name=self.full_name,
            role=self.role_names,
            key_id=self.subject_key_id,
            sealed=seal_name(self.full_name, self.subject_key),
            home=current_schema(),
        )

    def permissions(self) -> set[str]:
        return {permission for grant in self.grants.all() for permission in grant.permissions}

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return self.is_active and permission in self.permissions()

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and self.locked_until > now

    def get_session_auth_hash(self) -> str:
        """Bound to the schema: the same id and password in two schemas share no session."""
        return self._session_hash()

    def get_session_auth_fallback_hash(self) -> list[str]:
        return []

    def _session_hash(self) -> str:
        salt = f"complere.session|{current_schema()}|{self.session_epoch}"
        return salted_hmac(salt, self.password, algorithm="sha256").hexdigest()


class Invitation(models.Model):
    """A mailed invitation to become a user. The token is kept as a digest only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations", db_index=False)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    history = History(excluded_fields=["token_hash"])


class PasswordReset(models.Model):
    """A mailed link to set a new password, good once. Exempt from history: the reset itself is recorded on the user."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
