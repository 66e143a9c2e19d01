"""What comes in a body, taken for what it must be. Each raises `ScimRefused` (400) saying which attribute is wrong."""

import unicodedata
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenants.members.scim.catalogue import LONGEST_ADDRESS, LONGEST_NAME, MOST_MEMBERS, ScimRefused

TRUTH = {"true": True, "false": False}
ADDRESS = "userName must be the e-mail address with which the person signs in. Map the mail attribute to it."


def text(value: Any, name: str, longest: int = LONGEST_NAME) -> str:
    """One line; null is an empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(f"{name} must be text.")
    line = value.strip()
    if len(line) > longest:
        raise _wrong(f"{name} is longer than {longest} characters.")
    # Control characters, NUL among them, and halves of a character that cannot be written down.
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in line):
        raise _wrong(f"{name} holds characters that cannot be kept.")
    return line


def truth(value: Any, name: str) -> bool:
    """Entra ID sends "True" and "False" as text."""
    if isinstance(value, bool):
        return value
    found = TRUTH.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise _wrong(f"{name} must be true or false.")
    return found


def address(value: Any) -> str:
    line = text(value, "userName", LONGEST_ADDRESS)
    try:
        validate_email(line)
    except ValidationError as wrong:
        raise _wrong(ADDRESS) from wrong
    return line


def chosen_address(value: Any) -> str | None:
    """The address of an `emails` attribute that counts: the primary one, else that for work, else the first."""
    entries = [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, dict)]
    found = [folded(entry) for entry in entries[:MOST_MEMBERS]]
    ranked = sorted(found, key=lambda one: (not is_true(one.get("primary")), str(one.get("type")).lower() != "work"))
    return next((text(one["value"], "emails", LONGEST_ADDRESS) for one in ranked if one.get("value")), None)


def is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def members(value: Any) -> list[UUID]:
    """The ids in a `members` attribute, in whichever shape it came."""
    entries = value if isinstance(value, list) else [] if value is None else [value]
    if len(entries) > MOST_MEMBERS:
        raise _wrong(f"A group has at most {MOST_MEMBERS} members.")
    return [_member(entry) for entry in entries]


def member_id(value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError) as wrong:
        raise _wrong("There is no such member.") from wrong


def folded(entry: dict[Any, Any]) -> dict[str, Any]:
    """Names of attributes are the same in any case (RFC 7643, 2.1)."""
    return {str(name).lower(): value for name, value in entry.items()}


def _member(entry: Any) -> UUID:
    if not isinstance(entry, dict):
        return member_id(entry)
    known = folded(entry)
    if str(known.get("type", "")).lower() == "group":
        raise _wrong("Groups within groups are not kept here: assign the people themselves.")
    return member_id(known.get("value"))


def _wrong(detail: str) -> ScimRefused:
    return ScimRefused(400, detail, "invalidValue")
