"""Tokens for tests, and the program that uses one."""

from typing import Any

from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.members.api_tokens import actions, catalogue
from tenants.members.api_tokens.models import AccessToken
from tenants.tenancy.models import Tenant
from tests import cast


def make(tenant: Tenant, **changes: Any) -> tuple[AccessToken, str]:
    """A token of this tenant, made by its administrator just now; and its text."""
    purpose = changes.get("purpose", "api")
    said = {
        "purpose": purpose,
        "name": "Robot",
        "scopes": catalogue.of_purpose(purpose),
        "networks": [],
        "days": 90,
        "now": timezone.now(),
        "reason": "For a test",
    }
    with schemas.inside(tenant):
        admin = cast.person("ann" if tenant.host.startswith("acme") else "dov")
        return actions.create(**(said | changes), actor=admin.actor)


def program(text: str, host: str = "acme.localhost", **headers: str) -> Client:
    """A program that sends this token with everything."""
    return Client(headers={"host": host, "Authorization": f"Bearer {text}"} | headers)
