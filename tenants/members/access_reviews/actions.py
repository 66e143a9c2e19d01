"""Looking through who may do what, every 180 days (P11-10d, P11-300b)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from audit import context
from audit.signatures.catalogue import Signing
from audit.transitions import MoveRefused, move
from tenants.members.access_reviews import catalogue, queries
from tenants.members.access_reviews.catalogue import Line
from tenants.members.access_reviews.models import AccessReview
from tenants.members.access_reviews.states import Decision, State
from tenants.members.accounts.models import User
from tenants.members.outbox import actions as outbox
from tenants.members.roles import actions as roles
from tenants.members.roles import queries as role_queries
from tenants.tenancy.queries import name_here, zone_here
from tenants.wakeups import actions as wakeups

CLOCK = context.service("access reviews")
GONE = "Deactivated before the review was signed off"


class ReviewRefused(ValueError):
    """Not decided or signed like this; the message says why."""


def open_review(*, actor: context.Actor, now: datetime, reason: str) -> AccessReview:
    """Write down who may do what now, and tell the reviewers. Raises `MoveRefused` while one is open."""
    with context.regulated_write(actor=actor, reason=reason):
        # Two at once must not open two.
        role_queries.lock_admins()
        if queries.running() is not None:
            raise MoveRefused("A review is open already.")
        review = AccessReview.objects.create(
            state_changed_at=now,
            opened_at=now,
            due_at=now + catalogue.TIME_TO_REVIEW,
            rows=queries.snapshot(now),
            machines=queries.machines(now),
            visits=queries.visits(queries.last_signed_off()),
        )
        _tell(review, "opened", now, but=actor.id)
        wakeups.wake(catalogue.next_reminder(review.due_at, None))
    return review


def decide(
    review: AccessReview,
    *,
    person: UUID,
    decision: Decision,
    roles_after: Collection[str] = (),
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> AccessReview:
    """Decide on one person, and carry it out at once: other roles, or no account any more.

    Raises `ReviewRefused`, `roles.RoleRefused`, and `MoveRefused` for a review that is signed off.
    """
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _open(review)
        line = _line(fresh, str(person), actor)
        user = User.objects.get(pk=person)
        _check_may_carry_out(decision, actor)
        if decision is Decision.CHANGE:
            _check_differs(user, roles_after)
            user = roles.change_roles(user, roles=roles_after, actor=actor, now=now, reason=reason)
        elif decision is Decision.DEACTIVATE:
            user = roles.deactivate(user, actor=actor, now=now, reason=reason)
        elif not user.is_active:
            raise ReviewRefused("This person is deactivated meanwhile: nothing is left to decide.")
        return _write(fresh, [_decided(line, decision, user, actor, now, reason)])


def keep(
    review: AccessReview, *, people: Collection[UUID], actor: context.Actor, now: datetime, reason: str
) -> AccessReview:
    """Leave several people as they are. Raises `ReviewRefused` for oneself, and where something changed meanwhile."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _open(review)
        found = [_line(fresh, str(person), actor) for person in people]
        users = {str(user.pk): user for user in User.objects.filter(pk__in=people)}
        changed = [users[line.person] for line in found if not _as_shown(line, users[line.person])]
        if changed:
            names = ", ".join(user.full_name for user in changed)
            raise ReviewRefused(f"Changed since the review was opened, so decided one by one: {names}.")
        done = [_decided(line, Decision.KEEP, users[line.person], actor, now, reason) for line in found]
        return _write(fresh, done)


def sign_off(
    review: AccessReview, *, note: str, signing: Signing, actor: context.Actor, now: datetime, reason: str
) -> AccessReview:
    """Answer for the review with a signature; the next one opens 180 days later.

    Raises `ReviewRefused` while somebody waits for a decision, `SignatureRefused`, `MoveRefused`.
    """
    with context.regulated_write(actor=actor, reason=reason):
        fresh = _open(review)
        if left := len(queries.waiting(fresh)):
            raise ReviewRefused(f"{left} {'person waits' if left == 1 else 'people wait'} for a decision.")
        people = queries.people_of(fresh)
        rows = [queries.stored(_ended(line, people.get(line.person))) for line in queries.lines(fresh)]
        signed = move(
            fresh,
            State.SIGNED_OFF,
            actor=actor,
            now=now,
            reason=reason,
            signing=signing,
            rows=rows,
            note=note.strip(),
        )
        wakeups.wake(now + catalogue.EVERY)
    return signed


