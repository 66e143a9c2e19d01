"""How long links hold, and how long somebody who guesses passwords must wait. Pure: no framework."""

from datetime import timedelta
from typing import Final

INVITATION_LIFE: Final = timedelta(days=7)
RESET_LIFE: Final = timedelta(hours=1)
RESETS_AT_ONCE: Final = 3

# From one address on one account: the fifth failure closes the door, each further one for twice as long.
FAILURES_BEFORE_LOCK: Final = 5
FIRST_LOCK: Final = timedelta(minutes=1)
LONGEST_LOCK: Final = timedelta(hours=1)
FAILURES_REMEMBERED: Final = timedelta(hours=24)

# On one account from anywhere: at most a minute's pause, and none for a browser that signed in before,
# so that no stranger can keep a person out.
FAILURES_BEFORE_PAUSE: Final = 20
LONGEST_PAUSE: Final = timedelta(minutes=1)
KNOWN_BROWSER_DAYS: Final = 180

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


def pause_after(failures: int) -> timedelta | None:
    """How long an account rests for browsers it does not know, after so many failures from anywhere."""
    if failures < FAILURES_BEFORE_PAUSE:
        return None
    doublings = min(failures - FAILURES_BEFORE_PAUSE, 10)
    return min(timedelta(seconds=2**doublings), LONGEST_PAUSE)
