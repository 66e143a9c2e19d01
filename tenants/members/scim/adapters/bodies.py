"""Bodies of requests: JSON that may be anything, read into what a directory says. Extra attributes are ignored."""

import json
from typing import Any, Final

from tenants.members.scim.adapters import filters, values
from tenants.members.scim.catalogue import (
    LONGEST_BODY,
    MOST_OPERATIONS,
    Operation,
    Path,
    ScimRefused,
)

VERBS: Final = frozenset({"add", "remove", "replace"})
# Said by the server only, or about the body itself.
NOT_SAID: Final = frozenset({"schemas", "id", "meta", "groups", "password"})


def read(body: bytes) -> dict[str, Any]:
    """The object in a body, names in lower case. Raises `ScimRefused`."""
    if len(body) > LONGEST_BODY:
        raise ScimRefused(413, f"The body is larger than {LONGEST_BODY // 1024} KiB.")
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise ScimRefused(400, "The body is no JSON in UTF-8, or nested too deeply.", "invalidSyntax") from wrong
    if not isinstance(found, dict):
        raise ScimRefused(400, "The body is no JSON object.", "invalidSyntax")
    return values.folded(found)


def asserted(body: dict[str, Any]) -> list[Operation]:
    """What the attributes of a whole resource say, each as if it were replaced. Names that say nothing are left out."""
    found = []
    for name, value in body.items():
        place = _place(name)
        if place is not None:
            found += _unfolded(place, value)
    return found


def whole(body: dict[str, Any], needed: str) -> list[Operation]:
    """What a resource says that takes the place of another. Raises `ScimRefused` where it lacks `needed`."""
    found = asserted(body)
    if not any(one.path is not None and one.path.attribute == needed.lower() for one in found):
        raise ScimRefused(400, f"{needed} is needed.", "invalidValue")
    return found


def operations(body: dict[str, Any]) -> list[Operation]:
    """The operations of a PATCH in the forms that Entra ID and Okta send. Raises `ScimRefused`."""
    sent = body.get("operations")
    if not isinstance(sent, list) or not sent:
        raise ScimRefused(400, "Operations must be a list with something in it.", "invalidSyntax")
    if len(sent) > MOST_OPERATIONS:
        raise ScimRefused(413, f"Send at most {MOST_OPERATIONS} operations at once.", "tooMany")
    return [one for entry in sent for one in _operation(entry)]


def _operation(entry: Any) -> list[Operation]:
    if not isinstance(entry, dict):
        raise ScimRefused(400, "Each operation must be an object.", "invalidSyntax")
    known = values.folded(entry)
    verb = str(known.get("op", "")).lower()
    if verb not in VERBS:
        raise ScimRefused(400, "op must be add, remove or replace.", "invalidSyntax")
    place, value = known.get("path"), known.get("value")
    if place is None or place == "":
        return _without_path(verb, value)
    if not isinstance(place, str):
        raise ScimRefused(400, "path must be text.", "invalidPath")
    found = filters.path(place)
    if found.attribute in ("id", "meta", "groups"):
        raise ScimRefused(400, f"{found.attribute} is set by the server.", "mutability")
    if verb == "remove":
        return [Operation(verb, found, value)]
    return [Operation(verb, one.path, one.value) for one in _unfolded(found, value)]


def _without_path(verb: str, value: Any) -> list[Operation]:
    if verb == "remove":
        raise ScimRefused(400, "Say in path what to remove.", "noTarget")
    if not isinstance(value, dict):
        raise ScimRefused(400, "Without a path the value must be an object.", "invalidSyntax")
    return [Operation(verb, one.path, one.value) for one in asserted(values.folded(value))]


def _place(name: str) -> Path | None:
    """Where a name in a body points; None for what is not ours or no name at all."""
    if name in NOT_SAID:
        return None
    try:
        found = filters.path(name)
    except ScimRefused:
        return None
    return None if found.attribute in NOT_SAID else found


def _unfolded(place: Path, value: Any) -> list[Operation]:
    """`name` with its parts as so many operations."""
    if place.attribute != "name" or place.part:
        return [Operation("replace", place, value)]
    if not isinstance(value, dict):
        raise ScimRefused(400, "name must be an object.", "invalidValue")
    return [Operation("replace", Path("name", str(part).lower()), one) for part, one in value.items()]


def _no_number(text: str) -> None:
    raise ValueError(text)
