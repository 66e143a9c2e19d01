"""Journey four: the security team logs an incident, two people make the notices, each customer gets its own."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.journeys.person import BOTH_WAYS

BERLIN = ZoneInfo("Europe/Berlin")


def local(hours_ago):
    at = datetime.now(UTC).astimezone(BERLIN) - timedelta(hours=hours_ago)
    return f"{at:%Y-%m-%d}", f"{at:%H:%M}"


def logs(person, mark):
    person.follows("Log an incident").presses("Log the incident").reads("There is a problem", "Give it a title.")
    person.writes("What is it about?", f"Backup key exposed {mark}")
    person.writes("What happened, as far as is known?", "A key of the backup store was found in a build log.")
    person.ticks("Confidentiality: data were disclosed or accessed without right")
    person.dates("When was it detected?", *local(3)).presses("Log the incident")
    person.is_at("The incident is logged")


@BOTH_WAYS
def test_a_breach_is_notified_to_each_customer_it_concerns(somebody, mark):
    watched = f"{mark}@watch.acme.example"
    sina = confirmed_contact(somebody, watched)
    samir = somebody("localhost", "security@complere.example")
    logs(samir, mark)
    samir.follows("Open the incident")
    incident, reference = samir.page.url, samir.page.locator(".kicker").first.inner_text()
    samir.follows("Start the assessment").writes("Reason", "The log is public").presses("Start the assessment")
    samir.follows("Add tenants").ticks("Acme Pharma").ticks("Globex Biotech")
    samir.writes("Why are they affected?", "Their backups lie there").presses("Add the ticked tenants")
    samir.reads("2 tenants are added.").follows("Confirm a breach").dates("When did you become aware?", *local(2))
    samir.writes("What created the certainty?", "The key was used from outside.")
    samir.writes("Why is it a personal-data breach?", "Backups hold personal data").presses(
        "Confirm the breach and start the clocks"
    )
    samir.reads("It is a personal-data breach. The clocks run.", "Elapsed since awareness")
    for tenant in ("Acme Pharma", "Globex Biotech"):
        # 24 hours of our own target and 72 of the promise, two of which are gone.
        row = re.sub(r"\s+", " ", samir.row(tenant).inner_text())
        assert re.search(r"\b21 hours,? 5\d minutes left\b", row), row
        assert re.search(r"\b2 days,? 21 hours left\b", row), row

    notices = {tenant: drafts(samir, incident, tenant, mark) for tenant in ("Acme Pharma", "Globex Biotech")}
    samir.goes_to(notices["Acme Pharma"]).reads("Another person approves it")
    expect(samir.page.get_by_role("button", name="Approve the notice")).to_have_count(0)
    sofia = somebody("localhost", "security2@complere.example")
    for tenant, notice in notices.items():
        sofia.goes_to(notice).presses("Approve the notice").reads("There is a problem")
        sofia.ticks("I have read every part, and it tells nothing of any other customer").signs("Approve the notice")
        sofia.reads("The notice is approved.")
        samir.goes_to(notice).follows("Send the notice").presses("Send the notice").reads(f"{tenant} is told")

    # The security contact of Acme confirmed its address, so the mail goes there.
    sina.opens_mail(watched, f"Personal-data breach {reference}")
    sina.reads("NATURE OF THE BREACH", f"Only Acme Pharma {mark}").follows_the_link("/incidents/notices/")
    sina.is_at("Notice of a personal-data breach").reads(f"Only Acme Pharma {mark}").misses("Globex")
    sina.writes("Comment to Complere", f"Read by us, {mark}").presses("Acknowledge the notice")
    sina.reads("The notice is acknowledged.", "Sina Security")
    samir.goes_to(notices["Acme Pharma"]).reads("Acknowledged", f"Read by us, {mark}", "Sina Security")

    # Globex named nobody, so its administrator is told, and the security team learns of it.
    gina = somebody("globex.localhost", "admin@globex.example")
    gina.opens_mail("admin@globex.example", f"Personal-data breach {reference}").follows_the_link("/incidents/notices/")
    gina.reads(f"Only Globex Biotech {mark}").misses("Acme")
    gina.goes_to("/incidents/notices/").reads(reference)
    gina.goes_to("/incidents/register/").reads(reference).misses(mark, "Acme")
    samir.opens_mail("security@complere.example", f"{reference}: the notice to Globex Biotech may not have been read")
    samir.goes_to(incident).follows("Breach register").reads(f"Backup key exposed {mark}")
    export = samir.saves(lambda: samir.page.get_by_role("link", name="Export as CSV").click())
    assert f"Backup key exposed {mark}" in export.path().read_text()


def confirmed_contact(somebody, address):
    """Sina, once her address as Acme's security contact is confirmed by mail."""
    admin = somebody("acme.localhost", "admin@acme.example").follows("Contacts").follows("Change Security contact")
    admin.writes("Name", "Sina Security").writes("E-mail address", address).writes("Reason", "A box that is watched")
    admin.presses("Save").reads("is saved")
    sina = somebody("acme.localhost", "security@acme.example")
    sina.opens_mail(address, "Confirm that you are the security contact").follows_the_link("/contacts/confirm/")
    return sina.presses("Yes, messages reach me").is_at("Thank you, that is confirmed")


def drafts(person, incident, tenant, mark):
    person.goes_to(incident).follows(f"Draft the notice to {tenant}").is_at(f"Notice to {tenant}")
    person.writes("What happened to this tenant's data", f"Only {tenant} {mark}")
    person.presses("Save the draft").reads("There is a problem")
    expect(person.field("What happened to this tenant's data")).to_have_value(f"Only {tenant} {mark}")
    person.writes("Categories of data subjects", "Employees").writes("Approximate number of data subjects", "1200")
    person.writes("Categories of records", "Training records").writes("Approximate number of records", "5400")
    for part in ("Likely consequences", "Measures taken", "Measures proposed", "Recommended actions"):
        person.ticks(part, "What is not known yet?")
    person.writes("Contact point", "Data protection officer").writes(
        "E-mail address of the contact point", "dpo@complere.example"
    )
    person.presses("Save the draft").reads("The draft is saved.")
    return person.page.url


def test_a_tenant_logs_an_incident_of_its_own(somebody, mark):
    member = somebody("acme.localhost", "member@acme.example")
    logs(member, mark)
    officer = (
        somebody("acme.localhost", "security@acme.example").follows("Incidents").reads(f"Backup key exposed {mark}")
    )
    officer.follows(f"Backup key exposed {mark}")
    elsewhere = somebody("globex.localhost", "admin@globex.example").follows("Incidents").misses(mark)
    elsewhere.goes_to(officer.page.url.replace("acme.localhost", "globex.localhost"))
    elsewhere.is_at("There is no page at this address")
