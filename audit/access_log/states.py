"""What the access log tells of. Pure: no framework."""

from enum import StrEnum


class Kind(StrEnum):
    READ = "read"
    REFUSED = "refused"


WORDS = {Kind.READ: "Looked at personal data", Kind.REFUSED: "Was refused"}
