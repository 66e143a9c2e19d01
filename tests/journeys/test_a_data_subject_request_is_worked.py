"""Journey three: data-subject requests, filed by staff and by data subjects, worked, answered, refused, handed over."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.journeys.person import BOTH_WAYS


def reference_of(person):
    return person.page.locator(".kicker").first.inner_text()


def files(person, mark, *, whose=""):
    person.follows("Data-subject requests").follows("File a request").is_at("File a data-subject request")
    person.ticks(re.compile("^Access "), "What does the person ask for?")
    if whose:
        person.chooses("Whose data is it about?", whose)
    person.writes("Name of the person", f"Ines {mark.capitalize()}")
    person.writes("E-mail address of the person", f"{mark}@subject.example")
    person.writes("What they wrote", "What do you hold about me?")
    person.presses("File the request").reads("There is a problem", "Choose what the person is to you.")
    expect(person.field("Name of the person")).to_have_value(f"Ines {mark.capitalize()}")
    person.page.get_by_label("What is the person to you?").select_option(index=1)
    person.page.get_by_label("How did it reach you?").select_option(index=1)
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    person.dates("When did it reach you?", f"{now:%Y-%m-%d}", f"{now:%H:%M}")
    person.presses("File the request")
    person.reads("Filed as", f"Ines {mark.capitalize()}")


@BOTH_WAYS
def test_a_request_that_a_tenant_files_is_worked_to_its_answer(somebody, mark):
    admin = somebody("acme.localhost", "admin@acme.example")
    files(admin, mark)
    reference = reference_of(admin)
    clocks = admin.page.locator(".clock")
    expect(clocks.filter(has_text="Statutory")).to_have_count(1)
    expect(clocks.filter(has_text="Promised")).to_have_count(0)
    admin.reads("Binding", "Why this date?").opens("Why this date?")
    expect(admin.page.locator(".why ol li").first).to_be_visible()

    officer = somebody("acme.localhost", "privacy@acme.example")
    officer.follows("Data-subject requests").writes("Reference, name or whole e-mail", f"{mark}@subject.example")
    officer.presses("Apply")
    expect(officer.row(reference)).to_have_count(1)
    officer.follows(reference).follows("Assign")
    officer.chooses("Who works on it?", "Ben Privacy").writes("Reason for the record", "My desk").presses("Assign")
    officer.follows("Validate identity").presses("Validate identity").reads("There is a problem")
    officer.page.get_by_role("group", name="How do you know that it is them?").get_by_role("radio").first.check()
    officer.writes("What was checked", "Staff number and last login").writes("Reason for the record", "Known to us")
    officer.presses("Validate identity")
    # The statutory clock and the promise, side by side.
    for basis in ("Statutory", "Promised", "Binding"):
        expect(officer.page.locator(".clock", has_text=basis)).to_have_count(1)
    officer.follows("Begin the work").writes("Reason for the record", "Systems are searched").presses("Begin the work")
    delivers(officer, mark)

    subject = somebody("acme.localhost")
    subject.opens_mail(f"{mark}@subject.example", f"{reference}: our answer is ready")
    subject.follows_the_link("/data-request/follow/").reads("Our answer", f"This is all we hold, {mark}.")
    saved = subject.saves(lambda: subject.page.get_by_role("link", name="answer.txt").click())
    assert saved.path().read_bytes() == f"Everything about {mark}\n".encode()
    officer.goes_to(officer.page.url).reads("Downloaded a file of the answer")
    officer.follows("Every change of every field, with old and new values").reads("Ben Privacy", "Systems are searched")


def delivers(officer, mark):
    officer.follows("Deliver the answer").writes("Answer to the person", f"This is all we hold, {mark}.")
    for part in officer.page.get_by_label("Given", exact=True).all():
        part.check()
    officer.page.get_by_label("File for the person to download").set_input_files(
        {"name": "answer.txt", "mimeType": "text/plain", "buffer": f"Everything about {mark}\n".encode()}
    )
    officer.writes("Reason for the record", "Complete answer").signs("Deliver the answer").reads("Delivered")


def test_a_data_subject_asks_at_the_tenants_own_door(somebody, mark):
    subject = somebody("acme.localhost").goes_to("/data-request/").is_at("Ask Acme Pharma about your data")
    subject.writes("Your name", f"Olaf {mark.capitalize()}").writes("Your e-mail address", "olaf")
    subject.takes_time()
    subject.presses("Send the request").reads("There is a problem")
    expect(subject.field("Your name")).to_have_value(f"Olaf {mark.capitalize()}")
    subject.ticks(re.compile("^Erasure"), "What do you ask for?")
    subject.writes("Your e-mail address", f"{mark}@subject.example")
    subject.page.get_by_label("What are you to us?").select_option(index=1)
    subject.presses("Send the request").is_at("Check your mail")
    subject.opens_mail(f"{mark}@subject.example", "Please confirm your request to Acme Pharma")
    link = subject.link_in_mail("/data-request/confirm/")
    subject.follows_the_link("/data-request/confirm/").presses("Yes, this was me").is_at("Your request to Acme Pharma")
    subject.reads("Statutory", "Why this date?")
    status, reference = subject.page.url, reference_of(subject)

    officer = somebody("acme.localhost", "privacy@acme.example").follows("Data-subject requests").follows(reference)
    officer.follows("Refuse").presses("Refuse").reads("There is a problem")
    officer.page.get_by_role("group", name="Ground of the law").get_by_role("radio").last.check()
    officer.writes("What proves it", "Contract of 2024").writes("Reasons, for the person", f"We must keep it, {mark}.")
    officer.writes("Reason for the record", "Retention duty").signs("Refuse").reads("Refused")
    # The three parts of GDPR Art. 12(4).
    subject.goes_to(status).reads(f"We must keep it, {mark}.", "Complaint", "supervisory authority", "Going to court")
    # Confirming twice repeats nothing and hands out no second link: the first one was mailed.
    subject.goes_to(link).presses("Yes, this was me").is_at("Your address is confirmed").reads("was confirmed before")


def test_support_hands_a_request_over_to_its_controller(somebody, mark):
    support = somebody("localhost", "support@complere.example")
    files(support, mark, whose="Globex Biotech")
    taken = reference_of(support)
    support.follows("Hand over to a tenant").chooses("Which tenant is the controller?", "Globex Biotech")
    support.writes("Reason for the record", "Account of Globex").presses("Hand over")
    support.reads("Globex Biotech").misses("What do you hold about me?")

    officer = somebody("globex.localhost", "privacy@globex.example")
    officer.opens_mail("privacy@globex.example", "Complere handed over request").follows_the_link("/requests/")
    officer.reads(f"Ines {mark.capitalize()}", taken, "What do you hold about me?", "Statutory")
    other = somebody("acme.localhost", "privacy@acme.example").goes_to("/requests/?state=all")
    other.misses(f"Ines {mark.capitalize()}")


def test_complere_works_a_request_about_its_own_data(somebody, mark):
    subject = somebody().goes_to("/data-request/").is_at(re.compile("^Ask Complere"))
    subject.ticks(re.compile("^Access"), "What do you ask for?").writes("Your name", f"Vera {mark.capitalize()}")
    subject.writes("Your e-mail address", f"{mark}@visitor.example")
    subject.page.get_by_label("What are you to us?").select_option(index=1)
    subject.takes_time()
    subject.presses("Send the request").opens_mail(f"{mark}@visitor.example", "Please confirm your request")
    subject.follows_the_link("/data-request/confirm/").presses("Yes, this was me")
    reference = reference_of(subject)
    legal = somebody("localhost", "legal@complere.example").follows("Data-subject requests")
    legal.follows(reference).reads(f"Vera {mark.capitalize()}").follows("Ask for identity")
    legal.writes("Why you doubt who it is", "No account with this address")
    legal.writes("What the person should send", "Tell us which document you asked for.")
    legal.writes("Reason for the record", "Not known here").presses("Ask for identity")
    subject.opens_mail(f"{mark}@visitor.example", f"{reference}: please help us").reads("which document you asked for")
