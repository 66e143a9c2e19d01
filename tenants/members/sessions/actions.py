"""Opening and ending sessions (ASVS 7.2 to 7.4)."""

from dataclasses import replace
from datetime import datetime

import structlog
from django.contrib.auth import login
from django.http import HttpRequest

from tenants.members.access_policies import queries as policies
from tenants.members.accounts.models import User
from tenants.members.sessions import queries
from tenants.members.sessions.catalogue import DOOR, SCHEMA, Door
from tenants.members.sessions.models import Session
from tenants.schemas import current_schema

log = structlog.get_logger(__name__)


def open_session(request: HttpRequest, user: User, *, door: Door, now: datetime) -> None:
    """Sign the person in with this browser: a new key, the schema's name, and an end counted from now.

    The person's oldest sessions end when there are more than the rules allow.
    """
    rules = policies.rules()
    login(request, user)
    request.session[SCHEMA] = current_schema()
    request.session[DOOR] = door.stored()
    # Counted from here, however much the session is used (ASVS 7.3.2).
    request.session.set_expiry(now + rules.absolute)
    request.session.save()
    others = queries.of_person(user, now).exclude(session_key=request.session.session_key)
    end([*others[max(rules.sessions_at_once - 1, 0) :]])
    log.info("session opened", account=str(user.pk), method=str(door.method), second=door.second)


def note_proof(request: HttpRequest, *, now: datetime) -> None:
    """The person has just proved again who they are; the session gets a new key (ASVS 7.2.4)."""
    _change(request, proved_at=now)


def note_second(request: HttpRequest, *, second: str, now: datetime) -> None:
    """The person has just shown a second factor, named by `second`; the session gets a new key."""
    _change(request, proved_at=now, second_at=now, second=second)


def end(sessions: list[Session]) -> int:
    """End these at once. Returns how many were still there."""
    gone, _ = Session.objects.filter(pk__in=[one.pk for one in sessions]).delete()
    return gone


def end_all_of(user: User, *, but: str = "") -> int:
    """End every session of the person, except the one with the key `but`."""
    gone, _ = Session.objects.filter(user_id=user.pk).exclude(session_key=but).delete()
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
