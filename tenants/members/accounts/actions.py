"""How people come in, prove who they are, and leave."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password
from django.db import IntegrityError, transaction
from django.db.models import F

from audit import context, watch
from audit.subject_keys import actions as subject_keys
from audit.subject_keys.queries import blind_index
from tenants.members import browsers
from tenants.members.accounts import catalogue, hashing, queries
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.models import Invitation, PasswordReset, User
from tenants.members.outbox import actions as outbox
from tenants.tenancy.queries import name_here

PASSWORD_FIELDS = [
    "password", "former_passwords", "password_changed_at", "session_epoch", "failed_sign_ins", "locked_until",
]  # fmt: skip
# What guesses at the password of one account are counted under.
GUESSES = "guesses at a password"

log = structlog.get_logger(__name__)


class AccountRefused(ValueError):
    """The account cannot be made or changed as asked; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class SignInRefused(watch.Refusal):
    """Nobody was signed in. Never says why: unknown, wrong, inactive and held off look the same."""


class TooManyAttempts(watch.Refusal):
    """This address tried too often, whomever it tried; `seconds` says how long it must wait."""

    def __init__(self, window: timedelta) -> None:
        super().__init__("Too many attempts from this address.")
        self.seconds = int(window.total_seconds())


def create_user(
    *, email: str, full_name: str, actor: context.Actor, now: datetime, reason: str, job_title: str = ""
) -> User:
    """A person who cannot sign in yet: no password. Raises `AccountRefused` for a known address."""
    with context.regulated_write(actor=actor, reason=reason):
        user = User(
            subject_key=subject_keys.create(now=now),
            email=email.strip(),
            email_index=blind_index(email, "user.email"),
            full_name=full_name.strip(),
            job_title=job_title.strip(),
            created_at=now,
        )
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as known:
            raise AccountRefused("email", "This address belongs to somebody who is already here.") from known
    return user


def set_password(user: User, *, password: str, actor: context.Actor, now: datetime, reason: str) -> User:
    """Set a password that validation has passed, and end every session opened with the old one."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if fresh.has_usable_password():
            fresh.former_passwords = [fresh.password, *fresh.former_passwords][: catalogue.PASSWORDS_KEPT]
        fresh.set_password(password)
        fresh.password_changed_at = now
        fresh.session_epoch += 1
        fresh.failed_sign_ins, fresh.locked_until = 0, None
        fresh.save(update_fields=PASSWORD_FIELDS)
        # Links sent before would otherwise still set another password.
        PasswordReset.objects.filter(user=user, used_at=None).update(used_at=now)
    return fresh


def check_own_password(user: User, *, password: str, field: str = "password") -> None:
    """That whoever sits here knows the password. Raises `AccountRefused` beside `field`, `TooManyAttempts`."""
    tried = attempts.count("own password", str(user.pk), window=catalogue.ADDRESS_WINDOW)
    if tried > catalogue.OWN_PASSWORD_ATTEMPTS:
        raise TooManyAttempts(catalogue.ADDRESS_WINDOW)
    if authenticate(email=user.email, password=password) is None:
        raise AccountRefused(field, "This is not your password. Enter the one you signed in with.")
    attempts.forget("own password", str(user.pk))


def change_own_password(user: User, *, current: str, password: str, now: datetime) -> User:
    """Raises `AccountRefused` when `current` is not the password, `TooManyAttempts` when it was guessed at."""
    check_own_password(user, password=current, field="current")
    with transaction.atomic():
        fresh = set_password(user, password=password, actor=user.actor, now=now, reason="Changed on the account page")
        _tell(fresh, "password-changed", now)
    return fresh


def change_profile(user: User, *, full_name: str, job_title: str, now: datetime) -> User:
    """A person corrects what is said of them (GDPR Art. 16)."""
    with context.regulated_write(actor=user.actor, reason="Corrected on the account page"):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        fresh.full_name, fresh.job_title = full_name.strip(), job_title.strip()
        fresh.save(update_fields=["full_name", "job_title"])
    return fresh


def sign_out_everywhere(user: User, *, now: datetime) -> None:
    """End every session of this person, in every browser, with its next request."""
    end_sessions(user, actor=user.actor, now=now, reason="Signed out everywhere on the account page")


def end_sessions(user: User, *, actor: context.Actor, now: datetime, reason: str) -> None:
    """Also when another decides on it: what was lost must open nothing any more (§11.300(c))."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        fresh.session_epoch += 1
        fresh.save(update_fields=["session_epoch"])


