"""Where one version of a sub-processor's entry stands, and which changes need notice. Pure: no Django."""

from datetime import date
from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    ANNOUNCED = "announced"
    CURRENT = "current"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


TRANSITIONS: dict[State, set[State]] = {
    State.DRAFT: {State.ANNOUNCED, State.CURRENT, State.DISCARDED},
    State.ANNOUNCED: {State.CURRENT, State.WITHDRAWN},
    State.CURRENT: {State.RETIRED},
    State.RETIRED: set(),
    State.WITHDRAWN: set(),
    State.DISCARDED: set(),
}

PUBLIC = (State.CURRENT, State.ANNOUNCED)


class Change(StrEnum):
    """What a draft would change in the register."""

    ADDED = "added"
    REPLACED = "replaced"
    CHANGED = "changed"
    CORRECTED = "corrected"


# A change of these is announced and may be objected to (Art. 28(2), SUB-02); others only correct the entry.
MATERIAL = {
    "vendor": "vendor",
    "purpose": "purpose",
    "region": "region",
    "location": "location",
    "transfer_tool": "transfer tool",
    "personal_data": "categories of personal data",
    "chain": "further sub-processors",
}
WORDS = {
    Change.ADDED: "New sub-processor",
    Change.REPLACED: "Replacement of a sub-processor",
    Change.CHANGED: "Change of a sub-processor",
    Change.CORRECTED: "Correction of an entry",
}


def change(before: dict[str, str] | None, after: dict[str, str]) -> tuple[Change, list[str]]:
    """What turns `before` into `after`, and the material fields that differ."""
    if before is None:
        return Change.ADDED, []
    differing = [words for field, words in MATERIAL.items() if before[field] != after[field]]
    if "vendor" in differing:
        return Change.REPLACED, differing
    return (Change.CHANGED, differing) if differing else (Change.CORRECTED, [])


def needs_notice(kind: Change) -> bool:
    return kind != Change.CORRECTED


def is_in_force(effective_on: date, today: date) -> bool:
    return effective_on <= today
