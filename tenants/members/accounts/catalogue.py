"""How long links hold, and how long somebody who guesses passwords must wait. Pure: no framework."""

from datetime import timedelta
from typing import Final

INVITATION_LIFE: Final = timedelta(days=7)
RESET_LIFE: Final = timedelta(hours=1)
RESETS_AT_ONCE: Final = 3
# How many passwords before the present one are kept as hashes, and taken no more.
PASSWORDS_KEPT: Final = 5

# From one address on one account: the fifth failure closes the door, each further one for twice as long.
FAILURES_BEFORE_LOCK: Final = 5
FIRST_LOCK: Final = timedelta(minutes=1)
LONGEST_LOCK: Final = timedelta(hours=1)
FAILURES_REMEMBERED: Final = timedelta(hours=24)

# On one account, from all browsers it does not know together, and from each that it knows apart: after so many guesses
# with less than the pause between them, the pause. A stranger never keeps a person out of a known browser (ASVS 6.3.1).
GUESSES: Final = 10
GUESS_PAUSE: Final = timedelta(minutes=15)

# From one address on any account.
ATTEMPTS_PER_ADDRESS: Final = 50
RESETS_PER_ADDRESS: Final = 20
ADDRESS_WINDOW: Final = timedelta(minutes=10)
OWN_PASSWORD_ATTEMPTS: Final = 10


def lock_after(failures: int) -> timedelta | None:
    """How long this address may not try this account again, after so many failures in a row."""
    if failures < FAILURES_BEFORE_LOCK:
        return None
    doublings = min(failures - FAILURES_BEFORE_LOCK, 10)
    return min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)
