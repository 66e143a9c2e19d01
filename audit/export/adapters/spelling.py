"""Events as rows of a table that people open: times, names, records and changes in words, one row an event.

Personal data stay sealed here, but for the names of those who acted: a table that left the house cannot be erased.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from audit.presenters import Story
from audit.subject_keys.hashing import MARK
from audit.subject_keys.queries import open_names

HEADINGS = (
    *("place in the log", "time (UTC)", "actor", "role", "kind of actor", "what happened", "record", "id", "version"),
    *("reason", "changes", "signature", "request"),
)
VERBS = {"I": "created", "U": "changed", "D": "deleted", "S": "structure changed"}
SEALED = "personal data, sealed"
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 300


def table(windows: Iterable[list[tuple[int, str]]], stories: Mapping[str, Story]) -> Iterator[bytes]:
    """The rows of a CSV file (RFC 4180, UTF-8 with a mark, so that spreadsheets read it right)."""
    yield b"\xef\xbb\xbf" + _lines([HEADINGS])
    words = {name: _labels(story) for name, story in stories.items()}
    known: dict[str, str] = {}
    for window in windows:
        events = [(index, json.loads(payload)) for index, payload in window]
        known |= open_names(_unknown(events, known))
        yield _lines(_row(index, event, stories, words, known) for index, event in events)


def _unknown(events: list[tuple[int, Any]], known: Mapping[str, str]) -> Iterator[tuple[str, UUID | None]]:
    for _, event in events:
        actor = event["actor"]
        if actor.get("key") and actor["name"] not in known:
            yield actor["name"], UUID(actor["key"])


def _row(
    index: int,
    event: Mapping[str, Any],
    stories: Mapping[str, Story],
    words: Mapping[str, Mapping[str, str]],
    names: Mapping[str, str],
) -> list[str]:
    actor, story = event["actor"], stories.get(event["obj"])
    noun = str(story.model._meta.verbose_name) if story else event["obj"]
    changes = event.get("statement") or "; ".join(_changes(event, words.get(event["obj"], {})))
    said = (
        *(str(index), event["at"], names.get(actor["name"], actor["name"]), actor.get("role"), actor.get("kind")),
        *(VERBS[event["op"]], noun, event["pk"], str(event["ver"]), event.get("reason"), changes),
        *(event.get("sig"), event.get("req")),
    )
    return [_safe(text or "") for text in said]


def _changes(event: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    old, new = event.get("old") or {}, event.get("new") or {}
    for column in old if event["op"] == "U" else new or old:
        label = words.get(column, column.replace("_", " "))
        before, after = _value(old.get(column)), _value(new.get(column))
        yield f"{label}: {before} → {after}" if event["op"] == "U" else f"{label}: {after if new else before}"


def _labels(story: Story) -> dict[str, str]:
    fields = story.model._meta.concrete_fields
    return {str(field.column): story.labels.get(field.name) or str(field.verbose_name) for field in fields}


def _value(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if MARK in text:
        return SEALED
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
