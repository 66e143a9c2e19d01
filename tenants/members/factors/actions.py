"""Setting up, using and losing what one signs with (§11.200, §11.300)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.contrib.auth.hashers import check_password
from django.db import IntegrityError, transaction

from audit import context, watch
from audit.subject_keys import hashing as sealing
from audit.subject_keys.queries import open_subject_key
from audit.transitions import MoveRefused
from tenants.members.access_policies import queries as policies
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.actions import AccountRefused, TooManyAttempts
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.catalogue import ADDRESS_WINDOW, OWN_PASSWORD_ATTEMPTS
from tenants.members.accounts.models import User
from tenants.members.factors import hashing, queries
from tenants.members.factors.adapters import passkeys
from tenants.members.factors.catalogue import FACTORS_AT_MOST, WORDS, Kind, PasskeyEvidence
from tenants.members.factors.models import Factor
from tenants.members.outbox import actions as outbox
from tenants.members.safeguards import actions as safeguards
from tenants.members.safeguards import queries as guards
from tenants.members.sessions import actions as sessions
from tenants.tenancy.queries import name_here

WRONG_CODE = "This code does not hold. Enter the one that your app shows now, or a recovery code not used before."
LAST_ONE = "You need a second factor to sign in. Set up another before you remove this one."
WRONG_NEW_CODE = (
    "This code does not hold. Enter the one that the app shows now; check that your device's time is right."
)

log = structlog.get_logger(__name__)


class SigningLocked(watch.Refusal):
    """Too many attempts failed; nobody signs as this person `until` then (§11.300(d))."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Signing is locked for a while, after several attempts that failed.")
        self.until = until


class ComponentsRefused(watch.Refusal):
    """Not all components were right. Never says which: both wrong and either wrong look the same."""

    def __init__(self) -> None:
        super().__init__("Password and second factor do not match. Enter your password, and a code not used before.")


@dataclass(frozen=True, slots=True)
class Components:
    """Which components somebody has just shown (§11.200(a)(1)). `detail` names what was used, never a secret."""

    methods: tuple[str, ...]
    authenticated_at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A factor that works, and the recovery codes made with the first one: shown now, and never again."""

    factor: Factor
    recovery_codes: list[str]


# --- Signing -----------------------------------------------------------------------------------


def check_components(
    user: User, *, password: str, code: str, purpose: str, address: str, now: datetime, in_series: bool = False
) -> Components:
    """Both components at once, each time anew (§11.200(a)(1)): password and one-time code. Recovery codes do not sign.

    `in_series`: the caller knows that all components were shown in this session a moment ago, so the code alone does
    (§11.200(a)(1)(i)). Raises `ComponentsRefused` and `SigningLocked`. Call it before the transaction that signs: what
    fails is counted in one of its own, which must outlive the refusal.
    """
    signer = _unlocked(user, now)
    knows = _knows(signer, password, in_series=in_series)
    found = queries.matching(queries.usable(signer, now), code, now)
    if not knows or found is None or not _spend(*found, now):
        raise _refusal(signer, purpose, address, now)
    safeguards.forget_failures(signer)
    return Components(_with("totp", in_series=in_series), now, {"factor": str(found[0].pk)})


def check_password_and_passkey(
    user: User,
    *,
    password: str,
    assertion: dict[str, Any] | str,
    challenge: bytes,
    now: datetime,
    purpose: str = "",
    address: str = "",
    in_series: bool = False,
) -> Components:
    """Like `check_components`, with a passkey that signed `challenge` and knew its owner (§11.200(b)).

    `assertion` is what the browser gave, as JSON or read from it; its parts stay in `detail`, to be verified again.
    """
    signer = _unlocked(user, now)
    knows = _knows(signer, password, in_series=in_series)
    found = _shown(queries.usable(signer, now), assertion, challenge)
    if not knows or found is None or not _count(*found, now):
        raise _refusal(signer, purpose, address, now)
    safeguards.forget_failures(signer)
    factor, evidence = found
    detail = {
        "factor": str(factor.pk),
        "credential_id": evidence.credential_id,
        "user_verified": str(evidence.user_verified).lower(),
        "sign_count": str(evidence.sign_count),
        "public_key": evidence.public_key,
        "assertion": evidence.assertion,
    }
    return Components(_with("passkey", in_series=in_series), now, detail)


def begin(user: User, challenge: bytes) -> dict[str, Any]:
    """What a page hands to the browser, so that it asks for one of the person's passkeys."""
    return passkeys.request_options(user, challenge)


