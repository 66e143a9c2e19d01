"""What a tenant can choose about who comes in, and where it starts. Pure: no framework."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final


class SecondFactor(StrEnum):
    """When a second factor is asked for at sign-in."""

    OPTIONAL = "optional"
    BY_ROLE = "by_role"
    REQUIRED = "required"


FACTOR_WORDS: Final = {
    SecondFactor.OPTIONAL: "Whoever has set one up is asked for it",
    SecondFactor.BY_ROLE: "Required for the roles chosen below",
    SecondFactor.REQUIRED: "Required for everybody",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force in a schema, whoever set them. Times are durations; `networks` are CIDR, empty is anywhere.

    `admin_idle` holds for people who manage people or access.
    """

    second_factor: SecondFactor = SecondFactor.OPTIONAL
    second_factor_roles: tuple[str, ...] = ()
    idle: timedelta = timedelta(hours=8)
    admin_idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)
    sessions_at_once: int = 5
    networks: tuple[str, ...] = ()
    sso_required: bool = False
    password_length: int = 12
    recovery_accounts: tuple[str, ...] = field(default=())


# Complere's own staff: stricter, and nobody can loosen them (ASVS 8.4.2).
STAFF: Final = Rules(
    second_factor=SecondFactor.REQUIRED,
    idle=timedelta(minutes=15),
    admin_idle=timedelta(minutes=15),
    absolute=timedelta(hours=8),
    sessions_at_once=3,
    password_length=15,
)
TENANT: Final = Rules()
# Between proving who one is and a dangerous act (ASVS 7.5.1).
STEP_UP: Final = timedelta(minutes=10)
# A page that was opened in time may be sent a little later.
STEP_UP_TO_SEND: Final = timedelta(minutes=30)
