"""The history page of a record, through the product's own actions and pages."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import context
from audit.subject_keys import actions as subject_keys
from tenants import schemas
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.contacts.models import Contact
from tenants.members.roles import actions as roles
from tenants.tenancy import actions as tenancy
from tests import cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANN = context.Actor(id=None, name="Ann Admin", role="Tenant admin")


def words(response):
    """The text of a page as a reader sees it, white space folded."""
    assert response.status_code == 200
    text = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def history(client, record):
    return client.get(f"/history/{record._meta.label_lower}/{record.pk}/")


def console_history(client, record):
    return client.get(f"/console/history/{record._meta.label_lower}/{record.pk}/")


def new_contact(**changes):
    with context.regulated_write(actor=ANN, reason="The office moved"):
        return Contact.objects.create(
            kind="security",
            subject_key=subject_keys.create(now=NOW),
            full_name="Nora Night",
            email="nora@acme.example",
            changed_at=NOW,
            **changes,
        )


@pytest.mark.req("AT-01")
def test_a_change_of_state_reads_as_a_sentence_with_actor_role_and_reason(sign_in, platform, acme):
    with schemas.on_platform():
        tenancy.suspend(acme, actor=ANN, now=NOW, reason="Invoice unpaid")
    text = words(console_history(sign_in("pat"), acme))
    assert "Ann Admin (Tenant admin) changed the state from active to suspended, and one more field" in text
    assert "Reason: Invoice unpaid" in text
    assert "casting (service) created the tenant" in text


def test_the_first_version_tells_every_initial_value_with_choices_in_words(sign_in, acme):
    with schemas.inside(acme):
        contact = new_contact()
    text = words(history(sign_in("ann"), contact))
    assert "Ann Admin (Tenant admin) created the contact Reason: The office moved" in text
    for pair in (
        "Kind Security contact",
        "Name Nora Night",
        "E-mail address nora@acme.example",
        "Telephone nothing",
        "Bounced at nothing",
        "Changed at Mon 2 Mar 2026 10:00:00 CET (09:00:00 UTC)",
    ):
        assert pair in text


def test_times_are_those_of_the_tenant_with_utc_beside_them(sign_in, acme):
    with schemas.inside(acme):
        contact = new_contact()
        written = contact.history.get().history_date
    from zoneinfo import ZoneInfo

    local = written.astimezone(ZoneInfo("Europe/Berlin"))
    day = f"{local:%a} {local.day} {local:%b %Y}"
    assert f"{day} {local:%H:%M:%S %Z} (" in words(history(sign_in("ann"), contact))
    assert f"{written.astimezone(UTC):%H:%M:%S} UTC)" in words(history(sign_in("ann"), contact))


def test_a_changed_field_shows_old_and_new_value_and_only_that_field(sign_in, acme):
    with schemas.inside(acme):
        contact = new_contact()
        with context.regulated_write(actor=ANN, reason="New address"):
            contact.email = "night@acme.example"
            contact.save()
        page = history(sign_in("ann"), contact)
    newest = page.content.decode().split('<li class="timeline__event">')[1]
    assert re.findall(r"<(dt|del|ins)>(.*?)</", newest.split("<details>")[0]) == [
        ("dt", "E-mail address"),
        ("del", "nora@acme.example"),
        ("ins", "night@acme.example"),
    ]
    assert (
        "Ann Admin (Tenant admin) changed the e-mail address of the contact "
        "from nora@acme.example to night@acme.example" in words(page)
    )


def test_several_changed_fields_are_all_named(sign_in, acme):
    with schemas.inside(acme):
        contact = new_contact()
        with context.regulated_write(actor=ANN, reason="New person"):
            contact.full_name, contact.email, contact.phone = "Olga", "olga@acme.example", "+49 1"
            contact.save()
    assert "changed the name, the e-mail address and the telephone of the contact" in words(
        history(sign_in("ann"), contact)
    )


@pytest.mark.req("AT-02")
def test_a_deleted_record_keeps_its_page_with_its_last_content(sign_in, acme):
    with schemas.inside(acme):
        contact = new_contact()
        key = contact.pk
        with context.regulated_write(actor=ANN, reason="Left the company"):
            contact.delete()
        contact.pk = key
    text = words(history(sign_in("ann"), contact))
    assert (
        "Ann Admin (Tenant admin) deleted the contact Reason: Left the company Kind Security contact Name Nora Night"
        in text
    )


@pytest.mark.req("AT-20")
def test_erased_people_read_erased_in_every_version(sign_in, acme):
    with schemas.inside(acme):
        contact = new_contact()
        with context.regulated_write(actor=ANN, reason="New address"):
            contact.email = "night@acme.example"
            contact.save()
        subject_keys.destroy(contact.subject_key, actor=ANN, now=NOW, reason="Art. 17 request")
    text = words(history(sign_in("ann"), contact))
    assert "changed the e-mail address of the contact from erased to erased" in text
    assert "nora" not in text.lower()
    assert "night@acme" not in text


def test_roles_are_told_in_the_history_of_the_person_who_holds_them(sign_in, acme):
    with schemas.inside(acme):
        ben = cast.person("ben")
        roles.revoke(ben, role="privacy_officer", actor=ANN, now=NOW, reason="Moved to sales")
    text = words(history(sign_in("ann"), ben))
    assert "deleted the role grant Reason: Moved to sales Person Ben Privacy Role Privacy officer" in text
    assert "casting (service) created the user" in text


def test_a_reader_without_the_childs_permission_is_not_told_of_it(sign_in, acme, monkeypatch):
    from dataclasses import replace

    from audit import presenters

    closed = replace(presenters.of("members.rolegrant"), permission="privacy.hand_over_requests")
    monkeypatch.setitem(presenters._stories, "members.rolegrant", closed)
    with schemas.inside(acme):
        ben = cast.person("ben")
    text = words(history(sign_in("ann"), ben))
    assert "created the user" in text
    assert "role grant" not in text


def test_the_request_id_is_in_the_details(sign_in, acme):
    with schemas.inside(acme), context.from_request(context.Request(id="req-12345678")):
        contact = new_contact()
    text = words(history(sign_in("ann"), contact))
    assert "Request req-12345678" in text
    assert f"Record members.contact:{contact.pk}" in text


def test_text_in_a_record_is_never_markup(sign_in, acme):
    with schemas.inside(acme):
        contact = new_contact(phone="<script>alert(1)</script>")
    content = history(sign_in("ann"), contact).content.decode()
    assert "<script>alert" not in content
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in content


@pytest.mark.parametrize(
    "path",
    [
        "/history/members.contact/00000000-0000-0000-0000-000000000000/",
        "/history/members.contact/not-an-id/",
        "/history/members.rolegrant/99999999999999999999999999/",
        "/history/members.nothing/1/",
        "/history/nonsense/1/",
        "/history/sessions.session/1/",
        "/history/audit.subjectkey/00000000-0000-0000-0000-000000000000/",
        # Lives in the public schema only: in a tenant there is no such kind.
        "/history/tenants.tenant/00000000-0000-0000-0000-000000000000/",
    ],
)
def test_an_unknown_kind_or_id_is_not_found(sign_in, acme, path):
    assert sign_in("ann").get(path).status_code == 404


def test_a_record_of_another_tenant_is_not_found(sign_in, acme, globex):
    with schemas.inside(acme):
        contact = new_contact()
    assert history(sign_in("dov"), contact).status_code == 404


def test_reading_needs_both_the_right_to_read_histories_and_the_right_to_the_record(sign_in, stranger, acme):
    with schemas.inside(acme):
        contact, user = new_contact(), cast.person("ben")
    assert history(sign_in("cay"), user).status_code == 403
    assert history(sign_in("aud"), user).status_code == 200
    # The auditor reads histories, but not of what his role may not see.
    assert history(sign_in("aud"), contact).status_code == 403
    away = history(stranger("acme.localhost"), user)
    assert (away.status_code, "next=/history/" in away.url) == (302, True)


def test_only_reading_is_offered(sign_in, acme):
    with schemas.inside(acme):
        user = cast.person("ben")
    assert sign_in("ann").post(f"/history/members.user/{user.pk}/").status_code == 405


def rename(contact, times):
    for number in range(times):
        with context.regulated_write(actor=ANN, reason=f"Rename {number}"):
            contact.full_name = f"Name {number}"
            contact.save()


def test_the_number_of_queries_does_not_grow_with_the_number_of_versions(sign_in, acme):
    client = sign_in("ann")
    counts = {}
    with schemas.inside(acme):
        contact = new_contact()
    for versions in (2, 30):
        with schemas.inside(acme):
            rename(contact, versions - contact.history.count())
        with CaptureQueriesContext(connection) as queries:
            page = history(client, contact)
        assert page.content.decode().count("timeline__event") == versions
        counts[versions] = len(queries)
    assert counts[2] == counts[30]
    assert counts[30] <= 14


def test_fifty_versions_a_page_and_the_oldest_of_a_page_still_shows_what_it_changed(sign_in, acme):
    client = sign_in("ann")
    with schemas.inside(acme):
        contact = new_contact()
        rename(contact, 60)
    first = history(client, contact)
    second = client.get(f"/history/members.contact/{contact.pk}/?page=2")
    assert first.content.decode().count("timeline__event") == 50
    assert second.content.decode().count("timeline__event") == 11
    assert "from Name 9 to Name 10" in words(first)
    assert "from Name 8 to Name 9" in words(second)
    assert "created the contact" in words(second)
    assert client.get(f"/history/members.contact/{contact.pk}/?page=abc").status_code == 200


def test_a_change_that_the_history_leaves_out_is_said_to_be_left_out(sign_in, acme):
    with schemas.inside(acme):
        ben = cast.person("ben")
        accounts.end_sessions(ben, actor=ANN, now=NOW, reason="Forgotten")
    text = words(history(sign_in("ann"), ben))
    assert "Ann Admin (Tenant admin) changed what this history does not show of the user Reason: Forgotten" in text
    assert "argon2" not in text


def test_moments_cross_midnight_with_both_days():
    from zoneinfo import ZoneInfo

    from audit.trail.presenters import moment

    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert moment(late, ZoneInfo("Europe/Berlin")).local == "Tue 3 Mar 2026 00:30:00 CET"
    assert moment(late, ZoneInfo("Europe/Berlin")).utc == "Mon 2 Mar 2026 23:30:00 UTC"
    assert moment(late + timedelta(days=120), ZoneInfo("UTC")).local == "Tue 30 Jun 2026 23:30:00 UTC"
    assert moment(late, ZoneInfo("UTC")).utc == ""


def test_people_whom_a_record_points_to_are_named(sign_in, acme):
    with schemas.inside(acme):
        user = User.objects.first()
        grant, name = user.grants.first(), user.full_name
    assert f"Person {name}" in words(history(sign_in("ann"), grant))