def sign_in(
    *,
    email: str,
    password: str,
    address: str,
    browser: browsers.Known,
    now: datetime,
    only: Collection[str] | None = None,
) -> User:
    """The person to whom address and password belong.

    `only`: the ids of those whom a password lets in; None lets in everybody. Raises `SignInRefused` and
    `TooManyAttempts`. Hashes exactly once whatever the outcome, so that time does not tell which accounts exist
    (ASVS 6.3.8), and counts before it hashes, so that guesses made at once are not let through together.
    """
    index = blind_index(email, "user.email")
    known, locked_until = _standing(index)
    familiar = browser.browser if known and browser.person == known else ""
    held = _is_held(index, address, familiar, now) or (not familiar and locked_until is not None and locked_until > now)
    user = authenticate(email=email, password=password)
    if held:
        log.warning("sign-in held off", familiar=bool(familiar))
        raise SignInRefused("Held off after several failed attempts.")
    if not isinstance(user, User) or (only is not None and str(user.pk) not in only):
        account = _note_failure(index, address, familiar, now)
        raise SignInRefused("Address and password do not match.", record=f"members.user:{account}" if account else "")
    _note_success(user, password, address, familiar)
    return user


def note_arrival(user: User, *, now: datetime, new_browser: str = "", address: str = "") -> None:
    """The person is in, by whatever way. `new_browser` describes one they never signed in with before: they are told
    (ASVS 6.3.5)."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(last_sign_in_at=now)
        if new_browser and user.last_sign_in_at is not None:
            _tell(user, "new-browser", now, browser=new_browser, address=address, link=outbox.link("profile"))


def request_password_reset(*, email: str, address: str, now: datetime, only: Collection[str] | None = None) -> None:
    """Mail a link to set a new password, if the address belongs to somebody who may sign in with one.

    Tells nobody whether it does. `only` as in `sign_in`. Raises `TooManyAttempts`.
    """
    if attempts.count("reset", address, window=catalogue.ADDRESS_WINDOW) > catalogue.RESETS_PER_ADDRESS:
        raise TooManyAttempts(catalogue.ADDRESS_WINDOW)
    # The cost of a hash hides the little that writing a mail takes.
    make_password(email)
    index = blind_index(email, "user.email")
    user = queries.who_can_sign_in().filter(email_index=index).first()
    if user is None or (only is not None and str(user.pk) not in only):
        return
    if _resets_left(user, now):
        _send_reset(user, now)


def complete_password_reset(*, token: str, password: str, now: datetime) -> User:
    """Set the password that a mailed link asked for. Raises `LinkUnknown`, `LinkOver`."""
    with transaction.atomic():
        reset = queries.open_reset(token, now, lock=True)
        user = queries.by_id(reset.user_id)
        fresh = set_password(user, password=password, actor=user.actor, now=now, reason="Reset through the mailed link")
        _tell(fresh, "password-changed", now)
    return fresh


def send_invitation(user: User, *, actor: context.Actor, now: datetime, reason: str) -> Invitation:
    """Mail a link with which the person sets a first password. An earlier link ends with it."""
    token = hashing.new_token()
    with context.regulated_write(actor=actor, reason=reason):
        revoke_invitations(user, actor=actor, now=now, reason=reason)
        invitation = Invitation.objects.create(
            user=user,
            token_hash=hashing.digest(token),
            invited_by=actor.name,
            created_at=now,
            expires_at=now + catalogue.INVITATION_LIFE,
        )
        _tell(user, "invitation", now, link=outbox.link("invitation", token), expires_at=invitation.expires_at)
    return invitation


def revoke_invitations(user: User, *, actor: context.Actor, now: datetime, reason: str) -> int:
    """Take back every invitation of this person that still stands. Returns how many."""
    with context.regulated_write(actor=actor, reason=reason):
        standing = list(Invitation.objects.select_for_update().filter(user=user, accepted_at=None, revoked_at=None))
        for invitation in standing:
            invitation.revoked_at = now
            invitation.save(update_fields=["revoked_at"])
    return len(standing)


def accept_invitation(*, token: str, password: str, now: datetime) -> User:
    """Set the first password. Raises `LinkUnknown`, `LinkOver`."""
    with transaction.atomic():
        invitation = queries.open_invitation(token, now, lock=True)
        user = queries.by_id(invitation.user_id)
        with context.regulated_write(actor=user.actor, reason="Accepted the mailed invitation"):
            invitation.accepted_at = now
            invitation.save(update_fields=["accepted_at"])
        return set_password(user, password=password, actor=user.actor, now=now, reason="Accepted the mailed invitation")


def _standing(index: str) -> tuple[str, datetime | None]:
    """The id of the account and until when it rests; empty and None where there is none."""
    row = User.objects.filter(email_index=index).values_list("pk", "locked_until").first()
    return (str(row[0]), row[1]) if row else ("", None)


def _is_held(index: str, address: str, familiar: str, now: datetime) -> bool:
    """Count this guess. A browser that the person is known in answers for itself alone, so no stranger shuts it.

    Raises `TooManyAttempts`.
    """
    guesses = attempts.count_in_a_row(GUESSES, index, familiar, at_most=catalogue.GUESSES, pause=catalogue.GUESS_PAUSE)
    if familiar:
        return guesses > catalogue.GUESSES
    if attempts.count("sign-in", address, window=catalogue.ADDRESS_WINDOW) > catalogue.ATTEMPTS_PER_ADDRESS:
        raise TooManyAttempts(catalogue.ADDRESS_WINDOW)
    return guesses > catalogue.GUESSES or attempts.is_held("sign-in", index, address, now=now)


@transaction.atomic
def _note_failure(index: str, address: str, familiar: str, now: datetime) -> UUID | None:
    """Count against the pair of account and address, and against the account if there is one: its id."""
    failures = 0
    if not familiar:
        failures = attempts.count("sign-in", index, address, window=catalogue.FAILURES_REMEMBERED)
        if lock := catalogue.lock_after(failures):
            attempts.hold("sign-in", index, address, until=now + lock, now=now)
    account = User.objects.filter(email_index=index)
    account.update(failed_sign_ins=F("failed_sign_ins") + 1)
    user = account.first()
    log.warning("sign-in refused", failures=failures, account=str(user.pk) if user else None)
    if user is None:
        return None
    if not familiar and attempts.so_far(GUESSES, index, "") >= catalogue.GUESSES:
        account.update(locked_until=now + catalogue.GUESS_PAUSE)
    if user.failed_sign_ins == catalogue.GUESSES and user.is_active:
        _tell(user, "new-sign-in-lock", now, failures=user.failed_sign_ins, link=outbox.link("password-reset"))
    return user.pk


def _note_success(user: User, password: str, address: str, familiar: str) -> None:
    attempts.release(GUESSES, user.email_index, familiar)
    if not familiar:
        attempts.release("sign-in", user.email_index, address)
        attempts.take_back("sign-in", address)
    account = User.objects.filter(pk=user.pk)
    account.update(failed_sign_ins=0, locked_until=None)
    if _is_outdated(user.password):
        renewed = make_password(password)
        # Only over the hash that was checked: the password may have been changed meanwhile.
        if account.filter(password=user.password).update(password=renewed):
            user.password = renewed


def _is_outdated(encoded: str) -> bool:
    """True when the hash is of an older kind; at sign-in the password is at hand to renew it."""
    wanted, found = get_hasher(), identify_hasher(encoded)
    return found.algorithm != wanted.algorithm or wanted.must_update(encoded)


def _resets_left(user: User, now: datetime) -> bool:
    recent = PasswordReset.objects.filter(user=user, created_at__gt=now - catalogue.RESET_LIFE)
    return recent.count() < catalogue.RESETS_AT_ONCE


@transaction.atomic
def _send_reset(user: User, now: datetime) -> None:
    token = hashing.new_token()
    PasswordReset.objects.filter(user=user, used_at=None).update(used_at=now)
    PasswordReset.objects.create(
        token_hash=hashing.digest(token), user=user, created_at=now, expires_at=now + catalogue.RESET_LIFE
    )
    _tell(user, "password-reset", now, link=outbox.link("password-reset-new", token))


def _tell(user: User, template: str, now: datetime, **values: object) -> None:
    outbox.queue_email(
        to=user.email,
        subject_key=user.subject_key,
        template=template,
        context={"person": user, "sender_name": name_here(), "now": now, **values},
        now=now,
        about=f"members.user:{user.pk}",
    )


def forget_ended(now: datetime) -> int:
    """The chore: reset links that are over go, with all they held of a person (GDPR Art. 5(1)(e))."""
    gone, _ = PasswordReset.objects.filter(expires_at__lte=now - queries.KEPT_AFTER_EXPIRY).delete()
    return gone
