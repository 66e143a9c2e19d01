"""The way in: first step, second step, session; and the proof that dangerous acts ask for (ASVS 6.3, 7.5)."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from audit import watch
from audit.context import current_request
from tenants.members import browsers
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.actions import SignInRefused, TooManyAttempts
from tenants.members.accounts.adapters import attempts
from tenants.members.accounts.catalogue import ADDRESS_WINDOW, OWN_PASSWORD_ATTEMPTS
from tenants.members.accounts.models import User
from tenants.members.ceremonies import actions as ceremonies
from tenants.members.entrance import queries
from tenants.members.entrance.catalogue import (
    CHALLENGE_LIVES,
    GUESS_PAUSE,
    GUESSES,
    PASSKEYS_PER_SOURCE,
    PENDING,
    PENDING_LIVES,
    Purpose,
    Second,
)
from tenants.members.factors import actions as factors
from tenants.members.factors.adapters import passkeys
from tenants.members.factors.adapters.passkeys import PasskeyRefused
from tenants.members.outbox import actions as outbox
from tenants.members.safeguards import actions as safeguards
from tenants.members.safeguards import queries as guards
from tenants.members.sessions import actions as sessions
from tenants.members.sessions.catalogue import Door, Method
from tenants.tenancy.queries import name_here

if TYPE_CHECKING:
    from tenants.members.arrivals.catalogue import Said
    from tenants.members.identity_providers.models import IdentityProvider

CEREMONY = "passkey"
# What guesses at the second step of one account are counted under.
STEP = "second step"
# Before any act that asks for a proof.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
INACTIVE = "This account may not sign in."

# Protocols stand above this feature: each tells where a session of its own goes on to when it ends here.
WayOut = Callable[..., str | None]
_ways_out: list[WayOut] = []

log = structlog.get_logger(__name__)


class SecondRefused(watch.Refusal):
    """The second factor does not hold. Never says why: wrong, used and unknown look the same."""


class NothingPending(Exception):
    """No first step was taken in this browser, or it was too long ago."""


# --- The first step ----------------------------------------------------------------------------


def admit(
    request: HttpRequest,
    user: User,
    *,
    method: Method,
    now: datetime,
    next: str,  # noqa: A002  the name that links carry
    said: "Said | None" = None,
    provider: "IdentityProvider | None" = None,
) -> HttpResponse:
    """The first step is done: open the session, or ask for the second factor of whoever has one (ASVS 6.3.3).

    `said` is what the identity provider said, by which the person came; its second factor counts where the workspace
    trusts it. `provider` may be left out where issuer and protocol name one. `next` leads to a path of this host only.
    """
    if not user.is_active:
        return render(request, "403.html", {"reason": INACTIVE}, status=403)
    if said is not None and provider is None:
        provider = queries.provider_of(said, method)
    second = queries.vouched(provider, said)
    door = _door(request, method, now)
    if said is not None and provider is not None:
        door = replace(
            door,
            # An open session at the provider proves nothing about who sits here now.
            proved_at=min(now, said.authenticated_at) if said.authenticated_at else NEVER,
            provider_id=str(provider.pk),
            provider_subject=said.subject,
            provider_session=said.session,
            id_token=said.id_token,
        )
    if second:
        return _open(request, user, replace(door, second=second, second_at=now), next, now)
    if not queries.second_is_due(user):
        return _open(request, user, door, next, now)
    _keep_pending(request, user, door, next)
    return redirect("second-step")


def enter_by_passkey(request: HttpRequest, *, answer: str, wanted: str, now: datetime) -> HttpResponse:
    """Without a password: the passkey is what one has, and knows its owner by what one is or knows (ASVS 6.3.3).

    Raises `SignInRefused`, `TooManyAttempts`.
    """
    _count_source(request, None, "passkey sign-in")
    try:
        user = factors.recognise(answer, _spent_challenge(answer, Purpose.SIGN_IN, None, now), now=now)
    except PasskeyRefused as refused:
        log.warning("passkey refused at sign-in", why=str(refused))
        raise SignInRefused("This passkey opens nothing here.") from refused
    if not queries.may_come_without_provider(user):
        raise SignInRefused("The identity provider lets people in here.", record=f"members.user:{user.pk}")
    door = replace(_door(request, Method.PASSKEY, now), second=Second.PASSKEY, second_at=now)
    return _open(request, user, door, wanted, now)


# --- The second step ---------------------------------------------------------------------------


def show_code(request: HttpRequest, *, code: str, now: datetime) -> HttpResponse:
    """A one-time code or a recovery code, each good once (ASVS 6.5.1).

    Raises `NothingPending`, `SecondRefused`, `TooManyAttempts`.
    """
    found = _pending(request, now)
    browser = _count_guess(request, found.user)
    if factors.spend_code(found.user, code=code, now=now) is not None:
        return _enter(request, found, Second.TOTP, browser, now)
    if safeguards.spend_recovery_code(found.user, code=code, now=now):
        _tell_recovery(found.user, now)
        return _enter(request, found, Second.RECOVERY, browser, now)
    raise _wrong(found.user, browser, now)


def show_passkey(request: HttpRequest, *, answer: str, now: datetime) -> HttpResponse:
    """Raises `NothingPending`, `SecondRefused`, `TooManyAttempts`."""
    found = _pending(request, now)
    browser = _count_guess(request, found.user)
    try:
        factors.verify(found.user, answer, _spent_challenge(answer, Purpose.SECOND, found.user, now), now=now)
    except PasskeyRefused as refused:
        raise _wrong(found.user, browser, now) from refused
    return _enter(request, found, Second.PASSKEY, browser, now)


# --- The proof anew ----------------------------------------------------------------------------


def prove_by_password(request: HttpRequest, user: User, *, password: str, code: str, now: datetime) -> None:
    """Password and, of whoever has a factor, a code. Raises `AccountRefused` beside the field, `TooManyAttempts`."""
    accounts.check_own_password(user, password=password)
    if queries.second_is_due(user):
        sessions.note_second(request, second=factors.prove_code(user, code=code, now=now), now=now)
    else:
        sessions.note_proof(request, now=now)


def prove_by_passkey(request: HttpRequest, user: User, *, answer: str, now: datetime) -> None:
    """Raises `PasskeyRefused`, `TooManyAttempts`."""
    if attempts.count("own passkey", str(user.pk), window=ADDRESS_WINDOW) > OWN_PASSWORD_ATTEMPTS:
        raise TooManyAttempts(ADDRESS_WINDOW)
    factors.verify(user, answer, _spent_challenge(answer, Purpose.PROVE, user, now), now=now)
    attempts.forget("own passkey", str(user.pk))
    sessions.note_second(request, second=Second.PASSKEY, now=now)


# --- Passkeys ----------------------------------------------------------------------------------


def ask_passkey(request: HttpRequest, purpose: Purpose, user: User | None, *, now: datetime) -> dict[str, Any]:
    """What a page hands to the browser: a challenge that is good once, within five minutes. Raises `TooManyAttempts`.

    `user`: whose passkeys are asked for; None at sign-in, where the browser offers what it keeps for this host.
    """
    _count_source(request, user, "passkey challenge")
    challenge = secrets.token_bytes(32)
    content = {"purpose": purpose, "user": str(user.pk) if user else ""}
    ceremonies.begin(CEREMONY, secret=challenge.hex(), content=content, life=CHALLENGE_LIVES, now=now)
    return passkeys.request_options(user, challenge)


def way_on(wanted: str) -> str:
    """A path of this host, or the overview: a link to sign in never leads elsewhere (ASVS 3.7.2)."""
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if here else reverse("home")


def register_way_out(told: WayOut) -> None:
    """`told(door, now=)` gives a path of this host that goes on to the provider's sign-out, or None."""
    _ways_out.append(told)


