"""What a comparison of the two captures and an inventory of the database can find, in words. Pure: no framework."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    UNREAD = "unread"
    UNTOLD = "untold"
    TWICE = "twice"
    CONTENT = "content"
    HAND = "hand"
    TIME = "time"
    RECORD = "record"
    CAPTURE = "capture"
    CODE = "code"
    RIGHT = "right"


WORDS = {
    Kind.UNREAD: "Event without a version in the history",
    Kind.UNTOLD: "Version in the history without an event",
    Kind.TWICE: "Two versions in the history for one event",
    Kind.CONTENT: "History and ledger hold different values",
    Kind.HAND: "History and ledger name different hands or reasons",
    Kind.TIME: "History and ledger name different times",
    Kind.RECORD: "Record changed past the trail",
    Kind.CAPTURE: "Capture is not as it was installed",
    Kind.CODE: "Code of the ledger is not as it was delivered",
    Kind.RIGHT: "Rights are not as they were given",
}


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """`place` is `table:key version n`, or the name of a table, function or role."""

    kind: Kind
    place: str
    text: str
