"""People of two tenants come in and go out by providers that we did not write: SimpleSAMLphp, and npm saml-idp."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
from lxml import html

from tenants.members.identity_providers.adapters import certificates
from tests.complere.embedded import processes
from tests.journeys.person import BOTH_WAYS
from tests.peers.saml import peer as npm
from tests.peers.simplesamlphp import peer as php
from tests.peers.visitor import Visitor

ACME, GLOBEX = "acme.localhost", "globex.localhost"
PHP, NPM = "SimpleSAMLphp", "The small peer"
SUBJECT = {PHP: "berta", NPM: "clara@idp.example"}
PEOPLE = {
    (PHP, ACME): "berta@acme.example", (PHP, GLOBEX): "berta@globex.example",
    (NPM, ACME): "clara@acme.example", (NPM, GLOBEX): "clara@globex.example",
}  # fmt: skip
# A whole round trip, both sides on this machine.
MOST_SECONDS = 10.0


@pytest.fixture(scope="module")
def made(product):
    """Both peers, up, and introduced to both tenants: what each tenant's provider is, by peer and host."""
    pair = certificates.make("idp.example", datetime.now(UTC))
    ports = {(NPM, ACME): product.peers[2], (NPM, GLOBEX): product.peers[3]}
    with php.provider(product.peers[1], {SUBJECT[PHP]: "berta@idp.example"}, pair) as simple:
        told = {key: npm.metadata(port, pair[1]) for key, port in ports.items()}
        with urllib.request.urlopen(simple.entity_id) as answer:
            own = answer.read().decode()
        told |= {(PHP, host): own for host in (ACME, GLOBEX)}
        keys = [*told]
        found = dict(zip(keys, _introduce(product, keys, told), strict=True))
        simple.knows([_service(found[PHP, host], encrypts=host == GLOBEX) for host in (ACME, GLOBEX)])
        with contextlib.ExitStack() as stack:
            for key, port in ports.items():
                there = found[key]
                stack.enter_context(npm.provider(port, acs=there["acs"], audience=there["entity_id"], pair=pair))
            yield found