def way_out(door: Door | None, *, now: datetime) -> str:
    """Where somebody is sent who has just signed out: to the provider's own sign-out, or to the sign-in page."""
    found = (told(door, now=now) for told in _ways_out if door is not None)
    return next((path for path in found if path), reverse("sign-in"))


def _spent_challenge(answer: str, purpose: Purpose, user: User | None, now: datetime) -> bytes:
    """The challenge that this answer signed, if it was asked for just this and not answered yet. Raises
    `PasskeyRefused`."""
    challenge = passkeys.challenge_in(answer)
    kept = ceremonies.finish(CEREMONY, secret=challenge.hex(), now=now)
    if kept != {"purpose": purpose, "user": str(user.pk) if user else ""}:
        raise PasskeyRefused("a challenge that was not asked for, or was answered before")
    return challenge


def _pending(request: HttpRequest, now: datetime) -> queries.Pending:
    found = queries.pending(request, now)
    if found is None:
        raise NothingPending
    return found


def _keep_pending(request: HttpRequest, user: User, door: Door, wanted: str) -> None:
    # Whoever sat here before is signed out, and the key is a new one (ASVS 7.2.4).
    logout(request)
    request.session[PENDING] = queries.kept_pending(user, door, wanted)
    request.session.set_expiry(int(PENDING_LIVES.total_seconds()))


