"""Opening and ending sessions (ASVS 7.2 to 7.4)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from django.contrib.auth import login
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest

from audit import context
from tenants.members.access_policies import queries as policies
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.sessions import clock, queries
from tenants.members.sessions.catalogue import DOOR, SCHEMA, TOLD_FOR, Door, Ended
from tenants.members.sessions.models import Session
from tenants.schemas import current_schema

log = structlog.get_logger(__name__)
MEMBERS = "tenants.members.backends.MemberBackend"


def open_session(request: HttpRequest, user: User, *, door: Door, now: datetime) -> None:
    """Sign the person in with this browser: a new key, the schema's name, and an end counted from now.

    The person's oldest sessions end when there are more than the rules allow.
    """
    rules = policies.rules()
    # Also where the same person was in already: a key that somebody copied opens nothing new (ASVS 7.2.4).
    request.session.cycle_key()
    # Said, because there is a second backend: the one of Complere's visitors, by whom nobody signs in.
    login(request, user, backend=MEMBERS)
    request.session[SCHEMA] = current_schema()
    request.session[DOOR] = door.stored()
    # Counted from here, however much the session is used (ASVS 7.3.2).
    request.session.set_expiry(now + rules.absolute)
    with transaction.atomic():
        # One sign-in of a person after the other: two at once would not see each other.
        list(User.objects.select_for_update(of=("self",)).filter(pk=user.pk).values_list("pk"))
        request.session.save()
        others = [row for row in queries.standing(user, now) if row.session_key != request.session.session_key]
        end(others[max(rules.sessions_at_once - 1, 0) :], why=Ended.DISPLACED)
    log.info("session opened", account=str(user.pk), method=str(door.method), second=door.second)


def note_proof(request: HttpRequest, *, now: datetime) -> None:
    """The person has just proved again who they are; the session gets a new key (ASVS 7.2.4)."""
    _change(request, proved_at=now)


def note_second(request: HttpRequest, *, second: str, now: datetime) -> None:
    """The person has just shown a second factor, named by `second`; the session gets a new key."""
    _change(request, proved_at=now, second_at=now, second=second)


def note_use(request: HttpRequest, *, now: datetime) -> None:
    """The session of this request is used now; written down at most once a minute, beside the sealed data."""
    row = queries.row_of(request)
    if row is not None and (row.seen_at is None or clock.counts_anew(row.seen_at, now)):
        row.seen_at = now
        Session.objects.filter(pk=row.pk).update(seen_at=now)


def end(sessions: Iterable[Session], *, why: Ended = Ended.ELSEWHERE) -> int:
    """End these at once; their browsers are told why when they come again. Returns how many were still there."""
    keys = [one.session_key for one in sessions]
    gone, _ = Session.objects.filter(pk__in=keys).delete()
    if why is not Ended.ELSEWHERE:
        seconds = int(TOLD_FOR.total_seconds())
        cache.set_many({queries.key_of_end(key): str(why) for key in keys}, timeout=seconds)
    return gone


def end_all_of(user: User, *, but: str = "") -> int:
    """End every session of the person, except the one with the key `but`. Returns how many rows went."""
    gone, _ = Session.objects.filter(user_id=user.pk).exclude(session_key=but).delete()
    return gone


def end_by_decision(user: User, *, actor: context.Actor, now: datetime, reason: str) -> int:
    """Somebody who manages people ends all sessions of a person. Returns how many there were."""
    with context.regulated_write(actor=actor, reason=reason):
        standing = len(queries.standing(user, now))
        # With the epoch, a session that is being opened at this moment ends as well.
        accounts.end_sessions(user, actor=actor, now=now, reason=reason)
        end_all_of(user)
    return standing


def end_of_provider(*, provider_id: UUID | str, subject: str = "", session: str = "") -> int:
    """An identity provider ends what it opened (back-channel or single logout): its session, or all of its subject.

    In the provider's own words, as `Door.provider_subject` and `Door.provider_session` hold them. With both, only
    that session of that subject; with neither, nothing. Returns how many ended.
    """
    gone = end(queries.at_provider(provider_id, subject=subject, session=session))
    log.info("sessions ended by their provider", provider=str(provider_id), sessions=gone)
    return gone


def forget_ended(now: datetime) -> int:
    """The chore: sessions that are over go, with all they held of a person (GDPR Art. 5(1)(e))."""
    gone, _ = Session.objects.filter(expire_date__lte=now).delete()
    return gone


def _change(request: HttpRequest, **changes: object) -> None:
    door = queries.door_of(request)
    if door is None:
        return
    request.session.cycle_key()
    request.session[DOOR] = replace(door, **changes).stored()  # type: ignore[arg-type]
