"""How passwords are hashed and which are refused: length counts, composition does not."""

from threading import BoundedSemaphore
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError

# One verification takes about 100 MiB; more at once would let sign-ins exhaust the machine.
_AT_ONCE = BoundedSemaphore(4)


class BoundedArgon2(Argon2PasswordHasher):
    """Argon2id, at most four at a time in a process."""

    def encode(self, password: str, salt: str) -> str:
        with _AT_ONCE:
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _AT_ONCE:
            return bool(super().verify(password, encoded))


class MaximumLength:
    """A bound on work, far above what a passphrase needs."""

    LIMIT = 200

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.LIMIT:
            raise ValidationError(f"Use at most {self.LIMIT} characters.", code="password_too_long")

    def get_help_text(self) -> str:
        return f"At most {self.LIMIT} characters."


class NotAboutYou:
    """No part of the person's name or address, nor the product's name."""

    def validate(self, password: str, user: Any = None) -> None:
        known = ["complere"]
        if user is not None:
            known += [*user.full_name.split(), user.email.split("@")[0]]
        found = [word for word in known if len(word) >= 4 and word.casefold() in password.casefold()]
        if found:
            raise ValidationError(
                "Leave your name, address and the name Complere out of it.", code="password_about_you"
            )

    def get_help_text(self) -> str:
        return "Without your name, your address or the name Complere."
