"""Providers, and what they say of people, for the tests of everything behind the protocols."""

from datetime import UTC, datetime
from typing import Any

from audit import context
from tenants import schemas
from tenants.members.arrivals.catalogue import Said
from tenants.members.email_domains.models import EmailDomain
from tenants.members.identity_providers.catalogue import Mapping, Oidc
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import Plan
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ISSUER = "https://login.idp.example/acme"


def enterprise(tenant: Tenant) -> Tenant:
    """The tenant, on the plan that has single sign-on."""
    with schemas.on_platform(), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        tenant.plan = Plan.ENTERPRISE
        tenant.save(update_fields=["plan"])
    return tenant


def provider(*, state: State = State.ACTIVE, mapping: Mapping | None = None, **changes: Any) -> IdentityProvider:
    """An OpenID provider of the schema we are in, set up and tested."""
    fields = {
        "kind": Kind.OIDC,
        "name": "Acme account",
        "issuer": ISSUER,
        "settings": Oidc(
            client_id="us", authorization_endpoint=f"{ISSUER}/auth", token_endpoint=f"{ISSUER}/token"
        ).stored(),
        "mapping": (mapping or Mapping()).stored(),
        "last_test": {"at": NOW.isoformat(), "passed": True, "steps": []},
        "created_by": "The test",
    }
    with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        return IdentityProvider.objects.create(state=state, state_changed_at=NOW, created_at=NOW, **(fields | changes))


def proved(domain: str) -> EmailDomain:
    """A domain of the schema we are in, proved."""
    with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        return EmailDomain.objects.create(
            domain=domain, token="t" * 32, verified_at=NOW, created_at=NOW, created_by="The test"
        )


def said(subject: str = "sub-1", *, issuer: str = ISSUER, verified: bool = True, **claims: Any) -> Said:
    """What a provider says of Nia, whom nobody here knows."""
    told = {"email": "nia@acme.example", "name": "Nia Newcomer", "groups": ["staff"]} | claims
    return Said(
        issuer=issuer,
        subject=subject,
        claims={name: value for name, value in told.items() if value is not None},
        email_verified=verified,
        authenticated_at=NOW,
    )
