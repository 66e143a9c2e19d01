"""What gives a person the right to sign: a verified identity, and accountability taken on."""

from datetime import date, datetime
from uuid import UUID

from audit import context
from audit.transitions import MoveRefused
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.signing_rights import catalogue, queries
from tenants.members.signing_rights.models import IdentityCheck, PolicyAcceptance, SigningPolicy

SHIPPED = context.service("Complere")


class CheckRefused(ValueError):
    """The identity cannot be verified like this; the message says why."""


class PolicyUnchanged(ValueError):
    """The newest version says the same, and holds by then."""


class PolicyChanged(Exception):
    """Another version took effect while the page was open: read that one first."""


def verify_identity(
    user: User, *, method: str, note: str, actor: context.Actor, now: datetime, reason: str
) -> IdentityCheck:
    """Write down that `actor` made sure who `user` is (§11.100(b)). Raises `CheckRefused`, `MoveRefused`."""
    verifier = _another_person(user, actor)
    if method not in catalogue.METHODS:
        raise CheckRefused("Choose one of the methods listed.")
    with context.regulated_write(actor=actor, reason=reason):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if queries.holds(queries.standing_check(fresh), fresh):
            raise MoveRefused("The identity of this person is verified already.")
        return IdentityCheck.objects.create(
            user=fresh,
            subject_key=fresh.subject_key,
            full_name=fresh.full_name,
            method=method,
            note=note.strip(),
            verified_at=now,
            verified_by_id=verifier,
        )


def withdraw_identity(check: IdentityCheck, *, actor: context.Actor, now: datetime, reason: str) -> IdentityCheck:
    """The person may sign no more until they are verified anew. Raises `CheckRefused`, `MoveRefused`."""
    withdrawer = _another_person(check.user, actor)
    with context.regulated_write(actor=actor, reason=reason):
        fresh = IdentityCheck.objects.select_related("subject_key").select_for_update(of=("self",)).get(pk=check.pk)
        if fresh.withdrawn_at is not None:
            raise MoveRefused("This verification was withdrawn already.")
        fresh.withdrawn_at, fresh.withdrawn_by_id = now, withdrawer
        fresh.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return fresh


def publish(
    *, text: str, series_minutes: int, effective_at: datetime, actor: context.Actor, now: datetime, reason: str
) -> SigningPolicy:
    """A new version of the policy: everybody must accept it before they sign again, once it is in force (§11.10(j)).

    Raises `PolicyUnchanged`: nobody should have to accept the same words again, as after a button pressed twice.
    """
    with context.regulated_write(actor=actor, reason=reason):
        before = _newest_locked(now)
        # Word by word: browsers end lines in their own way.
        same = (before.text.split(), before.series_minutes) == (text.split(), series_minutes)
        if same and before.effective_at <= max(effective_at, now):
            raise PolicyUnchanged
        return SigningPolicy.objects.create(
            version=before.version + 1,
            text=text.strip(),
            series_minutes=series_minutes,
            effective_at=max(effective_at, now),
            published_by_id=actor.id,
            certified_on=before.certified_on,
            certification_note=before.certification_note,
        )


def certify(*, certified_on: date, note: str, actor: context.Actor, now: datetime, reason: str) -> SigningPolicy:
    """Record that the company certified to the FDA that its e-signatures bind like handwritten ones (§11.100(c))."""
    with context.regulated_write(actor=actor, reason=reason):
        _newest_locked(now)
        in_force = queries.policy_in_force(now).version
        for policy in SigningPolicy.objects.select_for_update().filter(version__gte=in_force):
            policy.certified_on, policy.certification_note = certified_on, note.strip()
            policy.save(update_fields=["certified_on", "certification_note"])
    return queries.policy_in_force(now)


def accept(user: User, *, version: int, password: str, now: datetime) -> PolicyAcceptance:
    """Take on accountability for what one signs (§11.10(j)). Accepting twice is accepting once.

    Raises `PolicyChanged`, `AccountRefused` for a wrong password, `TooManyAttempts`.
    """
    accounts.check_own_password(user, password=password)
    return record_acceptance(user, version=version, actor=user.actor, now=now, reason="Read and accepted by the person")


def record_acceptance(
    user: User, *, version: int, actor: context.Actor, now: datetime, reason: str
) -> PolicyAcceptance:
    """Raises `PolicyChanged` when `version` is not the one in force."""
    with context.regulated_write(actor=actor, reason=reason):
        policy = queries.policy_in_force(now)
        if policy.version != version:
            raise PolicyChanged
        if policy.version == catalogue.FIRST_VERSION:
            policy = _first()
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        return queries.acceptance(user, policy) or PolicyAcceptance.objects.create(
            user=user, policy=policy, accepted_at=now
        )


def _another_person(user: User, actor: context.Actor) -> UUID:
    if actor.kind != "human" or actor.id is None:
        raise CheckRefused("Only a person verifies the identity of another person.")
    if actor.id == user.pk:
        raise CheckRefused("Nobody verifies their own identity. Ask somebody else who manages people here.")
    return actor.id


def _first() -> SigningPolicy:
    """The text that a workspace begins with becomes a record when somebody relies on it."""
    with context.regulated_write(actor=SHIPPED, reason="The text that every workspace begins with"):
        policy, _ = SigningPolicy.objects.get_or_create(
            version=catalogue.FIRST_VERSION,
            defaults={"text": catalogue.FIRST_TEXT, "effective_at": queries.ALWAYS},
        )
    return policy


def _newest_locked(now: datetime) -> SigningPolicy:
    """Two who publish at once get two numbers, one after the other."""
    first = _first()
    SigningPolicy.objects.select_for_update().get(pk=first.pk)
    return queries.newest_policy(now)
