from datetime import datetime

from tenants.members.accounts.models import User
from tenants.members.safeguards.models import Safeguard


def of_person(user: User) -> Safeguard | None:
    """None until the person first sets something up, or somebody first fails to sign as them."""
    return Safeguard.objects.filter(pk=user.pk).first()


def locked_until(user: User, now: datetime) -> datetime | None:
    """Until when signing is locked for this person; None when it is not."""
    found = of_person(user)
    until = found.locked_until if found else None
    return until if until is not None and until > now else None
