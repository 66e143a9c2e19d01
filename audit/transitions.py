"""The one way a record changes state: lock it, check the move, write it with its reason."""

from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from audit import context, watch
from audit.ledger import queries as ledger
from audit.signatures.actions import SignatureRefused, sign
from audit.signatures.catalogue import Signing
from audit.signatures.models import Signature
from audit.signatures.queries import rule_of

Record = TypeVar("Record", bound=models.Model)


class MoveRefused(watch.Refusal):
    """The record may not make this move from where it stands (§11.10(f))."""


def move(
    record: Record,
    to: Any,
    *,
    actor: context.Actor,
    now: datetime,
    reason: str,
    signing: Signing | None = None,
    **changes: Any,
) -> Record:
    """Move `record` to state `to`, write `changes` beside it, and return the fresh row.

    `now` becomes `state_changed_at` where the model has that field. Raises `MoveRefused`
    when the feature's TRANSITIONS table does not know the move; of several writers that
    try the same move at once one wins, the others are refused. A move that the feature's
    SIGNING names takes `signing`: content in `changes` is written first, so that the
    signature covers it (§11.70). Raises `SignatureRefused`.
    """
    model = type(record)
    states = model.STATES  # type: ignore[attr-defined]
    with context.regulated_write(actor=actor, reason=reason):
        # of=self: nullable joins of a default manager cannot be locked.
        fresh = model._default_manager.select_for_update(of=("self",)).get(pk=record.pk)
        was = states.State(fresh.state)  # type: ignore[attr-defined]
        if to not in states.TRANSITIONS[was]:
            why = f"This {model._meta.verbose_name} is {label(was)} and cannot become {label(to)}."
            raise MoveRefused(why, record=f"{model._meta.label_lower}:{record.pk}")
        stamped = {"state": to, **_stamp(model, now), **changes}
        signed_write(fresh, was=was, to=to, changes=stamped, signing=signing, actor=actor, now=now)
    return fresh


def signed_write(
    record: models.Model,
    *,
    was: str,
    to: str,
    changes: dict[str, Any],
    signing: Signing | None,
    actor: context.Actor,
    now: datetime,
) -> Signature | None:
    """Write `changes`, by which the record goes from `was` to `to`, with a signature where its SIGNING asks for one.

    Call it inside a `regulated_write`, on a row that is locked and fresh. Raises `SignatureRefused`.
    """
    rule = rule_of(type(record))
    if rule is None or not rule.meanings(was, to):
        _write(record, changes)
        return None
    if signing is None:
        raise SignatureRefused("This step takes an electronic signature.")
    _check_seen(record, signing)
    content = {name: value for name, value in changes.items() if name not in {rule.column, *rule.free}}
    if content:
        _write(record, content)
    signature = sign(record, was=was, to=to, signing=signing, actor=actor, now=now)
    _write(record, {name: value for name, value in changes.items() if name not in content})
    return signature


def _check_seen(record: models.Model, signing: Signing) -> None:
    """What one signs is what one saw (§11.10(j))."""
    seen = signing.seen.get(f"{record._meta.label_lower}:{record.pk}")
    if seen is None:
        return
    last = ledger.last_event(record._meta.db_table, str(record.pk))
    if last is None or last.ver != seen:
        raise MoveRefused("This record was changed while you had it open. Read it again, then sign.")


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