def look_after(now: datetime) -> int:
    """The chore: open the review that is due, remind of the one that is open."""
    review, opens = queries.running(), queries.opens_at()
    if review is None and opens is not None and opens <= now:
        open_review(actor=CLOCK, now=now, reason="180 days have passed")
        return 1
    if review is not None and catalogue.next_reminder(review.due_at, review.reminded_at) <= now:
        remind(review, now=now)
        return 1
    return 0


def remind(review: AccessReview, *, now: datetime) -> None:
    """Tell the reviewers that it is due soon, or overdue."""
    with context.regulated_write(actor=CLOCK, reason="Remind the reviewers"):
        fresh = _open(review)
        fresh.reminded_at = now
        fresh.save(update_fields=["reminded_at"])
        _tell(fresh, "overdue" if now >= fresh.due_at else "due", now, but=None)
        wakeups.wake(catalogue.next_reminder(fresh.due_at, now))


def _open(review: AccessReview) -> AccessReview:
    fresh = AccessReview.objects.select_for_update().get(pk=review.pk)
    if fresh.state != State.OPEN:
        raise MoveRefused("This review is signed off.")
    return fresh


def _line(review: AccessReview, person: str, actor: context.Actor) -> Line:
    line = next((line for line in queries.lines(review) if line.person == person), None)
    if line is None:
        raise ReviewRefused("This person is not in the review.")
    if str(actor.id) == person:
        raise ReviewRefused("Nobody decides on their own access. Another reviewer does.")
    return line


def _check_may_carry_out(decision: Decision, actor: context.Actor) -> None:
    if decision is Decision.NOBODY:
        raise ReviewRefused("Choose what to do.")
    manages = "members.manage_people" in role_queries.permissions_held_by(actor.id)
    if decision is not Decision.KEEP and not manages:
        raise ReviewRefused("Whoever changes roles or deactivates must be allowed to manage people.")


def _check_differs(user: User, roles_after: Collection[str]) -> None:
    if set(roles_after) == set(user.role_keys):
        raise ReviewRefused("These are the roles the person has. To leave them, choose to keep them.")


def _as_shown(line: Line, user: User) -> bool:
    same_roles = tuple(user.role_keys) in (line.roles, line.holds or line.roles)
    # Undone by somebody, or allowing something else by now: nothing to be kept in passing.
    undone = line.decision == Decision.DEACTIVATE or bool(queries.redefined(line, user))
    return user.is_active and same_roles and not undone


def _decided(line: Line, decision: Decision, user: User, actor: context.Actor, now: datetime, reason: str) -> Line:
    return replace(
        line,
        decision=decision.value,
        holds=tuple(user.role_keys),
        decided_by=str(actor.id),
        decided_at=now.isoformat(),
        reason=reason,
        contents=queries.contents(user),
    )


def _ended(line: Line, user: User | None) -> Line:
    """The line as it is signed: who is gone, and the one on whom nobody could decide, are told as such."""
    if queries.holds(line, user):
        gone = user is not None and not user.is_active and line.decision != Decision.DEACTIVATE
        return replace(line, decision=Decision.DEACTIVATE.value, reason=GONE) if gone else line
    return replace(line, decision=Decision.NOBODY.value, holds=tuple(user.role_keys) if user else ())


def _write(review: AccessReview, done: list[Line]) -> AccessReview:
    by_person = {line.person: queries.stored(line) for line in done}
    review.rows = [by_person.get(row["person"], row) for row in review.rows]
    review.save(update_fields=["rows"])
    return review


def _tell(review: AccessReview, what: str, now: datetime, *, but: UUID | None) -> None:
    for user in queries.reviewers():
        if user.pk == but:
            continue
        outbox.queue_email(
            to=user.email,
            subject_key=user.subject_key,
            template="access-review",
            context={
                "reader": user,
                "what": what,
                "review": review,
                "left": len(queries.waiting(review)),
                "tz": zone_here(),
                "sender_name": name_here(),
                "link": outbox.link("access-review", review.pk),
            },
            now=now,
            about=f"members.accessreview:{review.pk}",
        )
