"""Complere's staff enter a tenant: asked for, decided by another, told to the tenant at once, ended by the tenant."""

import re
import time

import pytest

from tests.journeys.person import BOTH_WAYS

pytestmark = pytest.mark.req("ASVS-2.3.5")
# What is promised to the tenant, in seconds.
TOLD_WITHIN = 60.0


@BOTH_WAYS
def test_staff_enter_a_tenant(somebody, mark):
    support, security = (
        somebody("localhost", "support@complere.example"),
        somebody("localhost", "security@complere.example"),
    )
    support.follows("Entries into tenants").follows("Ask to enter").presses("Ask").reads("There is a problem")
    chosen = support.page.locator("option", has_text="(acme.localhost)").inner_text()
    support.chooses("Workspace", chosen)
    support.writes("What you have to do there", f"Looks into the export {mark}").writes("Ticket", f"SUP-{mark}")
    support.writes("Minutes", "90").presses("Ask").reads("at most 60 minutes")
    support.writes("Minutes", "20").presses("Ask").reads("Waits for a decision", "You asked for this yourself")
    entry = support.page.url

    name = chosen.removesuffix(" (acme.localhost)")
    security.opens_mail(
        "security@complere.example", f"Suki Support asks to enter the workspace of {name} (SUP-{mark})"
    ).reads(f"SUP-{mark}")
    security.goes_to(entry).follows("Approve").writes("Reason", "The ticket bears it out")
    approved = time.monotonic()
    security.presses("Approve").reads("Approved", "Samir Security")

    admin = somebody("acme.localhost", "admin@acme.example")
    admin.opens_mail(admin.email, f"Suki Support of Complere may now enter the workspace of {name} (SUP-{mark})")
    assert time.monotonic() - approved < TOLD_WITHIN
    admin.reads(f"SUP-{mark}", "only to read", "Samir Security").follows_the_link("/access/staff/")
    admin.is_at("Visit of Suki Support").reads("May come in", "Nothing was opened")

    visit = admin.page.url
    support.goes_to(entry).follows("Enter").presses("Give me a way in")
    way_in = support.page.get_by_role("link", name=re.compile("^Go to")).get_attribute("href")
    support.goes_to(way_in).reads("As Suki Support, Complere staff, read only").presses("Enter")
    late = somebody("acme.localhost").goes_to(way_in)
    if late.page.get_by_role("button", name="Enter", exact=True).count():
        # Not a minute old, but used.
        late.presses("Enter")
    late.is_at("This way in is closed")
    support.reads("Visit of Complere's staff: Suki Support", f"SUP-{mark}", "Looks into one matter, changes nothing.")
    support.follows("People").reads("Visit of Complere's staff").follows("Data-subject requests")
    support.goes_to(f"{admin.home}/access/").reads("You may not see this page", "Visit of Complere's staff")

    admin.goes_to(visit).reads("Is inside", "Opened: People", "Was refused: Access")
    admin.follows("End this visit now").writes("Reason", f"Seen enough {mark}").presses("End this visit now").reads(
        "has ended"
    )
    support.goes_to(f"{admin.home}/people/").is_at("Sign in")
    support.goes_to(entry).reads("Ended by the workspace")
    admin.opens_mail(admin.email, f"The visit of Suki Support of Complere to {name} has ended (SUP-{mark})").reads(
        "Ended by the workspace", "Changes of records: 0"
    )
