"""What a notice to one tenant may not hold: anything of another (BRE-10). Pure: no Django."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Figures below this occur in any text by accident.
TELLING_FIGURE = 100


@dataclass(frozen=True, slots=True)
class Stranger:
    """Another tenant of the same incident: by what it would be recognised."""

    name: str
    figures: frozenset[int]


def leaks(
    content: Mapping[str, Any], own_name: str, own_figures: Iterable[int], others: Iterable[Stranger]
) -> list[str]:
    """What of other tenants the texts of a notice hold, in sentences for who drafts it; empty when nothing."""
    text = " \n ".join(_fold(part) for part in texts(content))
    # The own name may contain another's: “Acme Pharma Group” is no leak of “Acme Pharma”.
    own = _fold(own_name)
    masked = _whole(own).sub(" ", text) if own else text
    figures, allowed = _figures(text), set(own_figures)
    found = []
    for other in others:
        if _whole(_fold(other.name)).search(masked):
            found.append(f"The text names {other.name}, another tenant. Remove the name.")
        told = [figure for figure in sorted(figures & other.figures - allowed) if figure >= TELLING_FIGURE]
        found += [f"The text holds {figure:,}, a figure of {other.name}. Remove it." for figure in told]
    return found


def texts(value: Any) -> list[str]:
    """Every text in the parts of a notice, however deep."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [text for part in parts for text in texts(part)]


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def _figures(text: str) -> set[int]:
    """Every number in a text, thousands separated or not: 12345, 12,345, 12.345, 12 345."""
    plain = {int(digits) for digits in re.findall(r"(?<!\d)\d{1,18}(?!\d)", text)}
    grouped = re.findall(r"(?<!\d)\d{1,3}(?:[.,'’ \u2009]\d{3})+(?!\d)", text)
    return plain | {int(re.sub(r"\D", "", digits)) for digits in grouped}
