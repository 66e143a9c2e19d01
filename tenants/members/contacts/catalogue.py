"""What keeps a contact alive: how long a confirmation counts, and what can be wrong. Pure: no framework."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

VERIFIED_FOR: Final = timedelta(days=90)
# A mailed question holds as long as it takes until the next one is sent.
LINK_LIFE: Final = timedelta(days=14)
BETWEEN_MAILS: Final = timedelta(minutes=10)

NAMES: Final = {"security": "security contact", "privacy": "privacy contact"}
DUTIES: Final = {
    "security": "Notices of personal-data breaches go to this person first.",
    "privacy": "Questions about personal data go here, and breach notices if the security contact is out of reach.",
}


class Problem(StrEnum):
    MISSING = "missing"
    BOUNCING = "bouncing"
    UNVERIFIED = "unverified"
    STALE = "stale"


WORDS: Final = {
    Problem.MISSING: "Not named",
    Problem.BOUNCING: "Mail comes back",
    Problem.UNVERIFIED: "Not confirmed",
    Problem.STALE: "Confirmed too long ago",
}
REMEDIES: Final = {
    Problem.MISSING: "Name a person. Until then breach notices go to the administrators.",
    Problem.BOUNCING: "Mail to this address could not be delivered. Correct it. Until then notices go elsewhere.",
    Problem.UNVERIFIED: "The person has not opened the link in our mail yet. Until then notices go elsewhere.",
    Problem.STALE: "The last confirmation is more than 90 days old. We have asked again; notices still go there.",
}
