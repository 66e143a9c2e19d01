"""How passwords are hashed and which are refused: length counts, composition does not (ASVS 6.2).

The least length belongs to the rules of each schema, which stand above this module: the app tells it (`tell_length`).
"""

from collections.abc import Callable
from functools import cache
from threading import BoundedSemaphore
from typing import Any, Final

from django.contrib.auth.hashers import Argon2PasswordHasher, check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from tenants.tenancy.queries import name_here

LEAST: Final = 12
# What zxcvbn calls “safely unguessable” begins here; its work grows with length, so it sees the first 72 characters.
SCORE: Final = 3
READ: Final = 72
PRODUCT: Final = ("complere", "trust center", "trustcenter", "trust workspace")
TOO_COMMON: Final = (
    "This password is too common, or too easy to guess. Take three or four words that have nothing in common."
)

# One verification takes 46 MiB; more at once would let sign-ins exhaust the machine.
AT_ONCE: Final = 4
_AT_ONCE = BoundedSemaphore(AT_ONCE)
_shortest: list[Callable[[], int]] = []


class BoundedArgon2(Argon2PasswordHasher):
    """Argon2id, at most four at a time in a process; more work than OWASP asks for with this memory (t=1)."""

    time_cost = 2
    memory_cost = 47_104
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _AT_ONCE:
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _AT_ONCE:
            return bool(super().verify(password, encoded))


def tell_length(asked: Callable[[], int]) -> None:
    """From now on `asked` says how many characters a password of the current schema has at least."""
    _shortest[:] = [asked]


def shortest() -> int:
    """Never below 12, whatever the rules of the schema say."""
    return max(LEAST, *(asked() for asked in _shortest))


class LongEnough:
    """ASVS 6.2.1."""

    def validate(self, password: str, user: Any = None) -> None:
        least = shortest()
        if len(password) < least:
            raise ValidationError(f"Use at least {least} characters; this has {len(password)}.", code="too_short")

    def get_help_text(self) -> str:
        return f"At least {shortest()} characters."


class MaximumLength:
    """A bound on work, far above what a passphrase needs (ASVS 6.2.9)."""

    LIMIT = 200

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.LIMIT:
            raise ValidationError(f"Use at most {self.LIMIT} characters.", code="password_too_long")

    def get_help_text(self) -> str:
        return f"At most {self.LIMIT} characters."


class NotCommon:
    """In no list of common passwords that comes with the product, and not easily guessed (ASVS 6.2.4)."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < shortest():
            # That alone is told then.
            return
        if password.casefold() in common() or guessed(password, words_about(user)):
            raise ValidationError(TOO_COMMON, code="password_too_common")

    def get_help_text(self) -> str:
        return "Not one that many people use."


class NotAboutYou:
    """No part of the person's name or address, nor the organisation's, nor the product's (ASVS 6.2.11)."""

    def validate(self, password: str, user: Any = None) -> None:
        written = password.casefold()
        if any(word in written for word in words_about(user)):
            raise ValidationError(
                "Leave your name, your address, the name of your organisation and that of Complere out of it.",
                code="password_about_you",
            )

    def get_help_text(self) -> str:
        return "Without your name, your address, or the names of your organisation and of Complere."


class NotUsedBefore:
    """Neither the password of now nor one of the last five."""

    def validate(self, password: str, user: Any = None) -> None:
        if user is None:
            return
        if any(check_password(password, kept) for kept in (user.password, *user.former_passwords)):
            raise ValidationError(
                "This is your password now, or one of your last five before it. Choose another.",
                code="password_used_before",
            )

    def get_help_text(self) -> str:
        return "Neither your password of now nor one of the five before."


@cache
def common() -> frozenset[str]:
    """Django's list and that of zxcvbn, about 43,000 passwords; read once."""
    return frozenset(CommonPasswordValidator().passwords) | frozenset(FREQUENCY_LISTS["passwords"])


def guessed(password: str, about: list[str]) -> bool:
    """Whether somebody who tries words, names, dates and patterns finds it soon."""
    return int(zxcvbn(password[:READ], user_inputs=about)["score"]) < SCORE


def words_about(user: Any) -> list[str]:
    """What anybody would try first of this person: words of four characters or more, in small letters."""
    known = [*PRODUCT, *name_here().split()]
    if user is not None:
        known += [*user.full_name.split(), user.email.split("@")[0]]
    return [word.casefold() for word in known if len(word) >= 4]
