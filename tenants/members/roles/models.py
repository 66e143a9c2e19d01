from django.db import models

from audit.history import History
from tenants.members.roles import catalogue


class RoleGrant(models.Model):
    """One role of one person. Taking it away deletes the row and writes the deletion into the history."""

    user = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="grants", db_index=False)
    role = models.CharField(max_length=30)
    granted_at = models.DateTimeField()
    granted_by = models.TextField()

    history = History()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="role_granted_once", fields=["user", "role"]),
            models.CheckConstraint(
                name="granted_role_is_in_the_catalogue", condition=models.Q(role__in=[*catalogue.ROLES])
            ),
        ]

    @property
    def name(self) -> str:
        return catalogue.ROLES[self.role].name
