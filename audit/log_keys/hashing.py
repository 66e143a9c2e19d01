"""What is said when one key follows another. Pure: no framework."""

from datetime import UTC, datetime

FIRST_LINE = "complere successor key v1"


def announcement(old: str, new: str, at: datetime) -> str:
    """The text that the old key signs: from `at` on heads are signed by `new` (both verifier keys)."""
    return f"{FIRST_LINE}\n{old}\n{new}\n{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
