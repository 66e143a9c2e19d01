from uuid import UUID

from django.db.models import QuerySet

from audit.subject_keys.queries import blind_index
from tenants.members.accounts.models import User


def by_email(email: str) -> User | None:
    return User.objects.filter(email_index=blind_index(email, "user.email")).first()


def by_id(user_id: UUID | str) -> User:
    """Raises `User.DoesNotExist`."""
    return User.objects.get(pk=user_id)


def people() -> QuerySet[User]:
    """Everybody of this schema, newest last."""
    return User.objects.order_by("created_at")


def with_permission(permission: str) -> list[User]:
    """Active people of this schema whose roles carry `permission`."""
    return [user for user in User.objects.filter(is_active=True) if user.has_perm(permission)]
