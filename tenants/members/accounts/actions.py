"""How people come in, prove who they are, and leave."""

from datetime import datetime

from audit import context
from audit.subject_keys import actions as subject_keys
from audit.subject_keys.queries import blind_index
from tenants.members.accounts.models import User


class AccountRefused(ValueError):
    """The account cannot be made as asked; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def create_user(
    *, email: str, full_name: str, actor: context.Actor, now: datetime, reason: str, job_title: str = ""
) -> User:
    """A person who cannot sign in yet: no password. Raises `AccountRefused` for a known address."""
    index = blind_index(email, "user.email")
    with context.regulated_write(actor=actor, reason=reason):
        if User.objects.filter(email_index=index).exists():
            raise AccountRefused("email", "This address belongs to somebody who is already here.")
        user = User(
            subject_key=subject_keys.create(now=now),
            email=email.strip(),
            email_index=index,
            full_name=full_name.strip(),
            job_title=job_title.strip(),
            created_at=now,
        )
        user.set_unusable_password()
        user.save(force_insert=True)
    return user


def set_password(user: User, *, password: str, actor: context.Actor, now: datetime, reason: str) -> User:
    """Set a password that validation has passed, and end every session opened with the old one."""
    with context.regulated_write(actor=actor, reason=reason):
        fresh = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        fresh.set_password(password)
        fresh.session_epoch += 1
        fresh.failed_sign_ins, fresh.locked_until = 0, None
        fresh.save(update_fields=["password", "session_epoch", "failed_sign_ins", "locked_until"])
    return fresh
