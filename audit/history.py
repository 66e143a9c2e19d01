"""The readable history of a record: one row for each version, with actor, time and reason.

django-simple-history does the copying; this adds what it leaves optional. The reason is
mandatory, the actor is a snapshot without foreign key, and history tables carry one index
only: measured, naive ones made 638 relations a tenant.
"""

from typing import Any
from uuid import UUID

from django.db import models
from simple_history.models import HistoricalRecords

from audit import context


def actor_name() -> str:
    return context.current().actor.name


def actor_role() -> str:
    return context.current().actor.role


def actor_kind() -> str:
    return context.current().actor.kind


def request_id() -> str:
    return context.current().request.id


class Entry(models.Model):
    """What each history row says of the hand that wrote it (AT-01, §11.10(e))."""

    actor_name = models.TextField(default=actor_name)
    actor_role = models.TextField(default=actor_role)
    actor_kind = models.CharField(max_length=10, default=actor_kind)
    request_id = models.CharField(max_length=64, default=request_id, blank=True)

    class Meta:
        abstract = True


def _actor_id(instance: models.Model, **_: object) -> UUID | None:
    return context.current().actor.id


class History(HistoricalRecords):
    """`history = History()` makes a model regulated and readable."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            history_id_field=models.BigAutoField(),
            history_user_id_field=models.UUIDField(null=True),
            history_user_getter=lambda row: row.history_user_id,
            history_user_setter=_set_user,
            history_change_reason_field=models.TextField(),
            get_user=_actor_id,
            bases=[Entry],
            **options,
        )

    def copy_fields(self, model: type[models.Model]) -> "dict[str, models.Field[Any, Any]]":
        fields: dict[str, Any] = super().copy_fields(model)
        for name, field in fields.items():
            # Only the look-up by record is ever asked of a history table.
            field.db_index = name == model._meta.pk.attname
        return fields

    def get_history_user(self, instance: models.Model) -> UUID | None:
        return context.current().actor.id

    def get_change_reason_for_object(self, instance: models.Model, history_type: str, using: str | None) -> str:
        return context.current().reason


def _set_user(row: Any, user_id: UUID | None) -> None:
    row.history_user_id = user_id