def _enter(request: HttpRequest, found: queries.Pending, second: Second, browser: str, now: datetime) -> HttpResponse:
    attempts.forget(STEP, str(found.user.pk), browser)
    door = replace(found.door, opened_at=now, proved_at=now, second=second, second_at=now)
    return _open(request, found.user, door, found.next, now)


def _open(request: HttpRequest, user: User, door: Door, wanted: str, now: datetime) -> HttpResponse:
    request.session.pop(PENDING, None)
    sessions.open_session(request, user, door=door, now=now)
    new = "" if queries.familiar(request, user) else (door.browser or "A browser that does not say its name")
    accounts.note_arrival(user, now=now, new_browser=new, address=door.address)
    return browsers.remember(redirect(way_on(wanted)), user)


def _count_guess(request: HttpRequest, user: User) -> str:
    """Count before anything is compared; a browser that the person is known in answers for itself alone.

    Returns its number. Raises `TooManyAttempts`.
    """
    browser = queries.familiar(request, user)
    if attempts.count_in_a_row(STEP, str(user.pk), browser, at_most=GUESSES, pause=GUESS_PAUSE) > GUESSES:
        raise TooManyAttempts(GUESS_PAUSE)
    return browser


def _count_source(request: HttpRequest, user: User | None, what: str) -> None:
    """Count by person, known browser, or network address: no stranger uses up what is somebody's own.

    Raises `TooManyAttempts`.
    """
    source = str(user.pk) if user else browsers.known(request).browser or current_request().address
    if attempts.count(what, source, window=ADDRESS_WINDOW) > PASSKEYS_PER_SOURCE:
        raise TooManyAttempts(ADDRESS_WINDOW)


def _wrong(user: User, browser: str, now: datetime) -> SecondRefused:
    """Whoever gets this far knows the password: at the last guess the person is told."""
    failures = attempts.so_far(STEP, str(user.pk), browser)
    log.warning("second step refused", account=str(user.pk), failures=failures)
    if failures == GUESSES:
        _tell(user, "second-step-lock", now, failures=failures, link=outbox.link("password-reset"))
    return SecondRefused("The second factor does not hold.", record=f"members.user:{user.pk}")


def _tell_recovery(user: User, now: datetime) -> None:
    kept = guards.of_person(user)
    _tell(user, "recovery-code-used", now, left=kept.recovery_left if kept else 0, link=outbox.link("signing"))


def _tell(user: User, template: str, now: datetime, **values: object) -> None:
    outbox.queue_email(
        to=user.email,
        subject_key=user.subject_key,
        template=template,
        context={"person": user, "sender_name": name_here(), "now": now, **values},
        now=now,
        about=f"members.user:{user.pk}",
    )


def _door(request: HttpRequest, method: Method, now: datetime) -> Door:
    return Door(
        method=method,
        opened_at=now,
        proved_at=now,
        address=current_request().address,
        browser=request.headers.get("User-Agent", ""),
    )
