"""Reads the YAML files of trust_center/content strictly: what is misspelt is refused, with file and line."""

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).resolve().parents[2] / "content"


class ContentRefused(ValueError):
    """The file cannot be loaded; the message says file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which keys an entry has. Values are text unless the type says otherwise."""

    required: Mapping[str, type]
    optional: Mapping[str, type]
    # How many characters the database keeps of a text.
    longest: Mapping[str, int] = field(default_factory=dict)

    def type_of(self, key: str) -> type | None:
        return self.required.get(key) or self.optional.get(key)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file; `digest` changes when its meaning does, not with its layout."""

    file: str
    line: int
    values: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.values["code"])

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.values, sort_keys=True, default=str).encode()).hexdigest()


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML without its two traps: a key given twice, and words like `no` that turn into something else."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    result: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            raise ContentRefused(f"line {key_node.start_mark.line + 1}: “{key}” is given twice")
        result[key] = loader.construct_object(value_node, deep=True)
    result["__line__"] = node.start_mark.line + 1
    return result


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: Path, shape: Shape) -> list[Entry]:
    """The entries of a file that is a list of mappings. Raises `ContentRefused`."""
    try:
        # A subclass of SafeLoader: nothing but plain values can come out of it.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as failure:
        raise ContentRefused(f"{path.name}: {' '.join(str(failure).split())}") from failure
    except ContentRefused as refused:
        raise ContentRefused(f"{path.name}, {refused}") from refused
    if not isinstance(content, list):
        raise ContentRefused(f"{path.name}: must be a list of entries, each beginning with “- code:”")
    entries = [_entry(path.name, item, shape) for item in content]
    _refuse_twice(entries)
    return entries


def _entry(file: str, item: object, shape: Shape) -> Entry:
    if not isinstance(item, dict):
        raise ContentRefused(f"{file}: “{item}” is not an entry; an entry begins with “- code:”")
    line = int(item.pop("__line__"))
    name = f"{file}, line {line}, {item.get('code', 'entry without code')}"
    unknown = sorted(str(key) for key in item if shape.type_of(str(key)) is None)
    if unknown:
        known = ", ".join([*shape.required, *shape.optional])
        raise ContentRefused(f"{name}: unknown key “{unknown[0]}”; known are {known}")
    missing = [key for key in shape.required if key not in item]
    if missing:
        raise ContentRefused(f"{name}: “{missing[0]}” is missing")
    return Entry(file, line, {str(key): _value(name, str(key), value, shape) for key, value in item.items()})


def _value(name: str, key: str, value: object, shape: Shape) -> Any:
    wanted = shape.type_of(key)
    if wanted is list:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ContentRefused(f"{name}: “{key}” must be a list of texts; put quotes around numbers")
        return value
    # A bool is an int, and a datetime a date, to Python only.
    if wanted is None or type(value) is not wanted:
        raise ContentRefused(f"{name}: “{key}” must be {_words(wanted)}, but it is {value!r}")
    text = " ".join(value.split()) if isinstance(value, str) else value
    if text == "":
        raise ContentRefused(f"{name}: “{key}” is empty; leave it out or fill it in")
    longest = shape.longest.get(key)
    if isinstance(text, str) and longest is not None and len(text) > longest:
        raise ContentRefused(f"{name}: “{key}” has {len(text)} characters; at most {longest} fit")
    return text


def _words(wanted: type | None) -> str:
    return {str: "text", date: "a date such as 2026-01-31", int: "a whole number"}.get(wanted or str, "text")


def _refuse_twice(entries: list[Entry]) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.code in seen:
            raise ContentRefused(
                f"{entry.file}, line {entry.line}: “{entry.code}” was used already in line {seen[entry.code].line}"
            )
        seen[entry.code] = entry