def verify(user: User, response: dict[str, Any] | str, challenge: bytes, *, now: datetime) -> PasskeyEvidence:
    """That a passkey of the person signed the challenge. Raises `PasskeyRefused`."""
    found = _shown(queries.factors_of(user), response, challenge)
    if found is None or not _count(*found, now):
        raise passkeys.PasskeyRefused("no passkey of this person, or one that does not hold")
    return found[1]


def spend_code(user: User, *, code: str, now: datetime) -> Factor | None:
    """Use up a code of one of the person's apps, and say of which; None for one that does not hold, or was used."""
    found = queries.matching(queries.factors_of(user), code, now)
    return found[0] if found is not None and _spend(*found, now) else None


def recognise(response: dict[str, Any] | str, challenge: bytes, *, now: datetime) -> User:
    """Whose passkey signed the challenge: the browser chose it, nobody typed a name. Raises `PasskeyRefused`."""
    answer = passkeys.read(response)
    factor = queries.by_credential(str(answer.get("id", "")))
    found = _shown([factor], answer, challenge) if factor is not None else None
    if found is None or not passkeys.is_of(found[0], answer) or not _count(*found, now):
        raise passkeys.PasskeyRefused("no passkey of anybody here, or one that does not hold")
    return found[0].user


# --- Setting up --------------------------------------------------------------------------------


def begin_authenticator(user: User, *, name: str, password: str, code: str, now: datetime) -> Factor:
    """A secret for an app, which counts for nothing until a code confirms it.

    Raises `AccountRefused` for a name that is taken and beside what does not hold, `TooManyAttempts`.
    """
    _check_name(user, name)
    _prove_change(user, password=password, code=code, now=now)
    return new_authenticator(user, name=name, now=now)


def new_authenticator(user: User, *, name: str, now: datetime) -> Factor:
    """The secret itself, once whoever asks for it has proved to be the person. What was begun before ends."""
    with context.regulated_write(actor=user.actor, reason="Began to set up an authenticator app"):
        for earlier in Factor.objects.filter(user=user, confirmed_at=None):
            earlier.delete()
        factor = Factor(user=user, subject_key=user.subject_key, kind=Kind.TOTP, name=name.strip(), created_at=now)
        key = open_subject_key(user.subject_key)
        factor.secret = sealing.seal(hashing.new_secret(), key, queries.place_of(factor))
        factor.save(force_insert=True)
    return factor


def confirm_authenticator(user: User, factor: Factor, *, code: str, now: datetime) -> Enrolled:
    """The app shows the right code: it is set up (§11.300(e)). Raises `AccountRefused`, `TooManyAttempts`."""
    _bounded("own code", user)
    step = hashing.matching_step(queries.secret_of(factor), code, now, after=None)
    if step is None:
        raise AccountRefused("code", WRONG_NEW_CODE)
    attempts.forget("own code", str(user.pk))
    with context.regulated_write(actor=user.actor, reason="Confirmed with a code of the app"):
        fresh = Factor.objects.select_related("subject_key").select_for_update(of=("self",)).get(pk=factor.pk)
        if fresh.confirmed_at is not None or fresh.removed_at is not None:
            raise MoveRefused("This authenticator app is set up already.")
        fresh.confirmed_at, fresh.last_step = now, step
        fresh.save(update_fields=["confirmed_at", "last_step"])
        return _enrolled(user, fresh, now)


def begin_passkey(
    user: User, *, name: str, password: str, code: str, challenge: bytes, now: datetime
) -> dict[str, Any]:
    """What the browser needs to make a passkey over `challenge`. Raises like `begin_authenticator`."""
    _check_name(user, name)
    _prove_change(user, password=password, code=code, now=now)
    return passkeys.creation_options(user, challenge)


