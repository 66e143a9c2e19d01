"""The one-time codes of the demonstration's people, who have no telephones."""

from dataclasses import dataclass
from datetime import datetime

from tenants.demo_codes.catalogue import APP
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import who_can_sign_in
from tenants.members.factors import hashing
from tenants.members.factors import queries as factors
from tenants.members.factors.models import Factor


@dataclass(frozen=True, slots=True)
class Code:
    """What the app of a person shows now, and what it shows next."""

    person: User
    now: str
    following: str
    is_used: bool
    following_is_used: bool


def codes(now: datetime) -> list[Code]:
    """Of the people of this schema whose app came with the demonstration, longest here first."""
    people = who_can_sign_in().order_by("created_at", "pk")
    return [_code(person, app, now) for person in people if (app := _app(person)) is not None]


def change_at(now: datetime) -> datetime:
    return hashing.next_code_at(now)


def _app(person: User) -> Factor | None:
    return next((one for one in factors.authenticators(factors.factors_of(person)) if one.name == APP), None)


def _code(person: User, app: Factor, now: datetime) -> Code:
    secret, step = factors.secret_of(app), hashing.step_at(now)
    following = hashing.step_at(hashing.next_code_at(now))
    return Code(
        person=person,
        now=hashing.code_at(secret, step),
        following=hashing.code_at(secret, following),
        is_used=app.last_step is not None and app.last_step >= step,
        following_is_used=app.last_step is not None and app.last_step > step,
    )
