"""Journey one: an evaluator reads the Trust Center, and a trust editor changes a promise in front of the public."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.journeys.person import BOTH_WAYS

# Two web processes answer by turns: so many visits reach both.
VISITS = 10


@BOTH_WAYS
def test_an_evaluator_reads_the_promises(somebody):
    evaluator = somebody().goes_to("/")
    page = evaluator.page
    index = page.get_by_role("navigation", name="On this page").get_by_role("link")
    assert index.count() == 7
    for number in range(7):
        index.nth(number).click()
        section = page.locator(urlsplit(page.url).fragment and f"#{urlsplit(page.url).fragment}")
        expect(section).to_be_in_viewport()
    expect(page.locator("h2")).not_to_have_count(0)

    promise = page.locator(".statement").first
    expect(promise.locator(".evidence__detail")).to_be_hidden()
    promise.locator("summary").click()
    expect(promise.locator(".evidence__detail")).to_be_visible()
    expect(promise.locator(".evidence__detail")).to_contain_text("Rule:")

    evaluator.follows("Compliance").reads("21 CFR Part 11", "EU GMP Annex 11", "ALCOA+", "GAMP 5", "ISO 13485")
    evaluator.follows("Sub-processors").is_at("Sub-processors").reads("In use", "Announced", "History", "Editions")
    evaluator.goes_to("/no-such-page/").is_at("There is no page at this address")
    evaluator.follows("Go to the start page")
    assert urlsplit(page.url).path == "/"


def test_machines_read_the_same_promises(somebody, product):
    fetch = somebody().goes_to("/sub-processors/").page.request.get
    text = fetch(product.origin() + "/.well-known/security.txt").text()
    assert re.search(r"^Contact: \S+$", text, re.MULTILINE)
    assert re.search(r"^Expires: \S+$", text, re.MULTILINE)
    feed = fetch(product.origin() + "/changes.atom")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert "<entry>" in feed.text()
    assert fetch(product.origin() + "/subprocessors.json").json()
    first = fetch(product.origin() + "/")
    assert fetch(product.origin() + "/", headers={"If-None-Match": first.headers["etag"]}).status == 304


def test_an_evaluator_subscribes_to_changes(somebody, mark):
    evaluator = somebody().goes_to("/sub-processors/").follows("Subscribe to changes").is_at("Subscribe to changes")
    evaluator.writes("E-mail address", "nobody at home")
    evaluator.takes_time()
    evaluator.presses("Subscribe").reads("There is a problem")
    expect(evaluator.field("E-mail address")).to_have_value("nobody at home")
    evaluator.writes("E-mail address", f"{mark}@evaluator.example")
    evaluator.takes_time()
    evaluator.presses("Subscribe").is_at("Confirm your subscription")
    evaluator.opens_mail(f"{mark}@evaluator.example", "Confirm your subscription")
    link = evaluator.link_in_mail("/subscribe/confirm/")
    evaluator.follows_the_link("/subscribe/confirm/").presses("Subscribe").is_at("You are subscribed")
    evaluator.goes_to(link).is_at("This link does not work any more")


def test_anyone_derives_a_deadline(somebody):
    evaluator = somebody().goes_to("/business-day/")
    evaluator.goes_to("/deadlines/").is_at("How a deadline is computed")
    evaluator.ticks(re.compile("^One month to answer a data subject"))
    evaluator.writes("Day it starts", "2026-01-31").presses("Compute the deadline")
    evaluator.reads("Step by step", "Mon 02 Mar 2026", "GDPR Art. 12(3)")
    assert "day=2026-01-31" in evaluator.page.url


def test_a_changed_promise_is_public_once_a_second_person_signs_it(somebody, mark, product):
    editor = somebody("localhost", "editor@complere.example")
    editor.follows("Claims").is_at("Claims")
    claim = editor.page.locator("tbody tr", has_text="Claim").locator("a").first
    claim.click()
    heading = editor.page.locator("h1").inner_text()
    code = editor.page.locator(".kicker").first.inner_text()
    editor.follows("Edit").is_at(f"Edit {heading}")
    before = editor.field("Text").input_value()
    wording = f"{before.split(' (checked')[0]} (checked as {mark})"
    editor.writes("Text", wording).presses("Save the draft").reads("There is a problem", "Give a reason.")
    expect(editor.field("Text")).to_have_value(wording)
    editor.writes("Reason", f"Say when it was checked, {mark}").presses("Save the draft").reads("The draft is saved.")

    public = somebody().goes_to("/").misses(wording)
    editor.follows("Claims").follows("Preview Trust Center").reads("Preview with drafts", wording)
    editor.follows("Back to the console")
    editor.goes_to(f"/console/content/entries/{code}/").follows("Publish the draft")
    editor.reads("You wrote what is to be approved: another person signs it.").misses("One-time code")
    lawyer = somebody("localhost", "legal@complere.example")
    lawyer.goes_to(f"/console/content/entries/{code}/publish/").reads("Lena Legal, Legal", "I approve this for use")
    lawyer.writes("Reason", f"Reviewed by legal, {mark}")
    lawyer.writes("Your password", "not the one").writes("One-time code", "000000").presses("Sign and publish")
    lawyer.reads("There is a problem", "Password and code do not fit")
    lawyer.signs("Sign and publish").reads("Every web process shows it now.", "Lena Legal, Legal")
    lawyer.page.get_by_role("link", name=re.compile("^Verify")).first.click()
    lawyer.reads("It holds", "Nothing happened to the record since", f"Reviewed by legal, {mark}", wording)
    for _ in range(VISITS):
        # Each from a connection of its own, so that both web processes are asked.
        page = public.page.request.get(product.origin() + "/", headers={"Connection": "close"})
        assert wording in page.text()
    public.goes_to("/").reads(wording)
    public.goes_to("/changes/").reads(heading)

    editor.goes_to(f"/console/content/entries/{code}/")
    editor.page.locator("a", has_text="History").first.click()
    editor.reads("Theo Editor", "Trust editor", "Lena Legal", f"Reviewed by legal, {mark}", wording)
