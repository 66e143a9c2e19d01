from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from audit import context
from audit.subject_keys.queries import seal_secret
from tenants import schemas
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.catalogue import Mapping, Oidc
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.tenancy.models import Tenant
from tests import cast
from tests.tenants.members.oidc.small_op import CLIENT, SECRET, SmallOp


@pytest.fixture(scope="session")
def running_op() -> Iterator[SmallOp]:
    with SmallOp() as op:
        yield op


@pytest.fixture
def op(running_op: SmallOp, settings: Any) -> SmallOp:
    """A provider that is up, has forgotten the test before, and may be reached."""
    running_op.reset()
    settings.OUTBOUND_ALLOWED = [running_op.place]
    return running_op


@pytest.fixture
def make_provider(op: SmallOp) -> Callable[..., IdentityProvider]:
    """`make_provider(tenant, client_id="other")` sets up the small provider in a tenant's schema, in use."""

    def make(tenant: Tenant, *, state: State = State.ACTIVE, **changes: Any) -> IdentityProvider:
        fields = {
            "client_id": CLIENT,
            "authorization_endpoint": f"{op.issuer}/auth?of=us",
            "token_endpoint": f"{op.issuer}/token",
            "jwks_uri": f"{op.issuer}/jwks",
            "userinfo_endpoint": f"{op.issuer}/me",
            "end_session_endpoint": f"{op.issuer}/end?a=b",
        }
        now = timezone.now()
        with schemas.inside(tenant), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
            provider = IdentityProvider(
                kind=Kind.OIDC, name="Small provider", state=state, state_changed_at=now, issuer=op.issuer,
                settings=Oidc(**(fields | changes)).stored(), mapping=Mapping().stored(), create_accounts=True,
                created_at=now, created_by="The test",
            )  # fmt: skip
            provider.secret = seal_secret(SECRET.encode(), providers.place_of_secret(provider))
            provider.save()
        return provider

    return make


@pytest.fixture
def provider(make_provider: Callable[..., IdentityProvider], acme: Tenant) -> IdentityProvider:
    """The small provider, in use at Acme."""
    return make_provider(acme)
