import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.core.cache import cache
from django.db.models import Min, QuerySet
from django.http import HttpRequest

from audit.subject_keys import hashing
from audit.subject_keys.queries import open_secret, seal_secret
from tenants import signing
from tenants.members.access_policies import queries as policies
from tenants.members.access_policies.catalogue import STAFF
from tenants.members.accounts.models import User
from tenants.members.sessions import clock
from tenants.members.sessions.catalogue import DOOR, SCHEMA, Door, Ended, is_key, read
from tenants.members.sessions.models import Session
from tenants.schemas import current_schema

# Who sets rules for others is held to the shorter idle limit.
POWERS: Final = ("members.manage_people", "members.manage_access")
PLACE: Final = "members.session.session_data"


def door_of(request: HttpRequest) -> Door | None:
    """How the session of this request was opened; None when nobody is signed in."""
    return read(request.session.get(DOOR))


def row_of(request: HttpRequest) -> Session | None:
    """The row that the session of this request was read from; None for a new one."""
    store: Any = request.session
    found: Session | None = store.row
    return found


def door_in(row: Session) -> Door | None:
    """How the session of this row was opened, read from its sealed data."""
    return read(opened(row.session_data).get(DOOR))


def sealed(data: dict[str, Any]) -> str:
    """What a session holds, as its row keeps it: ciphertext under the key of this schema."""
    return hashing.to_token(seal_secret(json.dumps(data, separators=(",", ":")).encode(), PLACE))


def opened(kept: str) -> dict[str, Any]:
    """The other way; nothing at all for data of another schema, of another key, or altered."""
    try:
        found: dict[str, Any] = json.loads(open_secret(hashing.from_token(kept), PLACE))
    except (hashing.CiphertextRefused, ValueError):
        return {}
    return found if _whole(found) else {}


def _whole(data: Any) -> bool:
    """Half of a session is none: what Django reads as a person's id must be one."""
    if not isinstance(data, dict):
        return False
    try:
        UUID(str(data.get(SESSION_KEY, UUID(int=0))))
    except ValueError:
        return False
    return isinstance(data.get(HASH_SESSION_KEY, ""), str)


def mark_of(session_key: str | None) -> str:
    """Stands for a session where its key, which opens it, must not be read: on pages and in the trail."""
    return signing.digest(session_key or "", purpose="session")


def digest_at_provider(provider_id: UUID | str, said: str) -> str:
    """What an identity provider calls a session or a subject, as our rows keep it; nothing for nothing."""
    return signing.digest(str(provider_id), said, purpose="session at a provider") if said else ""


def limits_of(person: Any, *, visit: bool = False) -> clock.Limits:
    """What holds for this person's sessions here; a visit of Complere's staff is held to the rules of staff, too."""
    rules = policies.rules()
    idle = min(rules.idle, rules.admin_idle) if any(person.has_perm(power) for power in POWERS) else rules.idle
    if visit:
        return clock.Limits(idle=min(idle, STAFF.idle), absolute=min(rules.absolute, STAFF.absolute))
    return clock.Limits(idle=idle, absolute=rules.absolute)


def why_over(row: Session, door: Door, limits: clock.Limits, now: datetime) -> Ended | None:
    """Why time has ended this session; None while it has not."""
    if clock.is_over(door.opened_at, row.expire_date, limits, now):
        return Ended.OVER
    return Ended.IDLE if clock.is_idle(row.seen_at or door.opened_at, limits, now) else None


def standing(user: User, now: datetime) -> list[Session]:
    """The person's sessions that open something, the one used last first. Rows whose password has been changed, or
    that were signed out everywhere, lie there until they are forgotten, and are none of them.
    """
    limits, wanted = limits_of(user), user.get_session_auth_hash()
    rows = [row for row in of_person(user, now) if _opens(row, wanted)]
    return [row for row in rows if (door := door_in(row)) is not None and why_over(row, door, limits, now) is None]


def _opens(row: Session, wanted: str) -> bool:
    data = opened(row.session_data)
    return data.get(SCHEMA) == current_schema() and data.get(HASH_SESSION_KEY) == wanted


def why_ended(session_key: str, now: datetime) -> Ended:
    """What to tell a browser that comes with a session which is there no more, its own or one that never was."""
    if not is_key(session_key):
        return Ended.ELSEWHERE
    kept = cache.get(key_of_end(session_key))
    if kept in [*Ended]:
        return Ended(kept)
    past = Session.objects.filter(session_key=session_key, expire_date__lte=now, user_id__isnull=False)
    return Ended.OVER if past.exists() else Ended.ELSEWHERE


def key_of_end(session_key: str) -> str:
    return f"session-ended:{mark_of(session_key)}"


def of_person(user: User, now: datetime) -> QuerySet[Session]:
    """The person's rows that are not past their date, the one used last first."""
    return Session.objects.filter(user_id=user.pk, expire_date__gt=now).order_by("-seen_at", "session_key")


def at_provider(provider_id: UUID | str, *, subject: str, session: str) -> QuerySet[Session]:
    """What an identity provider means by its own words for a subject and a session; of none of them: nothing."""
    found = Session.objects.filter(provider_id=provider_id)
    if not subject and not session:
        return found.none()
    if subject:
        found = found.filter(provider_subject=digest_at_provider(provider_id, subject))
    return found.filter(provider_session=digest_at_provider(provider_id, session)) if session else found


def next_end() -> datetime | None:
    """When the oldest session of this schema is over."""
    found: datetime | None = Session.objects.aggregate(at=Min("expire_date"))["at"]
    return found
