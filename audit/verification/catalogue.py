"""What a check of the trail can find, in words. Pure: no framework."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    TRUNCATED = "truncated"
    UNPLACED = "unplaced"
    GAP = "gap"
    TILE = "tile"
    HEAD = "head"
    REWRITTEN = "rewritten"
    STATE = "state"


WORDS = {
    Kind.ALTERED: "Altered event",
    Kind.MISSING: "Missing event",
    Kind.INSERTED: "Inserted event",
    Kind.SWAPPED: "Events in another order",
    Kind.TRUNCATED: "Log cut off",
    Kind.UNPLACED: "Event without a place in the log",
    Kind.GAP: "Version missing in a record",
    Kind.TILE: "Altered hash of a block",
    Kind.HEAD: "Altered signed head",
    Kind.REWRITTEN: "Other than published",
    Kind.STATE: "Record changed past the trail",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`record` is `table:key version n`, or empty where no single record is meant."""

    kind: Kind
    record: str
    text: str

    def __str__(self) -> str:
        return f"{WORDS[self.kind]}: {f'{self.record}: ' if self.record else ''}{self.text}"
