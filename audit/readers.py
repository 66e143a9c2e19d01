"""Who may read the trail, and in which time zone it is told to them.

Not `tenants.members.access.may`: this app stands below it, so it says in the same place what it asks for.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

READ = "audit.view_history"
# A file of everything tells more than any one page: it is a right of its own.
EXPORT = "audit.export_trail"
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def with_right(permission: str) -> Callable[[View], View]:
    """Open to roles that carry `permission`; others get 403, strangers the sign-in page."""

    def wear(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        opened = login_required(guarded)
        opened.permission = permission  # type: ignore[attr-defined]
        return cast("View", opened)

    return wear


readers_only = with_right(READ)


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The zone of the tenant whose trail is read."""
    return ZoneInfo(getattr(getattr(request, "tenant", None), "time_zone", "UTC"))


LARGEST_INDEX = 2**62


def index_of(text: str) -> int | None:
    """A place in a log from an address; None for what is no number."""
    return min(int(text), LARGEST_INDEX) if text.isascii() and text.isdigit() and len(text) < 20 else None


def midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day in `zone`, in UTC."""
    return None if day is None else datetime.combine(day, time.min, zone).astimezone(UTC)


class PeriodForm(forms.Form):
    """For forms with the days `since` and `until`, either of which may stay empty; both are included."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", "The last day lies before the first. Exchange them.")
        return values

    def bounds(self, zone: ZoneInfo) -> dict[str, datetime | None]:
        """`since` and the end of `until` of a valid form, in UTC."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return {"since": midnight(since, zone), "until": midnight(until + timedelta(days=1), zone) if until else None}
