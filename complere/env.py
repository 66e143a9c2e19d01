"""The only door to the process environment: typed, and loud about what is wrong.

Every reader names the variable and what a right value looks like when it refuses one.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, TypeVar, overload

TRUE: Final = frozenset({"1", "true", "yes", "on"})
FALSE: Final = frozenset({"0", "false", "no", "off"})

T = TypeVar("T")


class SettingRefused(Exception):
    """A variable is missing or has a value that cannot be used."""

    def __init__(self, name: str, wanted: str, got: str | None = None) -> None:
        found = "it is not set" if got is None else f"it is {got!r}"
        super().__init__(f"{name} must be {wanted}, but {found}.")
        self.name = name


class Required:
    """Marks a variable that has no default."""


REQUIRED: Final = Required()


def given(name: str) -> bool:
    """Whether NAME is set to something; an empty value counts as not set, as in a compose file."""
    return bool(os.environ.get(name, "").strip())


@overload
def text(name: str) -> str: ...
@overload
def text(name: str, default: str) -> str: ...
@overload
def text(name: str, default: None) -> str | None: ...
def text(name: str, default: str | Required | None = REQUIRED) -> str | None:
    """The value of NAME without surrounding white space."""
    if given(name):
        return os.environ[name].strip()
    return _otherwise(name, default, "set to some text")


def choice(name: str, options: Collection[str], default: str | Required = REQUIRED) -> str:
    """The value of NAME, one of `options`."""
    value = text(name) if given(name) else _otherwise(name, default, _one_of(options))
    if value not in options:
        raise SettingRefused(name, _one_of(options), value)
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """NAME as yes or no: 1, true, yes, on; 0, false, no, off; in any case of letters."""
    value = text(name, None)
    if value is None:
        return default
    if value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise SettingRefused(name, "1 (or true, yes, on) or 0 (or false, no, off)", value)


@overload
def number(name: str, *, minimum: int | None = ..., maximum: int | None = ...) -> int: ...
@overload
def number(name: str, default: int, *, minimum: int | None = ..., maximum: int | None = ...) -> int: ...
def number(
    name: str, default: int | Required = REQUIRED, *, minimum: int | None = None, maximum: int | None = None
) -> int:
    """NAME as a whole number between `minimum` and `maximum`, both included."""
    wanted = _whole_number(minimum, maximum)
    value = text(name, None)
    if value is None:
        return _otherwise(name, default, wanted)
    # int() alone would also take "1_000" and digits of other scripts.
    if not (value.isascii() and value.removeprefix("-").isdigit()):
        raise SettingRefused(name, wanted, value)
    result = int(value)
    if (minimum is not None and result < minimum) or (maximum is not None and result > maximum):
        raise SettingRefused(name, wanted, value)
    return result


def folder(name: str, default: str) -> Path:
    """NAME as an absolute path; a relative one counts from the working directory. Nothing is created."""
    return Path(text(name, default)).expanduser().resolve()


def listed(name: str) -> list[str]:
    """The values of NAME, separated by commas, without white space around them; none when it is not set."""
    return [value.strip() for value in text(name, "").split(",") if value.strip()]


@overload
def secret(name: str) -> str: ...
@overload
def secret(name: str, default: str) -> str: ...
@overload
def secret(name: str, default: None) -> str | None: ...
def secret(name: str, default: str | Required | None = REQUIRED) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE names (one trailing newline dropped).

    The value itself never appears in an error.
    """
    path = text(f"{name}_FILE", None)
    if path is None:
        return os.environ[name].strip() if given(name) else _otherwise(name, default, _secret_wanted(name))
    if given(name):
        raise SettingRefused(f"{name}_FILE", f"left out when {name} is set", path)
    return _read_secret(f"{name}_FILE", path)


def put(values: Mapping[str, str]) -> None:
    """Set variables of this process: what the embedded services export."""
    os.environ.update(values)


def put_default(name: str, value: str) -> None:
    """Set NAME for this process unless it is set."""
    os.environ.setdefault(name, value)


def drop(*names: str) -> None:
    """Forget variables of this process."""
    for name in names:
        os.environ.pop(name, None)


def child(*, without: Collection[str] = (), **values: str) -> dict[str, str]:
    """An environment for a child process: ours, less `without`, plus `values`."""
    kept = {name: value for name, value in os.environ.items() if name not in without}
    return kept | values


def _otherwise(name: str, default: T | Required, wanted: str) -> T:
    if isinstance(default, Required):
        raise SettingRefused(name, wanted)
    return default


def _read_secret(name: str, path: str) -> str:
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingRefused(name, "the path of a readable text file", path) from failure
    if not value:
        raise SettingRefused(name, "the path of a file that is not empty", path)
    return value


def _secret_wanted(name: str) -> str:
    return f"set to a secret, or {name}_FILE to the path of a file that holds it"


def _one_of(options: Collection[str]) -> str:
    return "one of " + ", ".join(sorted(options))


def _whole_number(minimum: int | None, maximum: int | None) -> str:
    bounds = [f"{word} {bound}" for word, bound in (("at least", minimum), ("at most", maximum)) if bound is not None]
    return " ".join(["a whole number", " and ".join(bounds)]).strip()
