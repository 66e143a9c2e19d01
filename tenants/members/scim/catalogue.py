"""The words of SCIM 2.0 (RFC 7643, RFC 7644) and what travels in them. Pure: no Django."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
CONTENT_TYPE: Final = "application/scim+json"

USERS, GROUPS = "scim.users", "scim.groups"
MANAGED: Final = "scim"

LONGEST_BODY: Final = 1024 * 1024
LONGEST_FILTER: Final = 1_000
DEEPEST_FILTER: Final = 12
MOST_OPERATIONS: Final = 1_000
MOST_MEMBERS: Final = 10_000
A_PAGE: Final = 100
MOST_A_PAGE: Final = 200
LONGEST_ADDRESS: Final = 254
LONGEST_NAME: Final = 120
LONGEST_ID: Final = 255

ATTRIBUTES: Final[dict[str, list[tuple[str, str, str, bool]]]] = {
    # Name, type, mutability, required.
    USER: [
        ("userName", "string", "readWrite", True),
        ("name", "complex", "readWrite", False),
        ("displayName", "string", "readWrite", False),
        ("title", "string", "readWrite", False),
        ("emails", "complex", "readWrite", False),
        ("active", "boolean", "readWrite", False),
        ("groups", "complex", "readOnly", False),
    ],
    GROUP: [("displayName", "string", "readWrite", True), ("members", "complex", "readWrite", False)],
}
PARTS: Final[dict[str, list[str]]] = {
    "name": ["formatted", "givenName", "familyName"],
    "emails": ["value", "type", "primary"],
    "groups": ["value", "$ref", "display"],
    "members": ["value", "$ref", "display"],
}
MULTIPLE: Final = frozenset({"emails", "groups", "members"})


class ScimRefused(Exception):
    """Not done. `kind` is a scimType of RFC 7644, table 9, or empty; `detail` is told to the caller."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind = status, detail, kind


@dataclass(frozen=True, slots=True)
class Condition:
    """`attribute` equals `value`; names in lower case, as `emails.value`."""

    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by `and` or `or`."""

    word: str
    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Negated:
    part: "Filter"


Filter = Condition | Joined | Negated


@dataclass(frozen=True, slots=True)
class Path:
    """Where an operation of a PATCH points, in lower case. `chosen`: of several values, those with this one."""

    attribute: str
    part: str = ""
    chosen: Condition | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """`verb`: add, remove or replace. `path`: None for a value that names its attributes itself."""

    verb: str
    path: Path | None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Person:
    """What a directory says of a person. `user_name` is the address with which they sign in."""

    user_name: str
    full_name: str
    job_title: str = ""
    external_id: str = ""
    active: bool = True

    @property
    def given(self) -> str:
        return self.full_name.rpartition(" ")[0] or self.full_name

    @property
    def family(self) -> str:
        return self.full_name.rpartition(" ")[2] if " " in self.full_name else ""

    def named(self, *, given: str | None, family: str | None) -> str:
        """The whole name with one of its parts changed."""
        parts = (self.given if given is None else given, self.family if family is None else family)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Group:
    """What a directory says of a group."""

    display_name: str
    external_id: str = ""
    members: tuple[UUID, ...] = ()

    def joined_by(self, members: Collection[UUID]) -> "Group":
        return replace(self, members=tuple(dict.fromkeys((*self.members, *members))))

    def left_by(self, members: Collection[UUID]) -> "Group":
        return replace(self, members=tuple(one for one in self.members if one not in members))


def schema_of(uri: str) -> bool:
    """Whether attributes under this URI are ours; those of extensions are not kept."""
    return uri in ("", USER, GROUP)
