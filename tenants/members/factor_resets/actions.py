"""Two people take a person's factors away, so that no administrator alone could sign as somebody (§11.200(a)(3))."""

from datetime import datetime
from uuid import UUID

from audit import context
from audit.transitions import MoveRefused, move
from tenants.members.accounts.models import User
from tenants.members.factor_resets import queries
from tenants.members.factor_resets.models import FactorReset
from tenants.members.factor_resets.states import State
from tenants.members.factors import actions as factors
from tenants.members.outbox import actions as outbox
from tenants.tenancy.queries import name_here


class ResetRefused(ValueError):
    """This person may not decide on this reset; the message says why."""


def ask(user: User, *, actor: context.Actor, now: datetime, reason: str) -> FactorReset:
    """Ask that the factors of `user` be removed. Nothing changes until another person approves.

    Raises `MoveRefused` while such a question is open.
    """
    asker = _person(actor)
    with context.regulated_write(actor=actor, reason=reason):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if queries.open_of(fresh) is not None:
            raise MoveRefused("A reset of this person's factors waits for a decision already.")
        reset = FactorReset.objects.create(user=fresh, asked_at=now, asked_by_id=asker)
        _tell(fresh, reset, "factor-reset-asked", now, concerned=True)
        for person in queries.approvers(reset):
            _tell(person, reset, "factor-reset-asked", now, concerned=False)
    return reset


def approve(reset: FactorReset, *, actor: context.Actor, now: datetime, reason: str) -> FactorReset:
    """Remove every factor and recovery code, and end all sessions. Raises `ResetRefused`, `MoveRefused`."""
    _check_decider(reset, actor)
    with context.regulated_write(actor=actor, reason=reason):
        decided = move(
            reset, State.APPROVED, actor=actor, now=now, reason=reason, decided_at=now, decided_by_id=actor.id
        )
        factors.take_all_away(decided.user, actor=actor, now=now, reason=reason)
        _tell(decided.user, decided, "factor-reset-decided", now, approved=True)
    return decided


def decline(reset: FactorReset, *, actor: context.Actor, now: datetime, reason: str) -> FactorReset:
    """Leave everything as it is. Raises `ResetRefused`, `MoveRefused`."""
    _check_decider(reset, actor)
    with context.regulated_write(actor=actor, reason=reason):
        decided = move(
            reset, State.DECLINED, actor=actor, now=now, reason=reason, decided_at=now, decided_by_id=actor.id
        )
        _tell(decided.user, decided, "factor-reset-decided", now, approved=False)
    return decided


def _check_decider(reset: FactorReset, actor: context.Actor) -> None:
    if _person(actor) == reset.asked_by_id:
        raise ResetRefused("You asked for this reset yourself. Another person decides on it.")
    if actor.id == reset.user_id:
        raise ResetRefused("These are your own factors. Another person decides on their reset.")


def _person(actor: context.Actor) -> UUID:
    if actor.kind != "human" or actor.id is None:
        raise ResetRefused("Only people ask for a reset and decide on it.")
    return actor.id


def _tell(to: User, reset: FactorReset, template: str, now: datetime, **values: object) -> None:
    outbox.queue_email(
        to=to.email,
        subject_key=to.subject_key,
        template=template,
        context={
            "reader": to,
            "person": reset.user,
            "asked_by": reset.asked_by,
            "sender_name": name_here(),
            "link": outbox.link("factor-reset", reset.pk),
            "account": outbox.link("signing"),
            "now": now,
            **values,
        },
        now=now,
        about=f"members.factorreset:{reset.pk}",
    )