def _introduce(product, keys, told):
    known = [
        {"host": host, "name": name, "metadata": told[name, host], "people": {PEOPLE[name, host]: SUBJECT[name]}}
        for name, host in keys
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tests.peers.saml.introduce", json.dumps(known)], cwd=processes.ROOT,
        env=processes.environment(
            DATA_DIR=str(product.folder), PORT=str(product.port), DEMO="1", PLATFORM_ORIGIN=product.origin()
        ),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def _service(found, *, encrypts):
    return php.Service(found["entity_id"], found["acs"], found["slo"], found["certificate"], encrypts)


def start_at(product, made, name, host):
    return f"{product.origin(host)}/sso/{made[name, host]['id']}/start/?purpose=sign_in&next=/account/"


def comes_in(visitor, start):
    """From our sign-in to our account page: who one is at the provider, and the form that it has the browser post."""
    page = visitor.opens(start)
    for _ in range(6):
        if 'name="SAMLResponse"' in page.text:
            page = visitor.sends()
        elif 'name="password"' in page.text:
            page = visitor.sends({"username": SUBJECT[PHP], "password": php.PASSWORD})
        elif 'name="_authnRequest"' in page.text:
            page = visitor.sends({"userName": SUBJECT[NPM]}, form=_with(page, "_authnRequest"))
        else:
            return page
    raise AssertionError(visitor.seen)


def _with(page, field):
    forms = html.fromstring(page.text).forms
    return next(number for number, form in enumerate(forms) if field in dict(form.form_values()))


def is_in(visitor, product, host):
    return visitor.opens(f"{product.origin(host)}/account/").url == f"{product.origin(host)}/account/"


def response_of(visitor, start):
    """What the provider would have posted, kept instead."""
    page = visitor.opens(start)
    while 'name="SAMLResponse"' not in page.text:
        told = {"username": SUBJECT[PHP], "password": php.PASSWORD} if 'name="password"' in page.text else {}
        page = visitor.sends(told, form=0 if told else _with(page, "_authnRequest"))
    form = html.fromstring(page.text).forms[0]
    return urljoin(page.url, form.action), dict(form.form_values())["SAMLResponse"]


@pytest.mark.parametrize("name", [PHP, NPM])
def test_the_people_of_two_tenants_come_in(product, made, name):
    for host in (ACME, GLOBEX):
        visitor, began = Visitor(), time.monotonic()
        page = comes_in(visitor, start_at(product, made, name, host))
        assert time.monotonic() - began < MOST_SECONDS
        assert (page.url, page.status) == (f"{product.origin(host)}/account/", 200), visitor.seen
        assert PEOPLE[name, host] in page.words


@pytest.mark.req("ASVS-6.8.3")
@pytest.mark.parametrize("name", [PHP, NPM])
def test_a_response_is_good_once_and_in_one_browser(product, made, name):
    visitor = Visitor()
    acs, response = response_of(visitor, start_at(product, made, name, ACME))
    assert acs == made[name, ACME]["acs"]
    thief = Visitor()
    thief.opens(start_at(product, made, name, ACME))
    page = thief._on(thief._asks("POST", acs, {"SAMLResponse": response}))
    assert (page.status, is_in(thief, product, ACME)) == (400, False)
    visitor = Visitor()
    acs, response = response_of(visitor, start_at(product, made, name, ACME))
    first = visitor._on(visitor._asks("POST", acs, {"SAMLResponse": response}))
    assert first.url == f"{product.origin(ACME)}/account/"
    again = visitor._on(visitor._asks("POST", acs, {"SAMLResponse": response}))
    assert again.status == 400


@pytest.mark.req("ASVS-6.8.2")
@pytest.mark.req("ASVS-8.4.1")
@pytest.mark.parametrize("name", [PHP, NPM])
def test_a_response_for_acme_opens_nothing_at_globex(product, made, name):
    visitor = Visitor()
    visitor.opens(start_at(product, made, name, GLOBEX))
    _, response = response_of(visitor, start_at(product, made, name, ACME))
    page = visitor._on(visitor._asks("POST", made[name, GLOBEX]["acs"], {"SAMLResponse": response}))
    assert (page.status, is_in(visitor, product, GLOBEX)) == (400, False)


@pytest.mark.req("ASVS-7.6.1")
def test_signing_out_at_one_tenant_signs_out_at_the_provider_and_the_other(product, made):
    """One session at SimpleSAMLphp, one at each tenant; its single logout asks the other before it answers."""
    visitor = Visitor()
    for host in (ACME, GLOBEX):
        comes_in(visitor, start_at(product, made, PHP, host))
    assert [is_in(visitor, product, host) for host in (ACME, GLOBEX)] == [True, True]
    page = visitor.opens(f"{product.origin(ACME)}/account/")
    sign_out = next(
        number for number, form in enumerate(page.text.split("<form")[1:]) if 'sign-out/"' in form.partition(">")[0]
    )
    page = visitor.sends(form=sign_out)
    assert page.url.startswith(f"{product.origin(ACME)}/sso/saml/signed-out/"), (page.words, visitor.seen)
    assert [is_in(visitor, product, host) for host in (ACME, GLOBEX)] == [False, False]
    assert 'name="password"' in visitor.opens(start_at(product, made, PHP, ACME)).text


@BOTH_WAYS
def test_a_person_comes_in_and_goes_out_in_a_browser_by_simplesamlphp(somebody, product, made, javascript):
    person = somebody(GLOBEX).goes_to("/sign-in/?next=/account/")
    person.page.get_by_role("link", name=PHP).click()
    person.page.locator("input[name=username]").fill(SUBJECT[PHP])
    person.page.locator("input[name=password]").fill(php.PASSWORD)
    person.page.locator("#submit_button, button[type=submit], input[type=submit]").first.click()
    if not javascript:
        # Its page posts itself; without scripts somebody presses the button beside the hidden one.
        person.page.locator("input[type=submit]:visible, button[type=submit]:visible").first.click()
    person.page.wait_for_url("**/account/")
    person.reads(PEOPLE[PHP, GLOBEX])

    person.page.locator("header details.menu summary").click()
    person.presses("Sign out")
    person.page.wait_for_url("**/sso/saml/signed-out/**")
    person.is_at("You are signed out").goes_to("/account/").is_at("Sign in")


def test_a_person_comes_in_in_a_browser_by_saml_idp(somebody, product, made):
    person = somebody(ACME).goes_to("/sign-in/?next=/account/")
    person.page.get_by_role("link", name=NPM).click()
    person.page.locator("input[name=userName]").fill(SUBJECT[NPM])
    person.page.locator("form button[type=submit], form input[type=submit]").first.click()
    person.page.wait_for_url("**/account/")
    person.reads(PEOPLE[NPM, ACME])
