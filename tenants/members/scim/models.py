import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.history import History


class ProvisionedGroup(models.Model):
    """A group of the tenant's directory, as its identity provider keeps it here by SCIM (RFC 7643, 4.2).

    `role` is the role that its members have because of it; empty: none. `given_to` are those who got it from here:
    a role that somebody had before stays theirs when they leave the group.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(max_length=255)
    external_id = models.CharField(max_length=255, default="", blank=True)
    members = ArrayField(models.UUIDField(), default=list)
    role = models.CharField(max_length=30, default="", blank=True)
    given_to = ArrayField(models.UUIDField(), default=list)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    history = History()

    class Meta:
        verbose_name = "directory group"