def register_passkey(
    user: User, *, name: str, response: dict[str, Any] | str, challenge: bytes, now: datetime
) -> Enrolled:
    """Keep the passkey that a browser made. Raises `PasskeyRefused`, and `AccountRefused` for a name that is taken."""
    _check_name(user, name)
    made = passkeys.registered(response, challenge)
    with context.regulated_write(actor=user.actor, reason="Set up a passkey"):
        factor = Factor(
            user=user,
            subject_key=user.subject_key,
            kind=Kind.PASSKEY,
            name=name.strip(),
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            created_at=now,
            confirmed_at=now,
        )
        try:
            with transaction.atomic():
                factor.save(force_insert=True)
        except IntegrityError as known:
            raise passkeys.PasskeyRefused("this passkey is registered already") from known
        return _enrolled(user, factor, now)


def prove_code(user: User, *, code: str, now: datetime) -> str:
    """A code of any app of the person, or one of the recovery codes: “totp” or “recovery”.

    Raises `AccountRefused`, `TooManyAttempts`.
    """
    _bounded("own code", user)
    shown = spend_code(user, code=code, now=now) is not None
    if not shown and not safeguards.spend_recovery_code(user, code=code, now=now):
        raise AccountRefused("code", WRONG_CODE)
    attempts.forget("own code", str(user.pk))
    return "totp" if shown else "recovery"


# --- Looking after it --------------------------------------------------------------------------


def remove(user: User, factor: Factor, *, code: str, now: datetime, reason: str) -> Factor:
    """It counts no more and its secret is wiped. The last one stays where the rules ask for one at sign-in.

    Raises `AccountRefused`, `TooManyAttempts`, `MoveRefused`.
    """
    if policies.second_is_required(user) and len(queries.factors_of(user)) == 1:
        raise AccountRefused("reason", LAST_ONE)
    if queries.asks_code(user):
        prove_code(user, code=code, now=now)
    return take_away(factor, actor=user.actor, now=now, reason=reason)


