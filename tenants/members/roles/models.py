from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.history import History
from tenants.members.roles import catalogue


class CustomRole(models.Model):
    """A role that a tenant made for itself, from the permissions of the catalogue (P11-10d, P11-10g).

    Never deleted: what somebody was allowed in the past stays readable. A retired one is given to nobody any more.
    """

    # Generated: `c_` and eight hexadecimal digits.
    key = models.CharField(max_length=30, primary_key=True)
    name = models.CharField(max_length=60)
    purpose = models.CharField(max_length=200)
    permissions = ArrayField(models.CharField(max_length=60))
    created_at = models.DateTimeField()
    created_by = models.TextField()
    retired_at = models.DateTimeField(null=True)
    retired_by = models.TextField(null=True)

    history = History()

    class Meta:
        verbose_name = "role of this workspace"
        constraints = [
            models.CheckConstraint(
                name="custom_role_key_is_generated", condition=models.Q(key__regex=r"^c_[a-f0-9]{8}$")
            ),
            models.CheckConstraint(
                name="custom_role_retired_at_and_by_together",
                condition=models.Q(retired_at=None, retired_by=None)
                | models.Q(retired_at__isnull=False, retired_by__isnull=False),
            ),
        ]

    @property
    def carries(self) -> frozenset[str]:
        """What it allows: whatever stands in the row, never what only Complere's own roles may."""
        return frozenset(self.permissions) & catalogue.FOR_TENANTS


class RoleGrant(models.Model):
    """One role of one person. Taking it away deletes the row and writes the deletion into the history."""

    user = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="grants", db_index=False)
    # A key of the catalogue, or the key of `custom`.
    role = models.CharField(max_length=30)
    custom = models.ForeignKey(CustomRole, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    granted_at = models.DateTimeField()
    granted_by = models.TextField()

    history = History()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="role_granted_once", fields=["user", "role"]),
            models.CheckConstraint(
                name="granted_role_is_in_the_catalogue_or_made_here",
                condition=models.Q(role__in=[*catalogue.ROLES], custom=None)
                | models.Q(custom__isnull=False, role=models.F("custom")),
            ),
        ]

    @property
    def name(self) -> str:
        return self.custom.name if self.custom is not None else catalogue.ROLES[self.role].name

    @property
    def purpose(self) -> str:
        return self.custom.purpose if self.custom is not None else catalogue.ROLES[self.role].purpose

    @property
    def permissions(self) -> frozenset[str]:
        return self.custom.carries if self.custom is not None else catalogue.ROLES[self.role].permissions
