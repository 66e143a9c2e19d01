"""The text of a mail as lines of words and links, so that the template can escape both."""

import re
from dataclasses import dataclass

LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]])")


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    is_link: bool


def lines(text: str) -> list[list[Part]]:
    """`See https://a.example/x.` is “See ”, a link, and “.”."""
    return [_parts(line) for line in text.rstrip().splitlines()]


def _parts(line: str) -> list[Part]:
    # split() with one group alternates between what is around the links and the links.
    return [Part(text, number % 2 == 1) for number, text in enumerate(LINK.split(line)) if text]
