import json
from datetime import datetime
from typing import Any, Final

from django.db.models import Min, QuerySet
from django.http import HttpRequest

from audit.subject_keys import hashing
from audit.subject_keys.queries import open_secret, seal_secret
from tenants.members.accounts.models import User
from tenants.members.sessions.catalogue import DOOR, Door, read
from tenants.members.sessions.models import Session

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
    return found


def of_person(user: User, now: datetime) -> QuerySet[Session]:
    """The person's sessions that are not over, the one used last first."""
    return Session.objects.filter(user_id=user.pk, expire_date__gt=now).order_by("-seen_at", "session_key")


def next_end() -> datetime | None:
    """When the oldest session of this schema is over."""
    found: datetime | None = Session.objects.aggregate(at=Min("expire_date"))["at"]
    return found
