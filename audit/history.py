"""The readable history of a record: one row for each version, with actor, time and reason.

django-simple-history does the copying; this adds what it leaves optional. The reason is
mandatory, the actor is a snapshot without foreign key, and history tables carry one index
only: measured, naive ones made 638 relations a tenant.
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from simple_history.models import HistoricalRecords

from audit import context
from audit.subject_keys.queries import open_names


def actor_name() -> str:
    return context.current().actor.written_in(context.current_schema())[0]


def actor_key_id() -> UUID | None:
    """None outside of a write as well: migrations ask for the default of a new column."""
    written = context.running()
    return written.actor.written_in(context.current_schema())[1] if written else None


def actor_role() -> str:
    return context.current().actor.role


def actor_kind() -> str:
    return context.current().actor.kind


def request_id() -> str:
    return context.current().request.id


class Entry(models.Model):
    """What each history row says of the hand that wrote it (AT-01, §11.10(e)).

    `ledger_version` is set by the database: the event of the ledger that tells of the same change.
    """

    actor_name = models.TextField(default=actor_name)
    actor_key_id = models.UUIDField(null=True, default=actor_key_id)
    actor_role = models.TextField(default=actor_role)
    actor_kind = models.CharField(max_length=10, default=actor_kind)
    request_id = models.CharField(max_length=64, default=request_id, blank=True)
    ledger_version = models.PositiveIntegerField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def who(self) -> str:
        """The name of the hand, “erased” once its person is; a list opens many at once with `open_names`."""
        return open_names([(self.actor_name, self.actor_key_id)]).get(self.actor_name, self.actor_name)


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

    def create_historical_record(self, instance: models.Model, history_type: str, using: str | None = None) -> None:
        # Personal data pass into the history sealed, as they stand in the row: nobody looks at them.
        instance._state.copied_as_stored = True  # type: ignore[attr-defined]
        try:
            super().create_historical_record(instance, history_type, using)
        finally:
            del instance._state.copied_as_stored  # type: ignore[attr-defined]

    def get_history_user(self, instance: models.Model) -> UUID | None:
        return context.current().actor.id

    def get_change_reason_for_object(self, instance: models.Model, history_type: str, using: str | None) -> str:
        return context.current().reason


@dataclass(frozen=True, slots=True)
class Regulated:
    """What the database must know to capture a table: names of table, key column, history, and hidden columns."""

    table: str
    key: str
    hidden: tuple[str, ...]
    digest: str
    history: str


def regulated() -> list[Regulated]:
    """Every regulated table, from the models themselves: who has a history is captured."""
    models_of_ours = [model for model in apps.get_models() if hasattr(model, "history")]
    return sorted((_entry(model) for model in models_of_ours), key=lambda entry: entry.table)


def _entry(model: type[models.Model]) -> Regulated:
    past = model.history.model  # type: ignore[attr-defined]
    hidden = {str(field.column) for field in model._meta.concrete_fields} - {f.column for f in past.tracked_fields}
    columns = ",".join(sorted({str(field.column) for field in model._meta.concrete_fields} - hidden))
    digest = hashlib.sha256(columns.encode()).hexdigest()[:16]
    return Regulated(
        model._meta.db_table, str(model._meta.pk.column), tuple(sorted(hidden)), digest, past._meta.db_table
    )


def _set_user(row: Any, user_id: UUID | None) -> None:
    row.history_user_id = user_id