def take_away(factor: Factor, *, actor: context.Actor, now: datetime, reason: str) -> Factor:
    """Raises `MoveRefused` when it was removed already. Another person may do this only through a reset by two."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = Factor.objects.select_related("subject_key", "user").select_for_update(of=("self",)).get(pk=factor.pk)
        if fresh.removed_at is not None:
            raise MoveRefused("This was removed already.")
        fresh.removed_at, fresh.secret = now, b""
        fresh.save(update_fields=["removed_at", "secret"])
        if actor.id == fresh.user_id:
            _tell(fresh.user, "factor-changed", now, factor=fresh, kind=WORDS[Kind(fresh.kind)], added=False)
    return fresh


def take_all_away(user: User, *, actor: context.Actor, now: datetime, reason: str) -> int:
    """Every factor and every recovery code, and all sessions end (§11.300(c)). Returns how many factors there were."""
    with context.regulated_write(actor=actor, reason=reason):
        held = list(Factor.objects.filter(user=user, removed_at=None))
        for factor in held:
            take_away(factor, actor=actor, now=now, reason=reason)
        safeguards.end_recovery_codes(user, actor=actor, now=now, reason=reason)
        accounts.end_sessions(user, actor=actor, now=now, reason=reason)
        sessions.end_all_of(user)
    return len(held)


def test_authenticator(user: User, factor: Factor, *, code: str, now: datetime) -> None:
    """The periodic test, by a code of the app (§11.300(e)). Raises `AccountRefused`, `TooManyAttempts`."""
    _bounded("own code", user)
    found = queries.matching([factor], code, now)
    if found is None or not _spend(*found, now):
        raise AccountRefused("code", WRONG_NEW_CODE)
    attempts.forget("own code", str(user.pk))


def test_passkey(
    user: User, factor: Factor, *, response: dict[str, Any] | str, challenge: bytes, now: datetime
) -> None:
    """The same for a passkey. Raises `PasskeyRefused`."""
    found = _shown([factor], response, challenge)
    if found is None or not _count(*found, now):
        raise passkeys.PasskeyRefused("the passkey does not hold")


def renew_recovery_codes(user: User, *, password: str, code: str, now: datetime) -> list[str]:
    """Ten new ones; the earlier ones end. Raises like `begin_authenticator`; `MoveRefused` before there is a factor."""
    if not queries.factors_of(user):
        raise MoveRefused("Set up an authenticator app or a passkey first: recovery codes stand in for one.")
    _prove_change(user, password=password, code=code, now=now)
    return safeguards.renew_recovery_codes(user, now=now, reason="Asked for new recovery codes")


def _enrolled(user: User, factor: Factor, now: datetime) -> Enrolled:
    _tell(user, "factor-changed", now, factor=factor, kind=WORDS[Kind(factor.kind)], added=True)
    kept = guards.of_person(user)
    if kept is not None and kept.recovery_left:
        return Enrolled(factor, [])
    return Enrolled(factor, safeguards.renew_recovery_codes(user, now=now, reason="Made with the first factor"))


def _check_name(user: User, name: str) -> None:
    held = queries.factors_of(user)
    if name.strip().casefold() in {factor.name.casefold() for factor in held}:
        raise AccountRefused("name", "You have one of this name already. Give it another.")
    if len(held) >= FACTORS_AT_MOST:
        raise AccountRefused("name", f"You have {FACTORS_AT_MOST} already. Remove one first.")


def _prove_change(user: User, *, password: str, code: str, now: datetime) -> None:
    """Who changes a second factor shows the password and a code of their app: an open session is not enough.

    Whoever has only one of these, or neither, was asked a moment ago for what they do have (`@dangerous`).
    """
    if user.has_usable_password():
        accounts.check_own_password(user, password=password)
    if queries.asks_code(user):
        prove_code(user, code=code, now=now)


def _bounded(what: str, user: User) -> None:
    if attempts.count(what, str(user.pk), window=ADDRESS_WINDOW) > OWN_PASSWORD_ATTEMPTS:
        raise TooManyAttempts(ADDRESS_WINDOW)


def _spend(factor: Factor, step: int, now: datetime) -> bool:
    """Use up the code of this step. False when another request was faster."""
    unused = Factor.objects.filter(pk=factor.pk, removed_at=None).exclude(last_step__gte=step)
    return unused.update(last_step=step, last_used_at=now) == 1


def _count(factor: Factor, evidence: PasskeyEvidence, now: datetime) -> bool:
    """Remember how far the passkey has counted. False when another request was faster."""
    known = Factor.objects.filter(pk=factor.pk, removed_at=None, sign_count=factor.sign_count)
    return known.update(sign_count=evidence.sign_count, last_used_at=now) == 1


def _unlocked(user: User, now: datetime) -> User:
    """The person as they are now. Raises `SigningLocked`."""
    if until := guards.locked_until(user, now):
        raise SigningLocked(until)
    return User.objects.get(pk=user.pk)


def _refusal(user: User, purpose: str, address: str, now: datetime) -> Exception:
    until = safeguards.note_failure(user, purpose=purpose, address=address, now=now)
    return ComponentsRefused() if until is None else SigningLocked(until)


def _shown(
    factors: list[Factor], response: dict[str, Any] | str, challenge: bytes
) -> tuple[Factor, PasskeyEvidence] | None:
    answer = passkeys.read(response)
    for factor in queries.passkeys(factors):
        if factor.credential_id == answer.get("id"):
            try:
                return factor, passkeys.shown(factor, answer, challenge)
            except passkeys.PasskeyRefused as refused:
                log.warning("passkey refused", factor=str(factor.pk), why=str(refused))
    return None


def _knows(signer: User, password: str, *, in_series: bool) -> bool:
    # Hashed in any case: how long the answer takes must not tell what was wrong.
    right = check_password(password, signer.password)
    return signer.is_active and (in_series or right)


def _with(method: str, *, in_series: bool) -> tuple[str, ...]:
    return ("session" if in_series else "password", method)


def _tell(user: User, template: str, now: datetime, **values: object) -> None:
    outbox.queue_email(
        to=user.email,
        subject_key=user.subject_key,
        template=template,
        context={"person": user, "sender_name": name_here(), "now": now, **values},
        now=now,
        about=f"members.user:{user.pk}",
    )
