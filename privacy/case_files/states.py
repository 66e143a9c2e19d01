"""What lies in a case, and which doors lead to it. Pure: no Django."""

from enum import StrEnum


class Purpose(StrEnum):
    """What an attached file is for."""

    EVIDENCE = "evidence"
    ANSWER = "answer"


class Door(StrEnum):
    """What a personal link opens."""

    CONFIRM = "confirm"
    FOLLOW = "follow"
