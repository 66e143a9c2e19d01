"""Every page in a real browser: nothing breaks the content security policy, and what people typed stays text."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Faults

# One page of a kind is enough: ids, codes and numbers are of no account.
OF_NO_ACCOUNT = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|(?<=/entries/)[^/]+")
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&amp;"
WALKERS = {
    "a stranger": ("localhost", "", "/"),
    "an editor": ("localhost", "editor@complere.example", "/console/"),
    "the security team": ("localhost", "security@complere.example", "/console/"),
    "a tenant's admin": ("acme.localhost", "admin@acme.example", "/"),
}


@pytest.mark.parametrize("walker", WALKERS)
@pytest.mark.req("ASVS-3.4.3")
def test_every_page_is_within_its_policy(somebody, walker):
    """A fault in the console or a breach of the policy on any page fails at the end, in `somebody`."""
    host, email, start = WALKERS[walker]
    person = somebody(host, email)
    queue, kinds = [start], set()
    while queue:
        path = queue.pop(0)
        kind = OF_NO_ACCOUNT.sub("*", path)
        if kind in kinds:
            continue
        kinds.add(kind)
        person.goes_to(path)
        if person.page.evaluate("document.contentType") != "text/html":
            # A file that the browser shows by itself.
            continue
        expect(person.page.locator("h1"), f"one heading on {path}").to_have_count(1)
        queue += [link for link in pages(person) if OF_NO_ACCOUNT.sub("*", link) not in kinds]
    assert len(kinds) > 8


def test_a_breach_of_the_policy_would_be_noticed(browser, product):
    faults = Faults()
    page = browser.new_page()
    faults.watch(page)
    page.goto(product.origin())
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.goto(f"{product.origin()}/no-such-page/")
    page.close()
    assert len(faults.found) == 1
    assert "Content Security Policy" in faults.found[0]


def pages(person):
    """Where the links of this page lead on this host; not to files, and not to everybody's mailbox."""
    anchors = person.page.locator("a[href]:not([download])").evaluate_all("links => links.map(link => link.href)")
    found = [urlsplit(link) for link in anchors]
    here = [link.path for link in found if f"{link.scheme}://{link.netloc}" == person.home]
    files = re.compile(r"/demo/|/pdf/$|\.(json|atom|txt|xml)$|/export/$|/files/")
    return [path for path in here if not files.search(path)]


@pytest.mark.req("ASVS-1.2.1")
def test_markup_that_people_type_is_shown_as_they_typed_it(somebody, mark):
    typed = f"{MARKUP} {mark}"
    subject = somebody("acme.localhost").goes_to("/data-request/").ticks(re.compile("^Access"))
    subject.writes("Your name", typed).writes("Your e-mail address", f"{mark}@subject.example")
    subject.page.get_by_label("What are you to us?").select_option(index=1)
    subject.writes("Anything else you want to say", typed)
    subject.takes_time()
    subject.presses("Send the request").is_at("Check your mail")
    member = somebody("acme.localhost", "member@acme.example").follows("Log an incident")
    member.writes("What is it about?", typed).writes("What happened, as far as is known?", typed)
    member.dates("When was it detected?", "2026-01-05", "10:00").presses("Log the incident").reads(typed)

    admin = somebody("acme.localhost", "admin@acme.example").follows("Data-subject requests").reads(typed)
    admin.row(typed).get_by_role("link").click()
    admin.reads(typed).follows("Every change of every field, with old and new values").is_at(re.compile("DSR-"))
    admin.goes_to("/incidents/").reads(typed).follows(typed).reads(typed)
    admin.follows("Breach register").reads(typed).follows("Read or print in full").reads(typed)
    mailbox = subject.opens_mail(f"{mark}@subject.example", "Please confirm your request")
    mailbox.misses("&lt;")
