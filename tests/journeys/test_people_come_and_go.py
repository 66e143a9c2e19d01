"""People: a tenant is provisioned, its first administrator arrives, others are invited, change roles, leave, forget."""

import re

from playwright.sync_api import expect

from tests.journeys.person import BOTH_WAYS

NEW_PASSWORD = "seven quiet rivers at dawn"


def sets_password(person, password):
    person.writes("New password", password).writes("The same password again", password).presses("Set password")
    return person


@BOTH_WAYS
def test_people_come_and_go(somebody, mark):
    host = f"initech{mark}.localhost"
    first, second = f"first@{host}.example", f"second@{host}.example"
    platform = somebody("localhost", "platform@complere.example")
    platform.follows("Tenants").follows("Provision a tenant")
    platform.writes("Name of the customer", f"Initech {mark}").writes("Host", "not a host")
    platform.writes("Name of the first administrator", "Ivo First")
    platform.writes("E-mail address of the first administrator", first)
    platform.presses("Provision").reads("There is a problem", "Give a full host name")
    expect(platform.field("Name of the customer")).to_have_value(f"Initech {mark}")
    platform.writes("Host", host).writes("Reason", "Contract signed").presses("Provision")
    platform.is_at(f"Initech {mark}").reads("is provisioned")

    admin = somebody(host).opens_mail(first, f"Initech {mark} invites you")
    invitation = admin.link_in_mail("/invitation/")
    assert invitation.startswith(admin.home)
    admin.follows_the_link("/invitation/").is_at("Welcome, Ivo First")
    sets_password(admin, "short").reads("There is a problem")
    sets_password(admin, NEW_PASSWORD).is_at("Sign in").signs_in(first, NEW_PASSWORD).is_at(
        "Good to see you, Ivo First"
    )
    somebody(host).goes_to(invitation).is_at("This link does not work")

    admin.follows("People").follows("Invite a person").writes("Name", "Ida Second").writes("E-mail address", second)
    admin.writes("Reason", "Joined the team").presses("Send the invitation").reads("Choose at least one role.")
    admin.ticks(re.compile("^Member")).presses("Send the invitation").reads("is on its way")
    person = admin.page.url
    member = somebody(host).opens_mail(second, f"Initech {mark} invites you").follows_the_link("/invitation/")
    sets_password(member, NEW_PASSWORD).signs_in(second, NEW_PASSWORD).is_at("Good to see you, Ida Second")
    expect(member.page.get_by_role("link", name="People", exact=True)).to_have_count(0)

    admin.goes_to(person).follows("Change roles").ticks(re.compile("^Privacy officer"))
    admin.writes("Reason", "Takes over privacy").presses("Change roles").reads("Privacy officer")
    member.goes_to("/").reads("Privacy officer")
    admin.follows("Deactivate").writes("Reason", "Left the company").presses("Deactivate").reads("is deactivated")
    member.goes_to("/").is_at("Sign in").signs_in(second, NEW_PASSWORD).reads("There is a problem")
    admin.follows("Reactivate").writes("Reason", "Came back").presses("Reactivate").reads("is active again")

    member.goes_to("/").follows("Set a new password").writes("E-mail address", second).presses("Mail me a link")
    member.is_at("Look into your mailbox").opens_mail(second, "Set a new password")
    reset = member.link_in_mail("/password-reset/")
    sets_password(member.goes_to(reset), f"{NEW_PASSWORD} again")
    member.is_at("Sign in").signs_in(second, f"{NEW_PASSWORD} again").is_at("Good to see you, Ida Second")
    member.goes_to(reset).is_at("This link does not work")
    admin.goes_to(person).follows("History of this record").reads("Ivo First", "Left the company", "Came back")


def test_a_contact_is_named_and_confirms(somebody, mark):
    address = f"{mark}@contact.example"
    admin = somebody("acme.localhost", "admin@acme.example").follows("Contacts")
    admin.page.locator("a[href$='/contacts/privacy/']").first.click()
    admin.writes("Name", "Pia Contact").writes("E-mail address", "pia").writes("Reason", "New officer").presses("Save")
    admin.reads("There is a problem").writes("E-mail address", address).presses("Save").reads("is saved")
    contact = somebody("acme.localhost").opens_mail(address, "Confirm that you are the privacy contact")
    link = contact.link_in_mail("/contacts/confirm/")
    contact.follows_the_link("/contacts/confirm/").presses("Yes, messages reach me").is_at(
        "Thank you, that is confirmed"
    )
    contact.goes_to(link).is_at("This link does not work")
    admin.goes_to("/contacts/").reads("Counts until")
