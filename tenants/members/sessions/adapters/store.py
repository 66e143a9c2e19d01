"""Where Django keeps sessions: the schema's own table, with who, how and from where beside the data."""

from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from tenants.members.sessions import queries
from tenants.members.sessions.catalogue import DOOR, is_key, read
from tenants.members.sessions.models import Session


class SessionStore(DatabaseStore):
    # The row this session was read from; None for a new one.
    row: Session | None = None

    def _validate_session_key(self, key: Any) -> bool:
        # A NUL, for one, would break the look-up.
        return isinstance(key, str) and is_key(key)

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def encode(self, session_dict: dict[str, Any]) -> str:
        return queries.sealed(session_dict)

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        return queries.opened(str(session_data))

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = super()._get_session_from_db()  # type: ignore[misc]
        self.row = found
        return found

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast("Session", super().create_model_instance(data))
        door = read(data.get(DOOR))
        row.user_id = data.get(SESSION_KEY) or None
        row.entry_id = data.get("entry") or None
        if door is not None:
            row.method, row.opened_at = door.method, door.opened_at
            row.provider_id = door.provider_id or None
            row.provider_subject = queries.digest_at_provider(door.provider_id, door.provider_subject)
            row.provider_session = queries.digest_at_provider(door.provider_id, door.provider_session)
            row.seen_at = self._seen_at(door.opened_at)
        return row

    def _seen_at(self, opened_at: datetime) -> datetime:
        """Saving the data must not take back what the middleware counted."""
        known = self.row.seen_at if self.row is not None else None
        return max(known, opened_at) if known else opened_at
