import base64
import zlib
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree
from structlog.testing import capture_logs

from audit import context
from audit.subject_keys.queries import seal_secret
from tenants import schemas
from tenants.members.arrivals.catalogue import Said
from tenants.members.federation import actions as federation
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.catalogue import Mapping, Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tenants.members.saml import queries
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import Plan
from tests import cast
from tests.tenants.members.saml import forge

ENTITY_ID = "https://idp.example/metadata"
SSO_URL = "https://idp.example/sso?of=us&to=them"
SLO_URL = "https://idp.example/slo"


def make_provider(tenant: Tenant, *, state: State = State.ACTIVE, issuer: str = ENTITY_ID, **changes: Any) -> Any:
    """A provider in use, with real keys on both sides, at a tenant whose plan has one."""
    with schemas.on_platform(), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        tenant.plan = Plan.ENTERPRISE
        tenant.save(update_fields=["plan"])
    key, certificate = forge.pair("us")
    fields = {
        "sso_url": SSO_URL,
        "slo_url": SLO_URL,
        "certificates": (forge.pair("idp")[1],),
        "own_certificates": (certificate,),
    }
    now = timezone.now()
    with schemas.inside(tenant), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        provider = IdentityProvider(
            kind=Kind.SAML, name="Paper provider", state=state, state_changed_at=now, issuer=issuer,
            settings=Saml(**(fields | changes)).stored(), mapping=Mapping().stored(), can_sign=True,
            created_at=now, created_by="The test",
        )  # fmt: skip
        provider.secret = seal_secret(key.encode(), providers.place_of_secret(provider))
        provider.save()
    return provider


def change(tenant: Tenant, provider: IdentityProvider, **changes: Any) -> IdentityProvider:
    """The same provider with other settings."""
    with schemas.inside(tenant), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        provider.settings = replace(providers.saml(provider), **changes).stored()
        provider.save(update_fields=["settings"])
    return provider


def link(tenant: Tenant, provider: IdentityProvider, who: str, subject: str = "person-1") -> None:
    with schemas.inside(tenant):
        said = Said(issuer=provider.issuer, subject=subject, claims={})
        federation.link(cast.person(who), provider, said, now=timezone.now())


@dataclass
class Desk:
    """A person's browser at a tenant, on the way to the provider and back; keeps the codes of refusals."""

    tenant: Tenant
    provider: IdentityProvider
    client: Client
    codes: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"/sso/saml/{self.provider.pk}"

    def addresses(self) -> Any:
        with schemas.inside(self.tenant):
            return queries.addresses(self.provider)

    def leaves(self, purpose: str = "sign_in") -> "dict[str, Any]":
        """Go to the provider; what arrives there."""
        started = self.client.get(f"/sso/{self.provider.pk}/start/", {"purpose": purpose, "next": "/account/"})
        assert started.status_code == 302, started.content[:500]
        sent = self.client.get(started["Location"])
        assert sent.status_code == 302, sent.content[:500]
        query = {key: value[0] for key, value in parse_qs(urlsplit(sent["Location"]).query).items()}
        xml = zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15)
        return {"url": sent["Location"], "query": query, "xml": etree.fromstring(xml)}

    def request_id(self, purpose: str = "sign_in") -> str:
        return str(self.leaves(purpose)["xml"].get("ID"))

    def says(self, request_id: str | None, **changes: Any) -> forge.Says:
        where = self.addresses()
        said = {"acs": where.acs, "audience": where.entity_id, "request_id": request_id, "issuer": self.provider.issuer}
        return forge.Says(**(said | changes))

    def signed(self, says: forge.Says, **how: Any) -> Any:
        tree = forge.build(says)
        forge.sign(forge.assertion(tree), *forge.pair("idp"), **how)
        return tree

    def posts(self, encoded: str, **more: Any) -> Any:
        with capture_logs() as logs:
            answer = self.client.post(f"{self.base}/acs/", {"SAMLResponse": encoded, **more})
        self.codes = [one["code"] for one in logs if one["event"] == "identity provider refused"]
        return answer

    def arrives(self, tree: Any) -> Any:
        """Post, and follow to where the session's own cookies are sent again."""
        answer = self.posts(forge.encode(tree))
        if answer.status_code == 302 and "/arrived/" in answer["Location"]:
            with capture_logs() as logs:
                answer = self.client.get(answer["Location"])
            self.codes += [one["code"] for one in logs if one["event"] == "identity provider refused"]
        return answer


@pytest.fixture
def provider(acme: Tenant) -> IdentityProvider:
    made: IdentityProvider = make_provider(acme)
    return made


@pytest.fixture
def desk(acme: Tenant, provider: IdentityProvider) -> Desk:
    return Desk(acme, provider, Client(headers={"host": acme.host}))


@pytest.fixture
def other_desk(globex: Tenant) -> Desk:
    return Desk(globex, make_provider(globex), Client(headers={"host": globex.host}))
