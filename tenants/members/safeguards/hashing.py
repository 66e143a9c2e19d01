"""Recovery codes. Pure: no framework."""

import re
import secrets
from typing import Final

from tenants.members.safeguards.catalogue import RECOVERY_CODES

# Without 0, 1, i, l, o: read aloud or copied by hand they are mistaken for each other.
LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
RECOVERY_LENGTH: Final = 12
SEPARATORS: Final = re.compile(r"[\s\-]+")


def new_recovery_codes() -> list[str]:
    """Of 59 bits each, in three groups."""
    made = ("".join(secrets.choice(LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return ["-".join(code[start : start + 4] for start in range(0, RECOVERY_LENGTH, 4)) for code in made]


def bare(code: str) -> str:
    """A recovery code without what only serves reading."""
    return SEPARATORS.sub("", code).casefold()
