"""People of two tenants come in and go out by a provider that we did not write: the certified npm oidc-provider."""

import json
import re
import subprocess
import sys
import time

import pytest

from tests.complere.embedded import processes
from tests.journeys.person import BOTH_WAYS
from tests.journeys.test_a_data_subject_request_is_worked import files
from tests.peers.oidc import peer
from tests.peers.visitor import Visitor

ACME, GLOBEX = "acme.localhost", "globex.localhost"
PERSON = "anna"
SIGNER = "privacy@acme.example"
PEOPLE = {ACME: "anna@acme.example", GLOBEX: "anna@globex.example"}
# A whole round trip, both sides on this machine.
MOST_SECONDS = 10.0


@pytest.fixture(scope="module")
def op(product):
    """The peer, and both tenants introduced to it: the address at which each tenant's sign-in begins."""
    secrets = {host: f"{host}-secret-of-forty-characters-and-more" for host in PEOPLE}
    clients = [peer.Client(f"{host}-rp", secrets[host], product.origin(host)) for host in PEOPLE]
    with peer.provider(clients, port=product.peers[0]) as issuer:
        known = [
            {"host": host, "issuer": issuer, "client_id": f"{host}-rp", "secret": secrets[host],
             "people": {email: PERSON} | ({SIGNER: "ben"} if host == ACME else {})}
            for host, email in PEOPLE.items()
        ]  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.peers.oidc.introduce", json.dumps(known)], cwd=processes.ROOT,
            env=processes.environment(
                DATA_DIR=str(product.folder), PORT=str(product.port), DEMO="1",
                PLATFORM_ORIGIN=product.origin(), OUTBOUND_ALLOWED=f"127.0.0.1:{product.peers[0]}",
            ),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        made = json.loads(done.stdout.splitlines()[-1])
        yield {host: f"{product.origin(host)}/sso/{number}/start/?purpose=sign_in&next=/account/"
               for host, number in made.items()}  # fmt: skip


def comes_in(visitor, start):
    """From our sign-in to our account page: who one is at the provider, and that we may know."""
    page = visitor.opens(start)
    while 'name="login"' in page.text or 'name="prompt"' in page.text:
        page = visitor.sends({"login": PERSON, "password": "any"} if 'name="login"' in page.text else {})
    return page


def is_in(visitor, product, host):
    return visitor.opens(f"{product.origin(host)}/account/").url == f"{product.origin(host)}/account/"


@pytest.mark.req("ASVS-6.8.1")
@pytest.mark.req("ASVS-10.2.1")
def test_the_people_of_two_tenants_come_in(product, op):
    for host, email in PEOPLE.items():
        visitor, began = Visitor(), time.monotonic()
        page = comes_in(visitor, op[host])
        assert time.monotonic() - began < MOST_SECONDS
        assert (page.url, page.status) == (f"{product.origin(host)}/account/", 200)
        assert email in page.words
        asked = next(one for one in visitor.seen if "/auth?" in one)
        assert "code_challenge_method=S256" in asked


@pytest.mark.req("ASVS-8.4.1")
def test_the_cookie_of_acme_opens_nothing_at_globex(product, op):
    visitor = Visitor()
    comes_in(visitor, op[ACME])
    visitor.cookies[GLOBEX] = dict(visitor.cookies[ACME])
    assert is_in(visitor, product, ACME)
    assert not is_in(visitor, product, GLOBEX)


def test_what_the_provider_answered_is_good_once_and_in_one_browser(product, op):
    visitor = Visitor()
    comes_in(visitor, op[ACME])
    callback = next(one for one in visitor.seen if "/sso/oidc/callback/" in one).removeprefix("GET ")
    again, elsewhere = visitor.opens(callback), Visitor().opens(callback)
    assert (again.status, elsewhere.status) == (400, 400)


@pytest.mark.req("ASVS-7.6.1")
def test_signing_out_here_signs_out_there_and_at_the_other_tenant(product, op):
    """One session at the provider, one at each tenant; its sign-out tells both by the back channel."""
    visitor = Visitor()
    for host in PEOPLE:
        comes_in(visitor, op[host])
    assert all(is_in(visitor, product, host) for host in PEOPLE)
    page = visitor.opens(f"{product.origin(ACME)}/account/")
    sign_out = next(
        number for number, form in enumerate(page.text.split("<form")[1:]) if 'sign-out/"' in form.partition(">")[0]
    )
    page = visitor.sends(form=sign_out)
    assert page.url.startswith(f"http://127.0.0.1:{product.peers[0]}/session/end")
    assert "logout" in page.text
    page = visitor.sends({"logout": "yes"})
    assert page.url.startswith(f"{product.origin(ACME)}/sso/oidc/signed-out/")
    assert "You are signed out" in page.words
    assert [is_in(visitor, product, host) for host in PEOPLE] == [False, False]


@BOTH_WAYS
@pytest.mark.req("ASVS-7.6.1")
def test_a_person_comes_in_and_goes_out_in_a_browser(somebody, op):
    """From the link on the sign-in page to the provider's sign-out, over our page that leads on by itself."""
    person = somebody(ACME).goes_to("/sign-in/?next=/account/")
    person.page.get_by_role("link", name=re.compile("The certified peer")).click()
    authenticates(person, PERSON)
    person.page.wait_for_url("**/account/")
    person.reads(PEOPLE[ACME])

    person.page.locator("header details.menu summary").click()
    person.presses("Sign out")
    person.page.wait_for_url("**/session/end**")
    person.page.get_by_role("button", name="Yes, sign me out").click()
    person.page.wait_for_url("**/sso/oidc/signed-out/**")
    person.is_at("You are signed out").goes_to("/account/").is_at("Sign in")


@BOTH_WAYS
def test_a_signature_is_confirmed_at_the_provider(somebody, op, mark, javascript):
    """What is signed travels as nonce; the provider asks anew who is there, and the record shows where it was."""
    officer = somebody(ACME, SIGNER)
    files(officer, mark)
    officer.follows("Refuse")
    officer.page.get_by_role("group", name="Ground of the law").get_by_role("radio").last.check()
    officer.writes("What proves it", "Contract of 2024").writes("Reasons, for the person", f"We must keep it, {mark}.")
    officer.writes("Reason for the record", "Retention duty").ticks(re.compile("^At The certified peer"))
    officer.presses("Refuse")
    officer.page.wait_for_url("**/interaction/**")
    authenticates(officer, "ben")
    if not javascript:
        officer.is_at("The certified peer has confirmed who you are").presses("Sign now")
    officer.reads("Refused")


def authenticates(person, login):
    """At the provider: who one is, whatever is typed as a password; and, the first time, that we may know."""
    person.page.get_by_placeholder("Enter any login").fill(login)
    person.page.get_by_placeholder("and password").fill("any")
    person.presses("Sign-in")
    if person.page.get_by_role("button", name="Continue", exact=True).count():
        person.presses("Continue")
