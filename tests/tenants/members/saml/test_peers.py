"""Providers that we did not write, as real processes, and our side within the test: two tenants come in and go out."""

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from lxml import html

from complere.embedded import ports
from tenants import schemas
from tenants.members.identity_providers.adapters import certificates, metadata
from tenants.members.sessions.models import Session
from tests.peers.saml import peer as npm
from tests.peers.simplesamlphp import peer as php
from tests.peers.visitor import Page, Visitor
from tests.tenants.members.saml import forge
from tests.tenants.members.saml.conftest import Desk, link, make_provider

CAY, DOV = "cay", "dov"
SUBJECT = {"php": "berta", "npm": "clara@idp.example"}


@dataclass
class Traveller(Visitor):
    """One browser: at our hosts by Django's client, elsewhere over the network."""

    clients: dict[str, Client] = field(default_factory=dict)

    def _asks(self, method, url, data):
        parts = urlsplit(url)
        if not (parts.hostname or "").endswith(".localhost"):
            return super()._asks(method, url, data)
        self.seen.append(f"{method} {url}")
        client = self.clients.setdefault(parts.hostname, Client(headers={"host": parts.hostname}))
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = client.post(path, data) if method == "POST" else client.get(path)
        return Page(url, answer.status_code, answer.content.decode(), answer.headers)

    def comes_in(self, desk):
        """To the provider, say who one is, and back; what page that ends on."""
        page = self.opens(f"{desk.tenant.origin}/sso/{desk.provider.pk}/start/?next=/account/")
        while (told := self._answer(page)) is not None:
            page = self.sends(told[1], form=told[0])
        return page

    def response_for(self, desk):
        """What the provider would have the browser post, kept instead."""
        page = self.opens(f"{desk.tenant.origin}/sso/{desk.provider.pk}/start/?next=/account/")
        while 'name="SAMLResponse"' not in page.text:
            told = self._answer(page)
            assert told is not None, (page.url, page.words)
            page = self.sends(told[1], form=told[0])
        return dict(html.fromstring(page.text).forms[0].form_values())["SAMLResponse"]

    def _answer(self, page):
        if not page.text.strip() or "127.0.0.1" not in page.url:
            return None
        for number, form in enumerate(html.fromstring(page.text).forms):
            names = set(form.fields)
            if "SAMLResponse" in names:
                return number, {}
            if "password" in names:
                return number, {"username": SUBJECT["php"], "password": php.PASSWORD}
            if "_authnRequest" in names:
                return number, {"userName": SUBJECT["npm"]}
        return None


def sessions(desk):
    with schemas.inside(desk.tenant):
        return Session.objects.filter(method="saml").count()


def set_up(tenant, found, who, subject):
    provider = make_provider(
        tenant, issuer=found.entity_id, sso_url=found.saml.sso_url, slo_url=found.saml.slo_url,
        certificates=found.saml.certificates, name_id_format=found.saml.name_id_format,
    )  # fmt: skip
    link(tenant, provider, who, subject)
    return Desk(tenant, provider, Client(headers={"host": tenant.host}))


@pytest.fixture(scope="module")
def pair():
    return certificates.make("idp.example", datetime.now(UTC))


@pytest.fixture
def simple(acme, globex, pair):
    """SimpleSAMLphp knows both tenants, and encrypts for Globex."""
    with php.provider(ports.free_port(), {SUBJECT["php"]: "berta@idp.example"}, pair) as provider:
        found = metadata.read(requests.get(provider.entity_id, timeout=30).content)
        desks = [set_up(acme, found, CAY, SUBJECT["php"]), set_up(globex, found, DOV, SUBJECT["php"])]
        ours = "".join(forge.pair("us")[1].splitlines()[1:-1])
        known = [
            php.Service(where.entity_id, where.acs, where.slo, ours, encrypts=number == 1)
            for number, where in enumerate(desk.addresses() for desk in desks)
        ]
        provider.knows(known)
        yield desks


@pytest.fixture
def small(acme, globex, pair):
    """saml-idp knows one service a process."""
    desks = []
    with contextlib.ExitStack() as stack:
        for tenant, who in ((acme, CAY), (globex, DOV)):
            port = ports.free_port()
            desk = set_up(tenant, metadata.read(npm.metadata(port, pair[1]).encode()), who, SUBJECT["npm"])
            where = desk.addresses()
            stack.enter_context(npm.provider(port, acs=where.acs, audience=where.entity_id, pair=pair))
            desks.append(desk)
        yield desks


@pytest.fixture(params=["simple", "small"])
def desks(request):
    return request.getfixturevalue(request.param)


@pytest.mark.req("ASVS-6.8.2")
@pytest.mark.req("ASVS-6.8.3")
def test_people_of_two_tenants_come_in_once_for_each_response(desks):
    here, there = desks
    traveller = Traveller()
    page = traveller.comes_in(here)
    assert page.url == "http://acme.localhost:8000/account/", traveller.seen
    # The second tenant asks a second factor of its administrator.
    assert traveller.comes_in(there).url.startswith("http://globex.localhost:8000/sign-in/second-step/")
    assert (sessions(here), sessions(there)) == (1, 0)
    # What was made out to Acme opens nothing at Globex, and a second time nothing at all.
    other = Traveller()
    response = other.response_for(here)
    desk = Desk(there.tenant, there.provider, other.clients.setdefault("globex.localhost", there.client))
    other.opens(f"{there.tenant.origin}/sso/{there.provider.pk}/start/")
    assert (desk.posts(response).status_code, desk.codes) == (400, ["unknown-attempt"])
    desk = Desk(here.tenant, here.provider, other.clients["acme.localhost"])
    assert (desk.posts(response).status_code, desk.codes) == (302, [])
    assert (desk.posts(response).status_code, desk.codes) == (400, ["unknown-attempt"])


@pytest.mark.req("ASVS-7.6.1")
def test_signing_out_here_signs_out_at_the_provider_and_at_the_other_tenant(simple):
    here, there = simple
    traveller = Traveller()
    assert traveller.comes_in(here).url == "http://acme.localhost:8000/account/"
    traveller.comes_in(there)
    client = traveller.clients["acme.localhost"]
    left = client.post("/sign-out/")
    page = traveller.opens(f"http://acme.localhost:8000{left['Location']}")
    assert page.url == "http://acme.localhost:8000/sso/saml/signed-out/", (page.words, traveller.seen)
    asked = [one for one in traveller.seen if "globex.localhost" in one and "/slo/?SAMLRequest=" in one]
    assert len(asked) == 1
    assert sessions(here) == 0
    # The provider asks anew who is there.
    page = traveller.opens(f"{here.tenant.origin}/sso/{here.provider.pk}/start/")
    assert 'name="password"' in page.text
