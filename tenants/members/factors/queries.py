"""What people sign with, and what somebody still lacks before they may."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from audit.context import current_schema
from audit.subject_keys import hashing as sealing
from audit.subject_keys.queries import ErasedError, open_subject_key
from tenants.members.accounts.models import User
from tenants.members.factors import hashing
from tenants.members.factors.catalogue import SETUP_LIFE, Kind
from tenants.members.factors.models import Factor
from tenants.members.safeguards.catalogue import limits
from tenants.members.signing_rights import queries as rights

# Compared with where there is no app, so that it takes the time of one.
NO_SECRET = b"\x00" * 20
LABELS = {
    "profile": "Your account",
    "signing": "Signing on your account page",
    "authenticator-add": "Set up an authenticator app",
    "signing-policy": "Read and accept the signing policy",
}


# Base64url, as browsers write it.
CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{1,1400}")


class Missing(NamedTuple):
    """Something that keeps a person from signing, in words, and the name of the page on which it is put right."""

    words: str
    url_name: str

    @property
    def label(self) -> str:
        return LABELS[self.url_name]

    def __str__(self) -> str:
        return self.words


def factors_of(user: User) -> list[Factor]:
    """What the person has set up and not removed, oldest first."""
    found = Factor.objects.filter(user_id=user.pk, removed_at=None).exclude(confirmed_at=None)
    return list(found.select_related("subject_key").order_by("created_at"))


def usable(user: User, now: datetime) -> list[Factor]:
    """What is taken at signing: factors that were tested lately."""
    return [factor for factor in factors_of(user) if not is_suspended(factor, now)]


def authenticators(factors: Iterable[Factor]) -> list[Factor]:
    return [factor for factor in factors if factor.kind == Kind.TOTP]


def passkeys(factors: Iterable[Factor]) -> list[Factor]:
    return [factor for factor in factors if factor.kind == Kind.PASSKEY]


def asks_code(user: User) -> bool:
    """Whether the person can show a code of an app, and so is asked for one."""
    return bool(authenticators(factors_of(user)))


def has_passkey(user: User) -> bool:
    return (
        Factor.objects.filter(user_id=user.pk, kind=Kind.PASSKEY, removed_at=None).exclude(confirmed_at=None).exists()
    )


def by_credential(credential_id: str) -> Factor | None:
    """The passkey of somebody here who may sign in, by what the browser calls it; None for what is no such name."""
    if not CREDENTIAL.fullmatch(credential_id):
        return None
    found = Factor.objects.filter(credential_id=credential_id, removed_at=None, user__is_active=True)
    return found.exclude(confirmed_at=None).select_related("subject_key", "user__subject_key").first()


def own(user: User, factor_id: UUID) -> Factor | None:
    """A factor that the person has set up, by its id; nobody else's."""
    return next((factor for factor in factors_of(user) if factor.pk == factor_id), None)


def begun(user: User, now: datetime) -> Factor | None:
    """The authenticator app that the person is setting up at this moment."""
    found = Factor.objects.filter(user=user, removed_at=None, confirmed_at=None, created_at__gt=now - SETUP_LIFE)
    return found.select_related("subject_key").first()


def test_due_at(factor: Factor) -> datetime:
    """Until when it counts without another test; each use is one (§11.300(e))."""
    last = max(moment for moment in (factor.created_at, factor.confirmed_at, factor.last_used_at) if moment)
    return last + limits(last.date()).test_every


def is_suspended(factor: Factor, now: datetime) -> bool:
    return test_due_at(factor) <= now


def place_of(factor: Factor) -> str:
    return f"{current_schema()}|{factor.subject_key_id}|members.factor.secret|{factor.pk}"


def secret_of(factor: Factor) -> bytes:
    """Raises `audit.subject_keys.queries.ErasedError` once the person is erased."""
    return sealing.unseal(bytes(factor.secret), open_subject_key(factor.subject_key), place_of(factor))


def matching(factors: Iterable[Factor], code: str, now: datetime) -> tuple[Factor, int] | None:
    """The authenticator app that shows this code, and the step it is of; each code is good once.

    All are asked, whichever answers.
    """
    found = None
    hashing.matching_step(NO_SECRET, code, now, after=None)
    for factor in authenticators(factors):
        try:
            step = hashing.matching_step(secret_of(factor), code, now, after=factor.last_step)
        except (ErasedError, sealing.CiphertextRefused):
            continue
        found = found if step is None else (factor, step)
    return found


def may_sign(user: User, now: datetime, *, has_provider: bool = False) -> list[Missing]:
    """What this person lacks before they may sign; empty when nothing does (§11.100(b), §11.200(a)(1), §11.10(j)).

    `has_provider`: their identity provider asks for both components each time, so that they need no factor here.
    """
    if not user.has_perm("members.sign"):
        return [Missing("Your role does not sign records.", "profile")]
    found = (_identity(user), None if has_provider else _factor(user, now), _policy(user, now))
    return [missing for missing in found if missing is not None]


def _identity(user: User) -> Missing | None:
    check = rights.standing_check(user)
    if rights.holds(check, user):
        return None
    if check is None:
        words = "Your identity has not been verified. Ask somebody who manages people here."
    else:
        words = (
            "Your identity was verified under another name. Ask somebody who manages people here to verify it again."
        )
    return Missing(words, "signing")


def _factor(user: User, now: datetime) -> Missing | None:
    factors = factors_of(user)
    if not factors:
        return Missing("You have set up no authenticator app and no passkey.", "authenticator-add")
    if all(is_suspended(factor, now) for factor in factors):
        return Missing("What you sign with was not tested for 12 months.", "signing")
    return None


def _policy(user: User, now: datetime) -> Missing | None:
    policy = rights.policy_in_force(now)
    if rights.acceptance(user, policy) is not None:
        return None
    return Missing(f"You have not accepted version {policy.version} of the signing policy.", "signing-policy")
