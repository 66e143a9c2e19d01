from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.history import History
from tenants.members.access_policies.catalogue import TENANT, SecondFactor


class AccessPolicy(models.Model):
    """The rules of a schema about sign-in and sessions: one row, made when they are first changed (P11-10d)."""

    # There is one.
    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    second_factor = models.CharField(max_length=10, default=SecondFactor.OPTIONAL)
    second_factor_roles = ArrayField(models.CharField(max_length=30), default=list)
    idle_minutes = models.PositiveIntegerField(default=int(TENANT.idle.total_seconds() // 60))
    admin_idle_minutes = models.PositiveIntegerField(default=int(TENANT.admin_idle.total_seconds() // 60))
    absolute_minutes = models.PositiveIntegerField(default=int(TENANT.absolute.total_seconds() // 60))
    sessions_at_once = models.PositiveSmallIntegerField(default=TENANT.sessions_at_once)
    networks = ArrayField(models.CharField(max_length=50), default=list)
    sso_required = models.BooleanField(default=False)
    # Who may still come in by password while everybody else comes by the identity provider: ids of people.
    recovery_accounts = ArrayField(models.UUIDField(), default=list)
    password_length = models.PositiveSmallIntegerField(default=TENANT.password_length)
    changed_at = models.DateTimeField()
    changed_by = models.TextField()

    history = History()

    class Meta:
        verbose_name = "access policy"
        constraints = [
            models.CheckConstraint(name="one_access_policy", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="second_factor_rule_is_known", condition=models.Q(second_factor__in=[*SecondFactor])
            ),
        ]
