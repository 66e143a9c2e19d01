"""A directory that keeps people at a tenant: its token, and its requests as they are sent."""

import json
from pathlib import Path
from typing import Any

from audit import context
from tenants import schemas
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import Plan
from tests.tenants.members.api_tokens import tokens

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SENT = Path(__file__).parent / "sent"


def with_plan(tenant: Tenant) -> Tenant:
    """The tenant, on the plan that has a directory."""
    with (
        schemas.on_platform(),
        context.regulated_write(actor=context.service("casting"), reason="Set the stage"),
    ):
        tenant.plan = Plan.ENTERPRISE
        tenant.save(update_fields=["plan"])
    return tenant


class Directory:
    """What an identity provider's provisioning service does: JSON, a token, nothing of a browser."""

    def __init__(self, tenant: Tenant, **token: Any) -> None:
        self.tenant = with_plan(tenant)
        self.token, self.text = tokens.make(tenant, purpose="scim", name="Entra ID", **token)
        self.client = tokens.program(self.text, tenant.host)

    def ask(self, verb: str, path: str, body: Any = None, **query: Any) -> Any:
        """`body`: what is sent as JSON, or bytes as they are."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            verb, f"/scim/v2/{path}", raw, content_type="application/scim+json", query_params=query
        )

    def patch(self, path: str, *operations: dict[str, Any]) -> Any:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": [*operations]})

    def add(self, user_name: str = "nora@acme.example", **more: Any) -> Any:
        """A person, created; the resource as it was answered."""
        body = {"userName": user_name, "displayName": "Nora New", "externalId": "00u1", "active": True} | more
        answer = self.ask("POST", "Users", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def add_group(self, name: str = "Privacy team", *members: str) -> Any:
        answer = self.ask("POST", "Groups", {"displayName": name, "members": [{"value": one} for one in members]})
        assert answer.status_code == 201, answer.content
        return answer.json()


def sent(name: str, **values: str) -> Any:
    """A body as a provider sends it, from the folder `sent`, with its ids filled in."""
    text = (SENT / f"{name}.json").read_text()
    for key, value in values.items():
        text = text.replace(f"<{key}>", value)
    return json.loads(text)
