"""What operations make of a person or a group. Nothing is written here."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tenants.members.scim.adapters import values
from tenants.members.scim.catalogue import LONGEST_ID, Group, Operation, Path, Person, ScimRefused

TWO_ADDRESSES = (
    "userName and the e-mail address differ. People sign in here with one address: map the mail attribute to userName."
)
# Of a person, what an operation may say; all else is not kept here.
ADDRESS, MAIL = "username", "emails.value"
NEEDED = frozenset({ADDRESS, "displayname", "name", "name.formatted"})


def person(before: Person | None, operations: Iterable[Operation]) -> Person:
    """The person after these operations; `before`: None for a new one. Raises `ScimRefused`."""
    said: dict[str, Any] = {}
    for one in operations:
        name, value = _said(one)
        if name:
            said[name] = value
    address = _address(before, said)
    was = before or Person(address, "")
    return Person(
        user_name=address,
        full_name=_full_name(was, said) or address.partition("@")[0],
        job_title=values.text(said["title"], "title") if "title" in said else was.job_title,
        external_id=values.text(said["externalid"], "externalId", LONGEST_ID)
        if "externalid" in said
        else was.external_id,
        active=values.truth(said["active"], "active") if said.get("active") is not None else was.active,
    )


def group(before: Group | None, operations: Iterable[Operation]) -> Group:
    """The group after these operations, in their order. Raises `ScimRefused`."""
    found = before or Group("")
    for one in operations:
        found = _changed(found, one)
    if not found.display_name:
        raise ScimRefused(400, "displayName is needed.", "invalidValue")
    return found


def _said(one: Operation) -> tuple[str, Any]:
    """Which attribute of a person an operation sets, and to what; no name where it concerns nothing that is kept."""
    place = one.path or Path("")
    name = f"{place.attribute}.{place.part}" if place.part else place.attribute
    if place.attribute == "emails":
        return _mail(place, one)
    if one.verb == "remove":
        if name in NEEDED:
            raise ScimRefused(400, f"{name} is needed and cannot be removed.", "mutability")
        return name, None
    return name, one.value


def _mail(place: Path, one: Operation) -> tuple[str, Any]:
    """The address, where it is set; an address of another kind than the one for work is not kept."""
    if one.verb == "remove" or place.part not in ("", "value"):
        return "", None
    if place.part == "value" or (place.chosen and not isinstance(one.value, list | dict)):
        counts = place.chosen is None or place.chosen.value.lower() in ("work", "true")
        return (MAIL, values.text(one.value, "emails")) if counts and one.value else ("", None)
    found = values.chosen_address(one.value)
    return (MAIL, found) if found else ("", None)


def _address(before: Person | None, said: dict[str, Any]) -> str:
    name, mail = said.get(ADDRESS), said.get(MAIL)
    if ADDRESS in said:
        address = values.address(name)
        if mail and mail.casefold() != address.casefold():
            raise ScimRefused(400, TWO_ADDRESSES, "invalidValue")
        return address
    if mail:
        return values.address(mail)
    if before is None:
        raise ScimRefused(400, "userName is needed.", "invalidValue")
    return before.user_name


def _full_name(was: Person, said: dict[str, Any]) -> str:
    for name in ("displayname", "name.formatted"):
        if whole := values.text(said.get(name), name):
            return whole
    given, family = (_part(said, f"name.{part}") for part in ("givenname", "familyname"))
    if given is None and family is None:
        return was.full_name
    return values.text(was.named(given=given, family=family), "name")


def _part(said: dict[str, Any], name: str) -> str | None:
    return values.text(said[name], name) if name in said else None


def _changed(found: Group, one: Operation) -> Group:
    place = one.path or Path("")
    if place.attribute == "members":
        return _members(found, one, place)
    if place.attribute == "displayname":
        if one.verb == "remove":
            raise ScimRefused(400, "displayName is needed and cannot be removed.", "mutability")
        return replace(found, display_name=values.text(one.value, "displayName", LONGEST_ID))
    if place.attribute == "externalid":
        said = "" if one.verb == "remove" else values.text(one.value, "externalId", LONGEST_ID)
        return replace(found, external_id=said)
    return found


def _members(found: Group, one: Operation, place: Path) -> Group:
    if place.chosen is not None:
        if one.verb != "remove" or place.chosen.attribute != "value":
            raise ScimRefused(400, "A single member can be removed by its value, nothing else.", "invalidPath")
        return found.left_by({values.member_id(place.chosen.value)})
    if one.verb == "add":
        return found.joined_by(values.members(one.value))
    if one.verb == "replace":
        return replace(found, members=()).joined_by(values.members(one.value))
    # Entra ID names in the value who goes; with none named, all go.
    return replace(found, members=()) if one.value is None else found.left_by(set(values.members(one.value)))
