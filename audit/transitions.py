"""The one way a record changes state: lock it, check the move, write it with its reason."""

from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from audit import context

Record = TypeVar("Record", bound=models.Model)


class MoveRefused(Exception):
    """The record may not make this move from where it stands (§11.10(f))."""


def move(record: Record, to: Any, *, actor: context.Actor, now: datetime, reason: str, **changes: Any) -> Record:
    """Move `record` to state `to`, write `changes` beside it, and return the fresh row.

    `now` becomes `state_changed_at` where the model has that field. Raises `MoveRefused`
    when the feature's TRANSITIONS table does not know the move; of several writers that
    try the same move at once one wins, the others are refused.
    """
    model = type(record)
    states = model.STATES  # type: ignore[attr-defined]
    with context.regulated_write(actor=actor, reason=reason):
        # of=self: nullable joins of a default manager cannot be locked.
        fresh = model._default_manager.select_for_update(of=("self",)).get(pk=record.pk)
        was = states.State(fresh.state)  # type: ignore[attr-defined]
        if to not in states.TRANSITIONS[was]:
            raise MoveRefused(f"This {model._meta.verbose_name} is {label(was)} and cannot become {label(to)}.")
        _write(fresh, {"state": to, **_stamp(model, now), **changes})
    return fresh


def label(state: str) -> str:
    """A state in words: `in_progress` becomes “in progress”."""
    return str(state).replace("_", " ")


def _stamp(model: type[models.Model], now: datetime) -> dict[str, datetime]:
    return {"state_changed_at": now} if any(f.name == "state_changed_at" for f in model._meta.fields) else {}


def _write(record: models.Model, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(record, name, value)
    # save(), not update(): the readable history is kept on save only.
    record.save(update_fields=list(changes))
