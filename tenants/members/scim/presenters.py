"""Resources as SCIM 2.0 writes them (RFC 7643), and the directory as its page shows it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.presenters import Story
from tenants.members.accounts.models import User
from tenants.members.outbox.actions import link
from tenants.members.roles.queries import Named, name_of
from tenants.members.scim import catalogue, queries
from tenants.members.scim.models import ProvisionedGroup

# Always told, whatever a request leaves out (RFC 7643, 7: returned “always”).
ALWAYS = frozenset({"id", "schemas"})


@dataclass(frozen=True, slots=True)
class GroupRow:
    group: ProvisionedGroup
    people: int
    role: str
    retired: bool


def user(one: User, groups: Iterable[ProvisionedGroup]) -> dict[str, Any]:
    said = queries.said_of(one)
    told: dict[str, Any] = {
        "schemas": [catalogue.USER],
        "id": str(one.pk),
        "userName": said.user_name,
        "name": {"formatted": said.full_name, "givenName": said.given, "familyName": said.family},
        "displayName": said.full_name,
        "active": said.active,
        "emails": [{"value": said.user_name, "type": "work", "primary": True}],
        "groups": [
            {"value": str(row.pk), "$ref": _at("scim-group", row), "display": row.display_name} for row in groups
        ],
        "meta": {
            "resourceType": "User",
            "created": one.created_at.isoformat(),
            "location": _at("scim-user", one),
        },
    }
    return told | _given(title=said.job_title, externalId=said.external_id)


def group(row: ProvisionedGroup, names: Mapping[UUID, str]) -> dict[str, Any]:
    """`names`: what members are called, of those whose name may be told."""
    told: dict[str, Any] = {
        "schemas": [catalogue.GROUP],
        "id": str(row.pk),
        "displayName": row.display_name,
        "members": [
            {"value": str(pk), "$ref": link("scim-user", pk), "type": "User"} | _given(display=names.get(pk, ""))
            for pk in row.members
        ],
        "meta": {
            "resourceType": "Group",
            "created": row.created_at.isoformat(),
            "lastModified": row.changed_at.isoformat(),
            "location": _at("scim-group", row),
        },
    }
    return told | _given(externalId=row.external_id)


def shaped(told: dict[str, Any], *, only: Collection[str], without: Collection[str]) -> dict[str, Any]:
    """With the attributes that were asked for (RFC 7644, 3.9); names in lower case."""
    return {name: value for name, value in told.items() if is_asked_for(name, only=only, without=without)}


def is_asked_for(name: str, *, only: Collection[str], without: Collection[str]) -> bool:
    return name in ALWAYS or (name.lower() in only if only else name.lower() not in without)


def page(resources: list[dict[str, Any]], *, total: int, start: int) -> dict[str, Any]:
    return {
        "schemas": [catalogue.LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def error(status: int, detail: str, kind: str = "") -> dict[str, Any]:
    return {"schemas": [catalogue.ERROR], "status": str(status), "detail": detail} | _given(scimType=kind)


def config() -> dict[str, Any]:
    """What is answered here and what is not (RFC 7643, 5)."""
    bearer = {
        "type": "oauthbearertoken",
        "name": "Token of this workspace",
        "description": "A token with the scopes scim.users and scim.groups, sent as a bearer token (RFC 6750)",
        "primary": True,
    }
    return {
        "schemas": [catalogue.CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": catalogue.MOST_A_PAGE},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": False},
        "authenticationSchemes": [bearer],
        "meta": {"resourceType": "ServiceProviderConfig", "location": link("scim-config")},
    }


def resource_types() -> list[dict[str, Any]]:
    kinds = [("User", "/Users", catalogue.USER), ("Group", "/Groups", catalogue.GROUP)]
    return [
        {
            "schemas": [catalogue.RESOURCE_TYPE],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": link("scim-type", name)},
        }
        for name, endpoint, schema in kinds
    ]


def schemas() -> list[dict[str, Any]]:
    return [
        {
            "schemas": [catalogue.SCHEMA],
            "id": uri,
            "name": uri.rpartition(":")[2],
            "attributes": [_attribute(*one) for one in attributes],
            "meta": {"resourceType": "Schema", "location": link("scim-schema", uri)},
        }
        for uri, attributes in catalogue.ATTRIBUTES.items()
    ]


def rows(groups: list[ProvisionedGroup], roles: Iterable[Named]) -> list[GroupRow]:
    known = {role.key: role.name for role in roles}
    return [
        GroupRow(
            one,
            len(one.members),
            known.get(one.role) or (name_of(one.role) if one.role else ""),
            bool(one.role) and one.role not in known,
        )
        for one in groups
    ]


def _attribute(name: str, kind: str, mutability: str, required: bool) -> dict[str, Any]:  # noqa: FBT001
    told: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": name in catalogue.MULTIPLE,
        "required": required,
        "caseExact": False,
        "mutability": mutability,
        "returned": "default",
        "uniqueness": "server" if required else "none",
    }
    parts = [_attribute(part, "string", mutability, False) for part in catalogue.PARTS.get(name, [])]  # noqa: FBT003
    return told | ({"subAttributes": parts} if parts else {})


def _at(name: str, row: User | ProvisionedGroup) -> str:
    return link(name, row.pk)


def _given(**values: str) -> dict[str, str]:
    """Empty attributes are left out (RFC 7643, 2.5)."""
    return {name: value for name, value in values.items() if value}


STORIES = [
    Story(
        kind="members.provisionedgroup",
        permission="members.manage_access",
        title=lambda row: f"Group {row.display_name}",
        labels={"given_to": "people who have the role from here"},
        values={"role": name_of},
        hide=["id"],
    )
]
