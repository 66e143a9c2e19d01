"""The only place that answers who somebody is: a member of the schema, or a visitor of Complere's staff."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from audit.subject_keys.queries import blind_index
from tenants.members.accounts.models import User
from tenants.members.staff_entries.queries import Visitor, visitor


class MemberBackend:
    """Finds a person by the blind index of the e-mail, within the schema of the request only."""

    def authenticate(self, request: HttpRequest | None, email: str = "", password: str = "", **_: Any) -> User | None:
        user = User.objects.filter(email_index=blind_index(email, "user.email")).first()
        if user is None or not user.has_usable_password():
            # Hash all the same: an unknown address must take as long as a known one.
            make_password(password)
            return None
        # Without Django's setter: it would save the record outside any reason.
        return user if check_password(password, user.password) and user.is_active else None

    def get_user(self, user_id: UUID | str) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()


class VisitorBackend:
    """Finds the visitor of a session that was opened for an entry of Complere's staff. Nobody signs in by it."""

    def authenticate(self, request: HttpRequest | None, **_: Any) -> None:
        return None

    def get_user(self, entry_id: UUID | str) -> Visitor | None:
        return visitor(entry_id)
