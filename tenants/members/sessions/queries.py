from datetime import datetime
from typing import Any

from django.db.models import Min, QuerySet
from django.http import HttpRequest

from tenants.members.accounts.models import User
from tenants.members.sessions.catalogue import DOOR, Door, read
from tenants.members.sessions.models import Session


def door_of(request: HttpRequest) -> Door | None:
    """How the session of this request was opened; None when nobody is signed in."""
    return read(request.session.get(DOOR))


def row_of(request: HttpRequest) -> Session | None:
    """The row that the session of this request was read from; None for a new one."""
    store: Any = request.session
    found: Session | None = store.row
    return found


def of_person(user: User, now: datetime) -> QuerySet[Session]:
    """The person's sessions that are not over, the one used last first."""
    return Session.objects.filter(user_id=user.pk, expire_date__gt=now).order_by("-seen_at", "session_key")


def next_end() -> datetime | None:
    """When the oldest session of this schema is over."""
    found: datetime | None = Session.objects.aggregate(at=Min("expire_date"))["at"]
    return found
