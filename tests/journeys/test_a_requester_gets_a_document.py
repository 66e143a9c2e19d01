"""Journey two: somebody asks for documents, legal grants them, the file is downloaded, and the link is revoked."""

import io
import re

from playwright.sync_api import expect
from pypdf import PdfReader

from tests.journeys.person import BOTH_WAYS


def asks(person, mark):
    person.goes_to("/").follows("Documents").is_at("Documents").follows("Request DPA").is_at("Request documents")
    expect(person.page.get_by_label("Data Processing Addendum")).to_be_checked()
    person.reads("Answered by", "Why this date?")
    person.writes("Your name", f"Nora {mark.capitalize()}").writes("Company", f"Northwind {mark}")
    person.writes("Your work e-mail address", "nora at northwind").chooses("Country", "Germany")
    person.ticks("No, not yet").chooses("What do you need them for?", "Evaluating Complere before a purchase")
    person.writes("Anything that helps us to answer", "The review meets on Friday.")
    person.takes_time()
    person.presses("Send the request").reads("There is a problem", "name@example.com")
    # Nothing typed is lost.
    expect(person.field("Your name")).to_have_value(f"Nora {mark.capitalize()}")
    expect(person.field("Your work e-mail address")).to_have_value("nora at northwind")
    expect(person.field("Company")).to_have_value(f"Northwind {mark}")
    expect(person.page.get_by_label("No, not yet")).to_be_checked()
    expect(person.page.get_by_label("Data Processing Addendum")).to_be_checked()
    expect(person.field("Anything that helps us to answer")).to_have_value("The review meets on Friday.")
    person.page.locator("[data-error-summary] a").first.click()
    person.writes("Your work e-mail address", f"{mark}@northwind.example").presses("Send the request")
    person.is_at("Look into your mail")


@BOTH_WAYS
def test_a_requester_gets_a_document(somebody, mark):
    address = f"{mark}@northwind.example"
    requester = somebody()
    asks(requester, mark)
    legal = somebody("localhost", "legal@complere.example")
    legal.follows("Document requests").misses(f"Northwind {mark}")

    requester.opens_mail(address, "Confirm your request").follows_the_link("/confirm/").is_at("Confirm your request")
    requester.presses("Confirm and send").is_at("Your request is received")
    requester.reads("Answered by").opens("Why this date?")
    expect(requester.page.locator(".why ol li").first).to_be_visible()
    status, reference = (
        requester.page.url,
        requester.page.locator(".kicker").first.inner_text().removeprefix("Request "),
    )
    requester.opens_mail(address, f"Your request {reference} is received")

    legal.follows("Document requests").reads(f"Northwind {mark}").follows(reference)
    legal.is_at(f"Request {reference}").reads("The review meets on Friday.", "Why this date?").follows("Grant")
    legal.presses("Grant and mail the links").reads("There is a problem", "Say why, in a few words.")
    legal.writes("Reason", "Evaluated before a purchase").presses("Grant and mail the links").reads(
        "The links are mailed."
    )

    requester.opens_mail(address, "Documents for your request")
    link = requester.link_in_mail("/links/")
    requester.follows_the_link("/links/").reads("Downloads left", "10 of 10")
    saved = requester.saves(lambda: requester.presses("Download the PDF"))
    assert saved.suggested_filename.endswith(".pdf")
    content = saved.path().read_bytes()
    assert content.startswith(b"%PDF")
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))
    for row in in_use(requester):
        assert row in text
    requester.goes_to(link).reads("9 of 10")
    requester.goes_to(status).is_at("Your request is granted")

    legal.page.reload()
    legal.reads("1 of 10 downloads")
    legal.page.locator("a", has_text="Revoke the link").first.click()
    legal.writes("Reason", "The evaluation has ended").presses("Revoke the link").reads("The link is revoked.")
    requester.goes_to(link).is_at("This link does not work any more")


def reference_of(person):
    return person.page.locator(".kicker").first.inner_text().removeprefix("Request ")


def in_use(person):
    """What the public register names as in use: the first column."""
    person.goes_to("/sub-processors/")
    rows = person.page.locator("section", has=person.page.get_by_role("heading", name="In use")).locator("tbody th")
    found = [re.sub(r"\s+", " ", text).strip() for text in rows.all_inner_texts()]
    assert found
    return found


def test_legal_asks_and_refuses(somebody, mark):
    address = f"{mark}@northwind.example"
    requester = somebody()
    asks(requester, mark)
    requester.opens_mail(address, "Confirm your request").follows_the_link("/confirm/").presses("Confirm and send")
    reference = reference_of(requester)

    legal = somebody("localhost", "legal@complere.example").follows("Document requests").follows(reference)
    legal.follows("Ask for information").writes("What do you need to know?", "For which product do you evaluate us?")
    legal.writes("Reason", "The scope is not clear").presses("Mail the question").reads("The question is mailed.")
    requester.opens_mail(address, "A question about your request").follows_the_link("/documents/requests/")
    requester.is_at("We have a question").reads("The time waits for your answer").presses("Send the answer")
    requester.reads("There is a problem").writes("Your answer", "For the eQMS.").presses("Send the answer")
    requester.is_at("Your request is received").reads("Answered by")
    legal.page.reload()
    legal.reads("For the eQMS.").follows("Refuse")
    legal.writes("Reason, as the requester reads it", "The eQMS is not sold in your country.")
    legal.writes("Reason", "Not sold there").presses("Refuse and mail the reason").reads("The refusal is mailed.")
    requester.opens_mail(address, f"Your request {reference}", besides=1).reads("The eQMS is not sold in your country.")


def test_a_member_of_a_tenant_asks_from_the_workspace(somebody, mark):
    member = somebody("acme.localhost", "member@acme.example")
    member.follows("Documents").is_at("Documents").follows("Request documents")
    member.reads("Mia Member", "member@acme.example", "Acme Pharma", "Why this date?")
    member.ticks("Service Level Agreement").chooses(
        "What do you need them for?", "Periodic review of a supplier in use"
    )
    member.writes("Anything that helps us to answer", f"Annual review {mark}")
    member.takes_time()
    member.presses("Send the request").reads("Service Level Agreement")
    reference = re.search(r"DR-\w{4}-\w{4}", member.page.locator("main").inner_text())[0]
    legal = somebody("localhost", "legal@complere.example").follows("Document requests").follows(reference)
    legal.reads("Mia Member", "Acme Pharma", f"Annual review {mark}")
    other = somebody("globex.localhost", "admin@globex.example").follows("Documents")
    other.misses(reference)
    legal.follows("Grant").writes("Reason", "Customer in use").presses("Grant and mail the links")
    member.opens_mail("member@acme.example", f"Documents for your request {reference}")
