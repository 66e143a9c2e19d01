import uuid
from urllib.parse import urlsplit

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from audit.history import History
from tenants.regions import catalogue
from tenants.tenancy import states


class Tenant(TenantMixin):
    """A customer, or Complere itself in the public schema. Its schema name is generated, never typed in."""

    STATES = states
    # A schema is made by tenancy.actions.provision only.
    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    origin = models.CharField(max_length=300, unique=True)
    region = models.CharField(max_length=20)
    calendar = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=64)
    plan = models.CharField(max_length=20, default=states.Plan.STANDARD)
    state = models.CharField(max_length=20, default=states.State.ACTIVE)
    state_changed_at = models.DateTimeField()
    created_at = models.DateTimeField()

    history = History()

    class Meta:
        constraints = [
            models.CheckConstraint(name="tenant_state_is_known", condition=models.Q(state__in=[*states.State])),
            models.CheckConstraint(
                name="tenant_region_is_in_the_catalogue", condition=models.Q(region__in=[*catalogue.REGIONS])
            ),
            models.CheckConstraint(
                name="tenant_schema_name_is_generated",
                condition=models.Q(schema_name=states.PUBLIC) | models.Q(schema_name__regex=r"^t_[a-z0-9]{12}$"),
            ),
        ]

    @property
    def is_platform(self) -> bool:
        return bool(self.schema_name == states.PUBLIC)

    @property
    def host(self) -> str:
        return urlsplit(self.origin).hostname or ""

    @property
    def jurisdiction(self) -> str:
        return catalogue.region(self.region).jurisdiction


class Domain(DomainMixin):
    """A host name that leads to a tenant."""

    history = History()
