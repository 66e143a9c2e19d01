"""Inside: what a visitor of Complere's staff sees, and the walls around them."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from audit import context
from audit.ledger.models import Access, Event
from audit.ledger.queries import events_of
from audit.signatures.actions import SignatureRefused, sign
from audit.signatures.catalogue import Meaning
from audit.signatures.models import Signature
from privacy.incidents.models import Incident
from privacy.subject_requests.states import State as RequestState
from tenants import schemas
from tenants.break_glass import actions as entries
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tenants.members import visits
from tenants.members.access import may
from tenants.members.accounts.models import User
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.sessions.models import Session
from tenants.members.staff_entries import actions, catalogue, queries
from tenants.members.staff_entries.models import StaffEntry
from tests import cast
from tests.privacy.incidents.test_views import logging
from tests.privacy.subject_requests.filings import in_state
from tests.staff_visits import WHY, WRITES, approved, fresh, inside, mails, said, staff, ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ASVS-8.4.2")]


def door(token: str) -> str:
    return f"/staff/enter/{token}/"


def at(tenant) -> Client:
    return Client(headers={"host": tenant.host})


def is_out(client: Client) -> bool:
    answer = client.get("/people/")
    return answer.status_code == 302 and urlsplit(answer["Location"]).path == "/sign-in/"


def test_a_visitor_sees_what_an_auditor_sees_under_a_banner_on_every_page(acme):
    client, _ = inside(acme)
    for path in ("/", "/people/", "/requests/", "/incidents/", "/trail/", "/access/staff/"):
        page = client.get(path)
        assert page.status_code == 200, path
        shown = page.content.decode()
        for words in ("Visit of Complere's staff", "Suki Support", WHY, "SUP-2041", "read only", "Leave"):
            assert words in shown, (path, words)
    for path in ("/nothing-here/", "/account/", "/contacts/"):
        assert "Visit of Complere's staff" in client.get(path).content.decode(), path


def test_nobody_else_sees_a_banner(acme, sign_in):
    approved(acme)
    assert "Visit of Complere's staff" not in sign_in("ann").get("/").content.decode()


def test_opening_the_link_uses_nothing_up_and_the_button_enters_once(acme):
    token = ticket(approved(acme))
    assert at(acme).get(door(token)).status_code == 200
    assert "Suki Support" in at(acme).get(door(token)).content.decode()
    first = at(acme)
    assert first.post(door(token)).status_code == 302
    second = at(acme).post(door(token))
    assert (second.status_code, "used already" in second.content.decode()) == (410, True)
    assert first.get("/people/").status_code == 200


@pytest.mark.parametrize("seconds", [61, 3600])
def test_a_late_way_in_is_closed(acme, monkeypatch, seconds):
    import time

    token, then = ticket(approved(acme)), time.time()
    monkeypatch.setattr(time, "time", lambda: then + seconds)
    assert at(acme).get(door(token)).status_code == 410
    assert at(acme).post(door(token)).status_code == 410


def test_the_row_behind_a_way_in_is_late_by_itself(acme):
    entry = approved(acme)
    now = timezone.now()
    token = ticket(entry, now=now - timedelta(seconds=61))
    assert at(acme).post(door(token)).status_code == 410


def test_a_way_into_one_tenant_opens_no_other(acme, globex):
    token = ticket(approved(acme))
    assert at(globex).get(door(token)).status_code == 410
    assert at(globex).post(door(token)).status_code == 410
    # And what opened Acme is no session at Globex.
    client = at(acme)
    assert client.post(door(token)).status_code == 302
    stranger = Client(headers={"host": globex.host})
    stranger.cookies = client.cookies
    assert stranger.get("/people/").status_code == 302


@pytest.mark.parametrize("token", ["x", "a:b:c", "..", "%00", "é", "x" * 5000])
def test_no_made_up_way_in_opens_or_breaks_anything(acme, token):
    assert at(acme).get(door(token)).status_code in (400, 404, 410)
    assert at(acme).post(door(token)).status_code in (400, 404, 410)


@pytest.mark.req("ASVS-2.4.1")
def test_tickets_are_not_tried_without_end(acme):
    answers = [at(acme).post(door("made-up")).status_code for _ in range(catalogue.TICKETS_PER_ADDRESS + 1)]
    assert answers == [410] * catalogue.TICKETS_PER_ADDRESS + [429]


def test_the_session_ends_with_the_entry_and_is_nobody_s_of_the_tenant(acme):
    _, entry = inside(acme, minutes=5)
    with schemas.inside(acme):
        (row,) = Session.objects.exclude(entry_id=None)
        assert (row.entry_id, row.method, row.expire_date) == (entry.pk, "staff", entry.ends_at)
        assert not User.objects.filter(pk=row.user_id).exists()
        assert StaffEntry.objects.get().entered_at is not None


def test_time_shows_a_visitor_out_with_the_next_page(acme):
    client, entry = inside(acme)
    with schemas.inside(acme):
        # As if the minutes had passed: the session itself would live on.
        with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
            kept = StaffEntry.objects.get(pk=entry.pk)
            kept.ends_at = timezone.now() - timedelta(seconds=1)
            kept.save(update_fields=["ends_at"])
        assert Session.objects.filter(entry_id=entry.pk).exists()
    assert is_out(client)


def test_the_tenant_shows_a_visitor_out_at_once(acme, sign_in):
    client, entry = inside(acme)
    ann = sign_in("ann")
    assert "End this visit now" in ann.get(f"/access/staff/{entry.pk}/").content.decode()
    answer = ann.post(f"/access/staff/{entry.pk}/end/", {"reason": "We did not order this"})
    assert answer.status_code == 302
    assert is_out(client)
    entry = fresh(entry)
    assert (entry.state, entry.ended_because) == (State.ENDED, "Ended by the workspace")
    with pytest.raises(entries.EntryRefused):
        ticket(entry)
    # Complere's trail knows that the tenant ended it, and none of the tenant's people.
    with schemas.on_platform():
        last = events_of("tenants_entryrequest", str(entry.pk)).last().payload
    assert "people of the tenant" in last
    assert "Ann Admin" not in last
    with schemas.inside(acme):
        assert StaffEntry.objects.get().ended_by == "Ann Admin"
        assert mails("staff-entry-ended") == ["ann@acme.example"]
    assert ann.post(f"/access/staff/{entry.pk}/end/", {"reason": "Once more"}).status_code == 409


@pytest.mark.parametrize("key", ["ben", "sid", "aud", "cay"])
def test_only_who_manages_access_ends_a_visit(acme, sign_in, key):
    _, entry = inside(acme)
    assert sign_in(key).post(f"/access/staff/{entry.pk}/end/", {"reason": WHY}).status_code == 403


def test_leaving_ends_the_visit_and_tells_what_was_done(acme):
    client, entry = inside(acme)
    client.get("/people/")
    client.get("/requests/")
    answer = client.post("/staff/leave/")
    assert (answer.status_code, answer["Clear-Site-Data"]) == (200, '"cache", "storage"')
    assert is_out(client)
    entry = fresh(entry)
    assert (entry.state, entry.ended_because) == (State.ENDED, "Left by the visitor")
    with schemas.inside(acme):
        body = Email.objects.select_related("subject_key").get(template="staff-entry-ended").body
    assert "Pages opened: 2" in body
    assert "Changes of records: 0" in body


def test_signing_out_closes_the_browser_only(acme):
    client, entry = inside(acme)
    assert client.post("/sign-out/").status_code == 302
    assert is_out(client)
    entry = fresh(entry)
    assert entry.state == State.APPROVED
    assert at(acme).post(door(ticket(entry))).status_code == 302


def test_who_is_no_visitor_has_nothing_to_leave(acme, sign_in):
    assert sign_in("ann").post("/staff/leave/").status_code == 404


@pytest.mark.parametrize("loses", ["account", "role"])
def test_who_loses_account_or_role_at_complere_is_out(acme, loses):
    client, _ = inside(acme)
    by = said("pat", timezone.now())
    with schemas.on_platform():
        if loses == "account":
            roles.deactivate(staff("sup"), **by)
        else:
            roles.change_roles(staff("sup"), roles=["trust_editor"], **by)
    assert is_out(client)


def test_a_member_s_session_in_the_same_browser_does_not_go_on(acme, sign_in):
    ann = sign_in("ann")
    before = ann.session.session_key
    assert ann.post(door(ticket(approved(acme)))).status_code == 302
    assert ann.session.session_key != before
    with schemas.inside(acme):
        assert not Session.objects.filter(session_key=before).exists()
    assert ann.get("/access/").status_code == 403


# --- The three walls of a visit that only reads ----------------------------------------------------


def test_first_wall_the_permissions_are_an_auditor_s_without_export():
    assert sorted(catalogue.READS) == [
        "audit.view_history",
        "members.view_people",
        "privacy.view_incidents",
        "privacy.view_requests",
    ]


def test_second_wall_nothing_is_sent(acme):
    client, entry = inside(acme)
    for path in ("/incidents/log/", "/data-request/", "/people/invite/", "/sign-in/", "/password-reset/", "/account/"):
        for verb in ("post", "put", "patch", "delete"):
            answer = getattr(client, verb)(path, {})
            assert answer.status_code == 403, (verb, path)
    with schemas.inside(acme):
        refused = Access.objects.filter(kind="refused", records__contains=[queries.reference(entry.pk)])
        assert refused.count() == 24
        assert refused.first().detail == visits.ONLY_READS


def test_third_wall_the_database_lets_nothing_be_written(acme, monkeypatch):
    """With the two walls before it taken away, by a view that writes on a GET."""
    from tenants.members.roles import views as people

    client, entry = inside(acme)
    before = snapshot(acme)

    def writes(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            Email.objects.all().delete()
        return HttpResponse("written")

    served(monkeypatch, people, may("members.view_people")(writes))
    answer = client.get("/people/")
    assert (answer.status_code, visits.ONLY_READS in answer.content.decode()) == (403, True)
    assert snapshot(acme) == before
    # The connection is as it was: whoever comes next may write.
    assert client.get("/requests/").status_code == 200
    assert client.post("/staff/leave/").status_code == 200
    with schemas.inside(acme):
        named = Access.objects.filter(kind="refused", records__contains=[queries.reference(entry.pk)])
        assert [row.detail for row in named] == [visits.ONLY_READS]


def test_third_wall_cannot_be_opened_from_within(acme, monkeypatch):
    from tenants.members.roles import views as people

    client, _ = inside(acme)
    tried = []

    def opens(request: HttpRequest) -> HttpResponse:
        for words in ("SET TRANSACTION READ WRITE", "SET transaction_read_only = off"):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(words)
            except DatabaseError as refused:
                tried.append(refused.__cause__.sqlstate)
        return HttpResponse("tried")

    served(monkeypatch, people, may("members.view_people")(opens))
    assert client.get("/people/").status_code == 200
    assert tried == ["25001", "25001"]


def served(monkeypatch, module, view) -> None:
    """Another view at the address of the list of people."""
    from django.urls import get_resolver

    for pattern in get_resolver("complere.urls.tenant").url_patterns:
        for entry in _patterns(pattern):
            if entry.name == "people":
                monkeypatch.setattr(entry, "callback", view)


def _patterns(entry):
    if not hasattr(entry, "url_patterns"):
        return [entry]
    return [found for inner in entry.url_patterns for found in _patterns(inner)]


def snapshot(tenant) -> tuple[int, int]:
    with schemas.inside(tenant):
        return Email.objects.count(), Event.objects.count()


# --- With writing ----------------------------------------------------------------------------------


def test_a_visit_with_writing_writes_under_its_own_name(acme, sign_in):
    client, entry = inside(acme, **WRITES)
    assert client.post("/incidents/log/", logging()).status_code == 302
    with schemas.inside(acme):
        incident = Incident.objects.get()
        assert incident.logged_by == "Suki Support (Complere staff, may write)"
        (event,) = events_of("privacy_incident", str(incident.pk))
        assert event.document["actor"]["name"] == "Suki Support"
        assert event.document["auth"]["method"] == queries.reference(entry.pk)
    shown = sign_in("ann").get(f"/access/staff/{entry.pk}/").content.decode()
    assert "Created: <a" in shown
    assert str(incident.pk) in shown
    client.post("/staff/leave/")
    with schemas.inside(acme):
        body = Email.objects.select_related("subject_key").get(template="staff-entry-ended").body
        traces = queries.traces(StaffEntry.objects.get())
    # The incident and the key of its people.
    assert f"Changes of records: {len(traces.writes)}" in body
    assert "privacy_incident" in {event.obj for event in traces.writes}


def test_the_permissions_of_a_visit_with_writing_are_written_down():
    assert sorted(catalogue.WRITES) == [
        "audit.view_history",
        "members.view_people",
        "privacy.file_requests",
        "privacy.log_incidents",
        "privacy.view_incidents",
        "privacy.view_requests",
        "privacy.work_incidents",
        "privacy.work_requests",
    ]


ELSEWHERE = ("/account/", "/account/sessions/", "/account/signing/", "/access/", "/contacts/", "/access/tokens/")


@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_visit_opens_accounts_or_access(acme, path):
    client, _ = inside(acme, **WRITES)
    assert client.get(path).status_code == 403
    assert client.post(path, {}).status_code == 403


@pytest.mark.req("P11-100a")
def test_a_visitor_can_never_sign_however_much_they_may_write(acme):
    """With writing allowed, and two fresh components in the hand of somebody who does sign at Complere."""
    _, entry = inside(acme, by="sam", **WRITES)
    with schemas.inside(acme):
        visitor = queries.visitor(entry.pk)
        record, now = in_state(RequestState.VALIDATED), timezone.now()
        assert visitor.actor.key_id is not None
        assert (visitor.actor.home, visitor.actor.kind, visitor.has_perm("members.sign")) == ("public", "human", False)
        signing = cast.signing(now, Meaning.RESPONSIBILITY)
        write = context.regulated_write(actor=visitor.actor, reason=WHY)
        with pytest.raises(SignatureRefused, match="account of their own here"), write:
            sign(record, was=record.state, to=RequestState.REFUSED, signing=signing, actor=visitor.actor, now=now)


@pytest.mark.req("P11-100a")
def test_the_page_of_a_signed_step_opens_for_a_visitor_and_takes_no_signature(acme):
    client, _ = inside(acme, by="sam", **WRITES)
    with schemas.inside(acme):
        record = in_state(RequestState.VALIDATED)
    path = f"/requests/{record.pk}/refuse/"
    assert client.get(path).status_code == 200
    with schemas.on_platform():
        code = cast.code_of(cast.person("sam"), timezone.now())
    facts = {"ground": "not_ours", "why": WHY, "reason": WHY, "password": cast.PASSWORD, "code": code}
    assert client.post(path, facts).status_code == 422
    with schemas.inside(acme):
        record.refresh_from_db()
        assert (record.state, Signature.objects.count()) == (RequestState.VALIDATED, 0)


# --- Both trails -----------------------------------------------------------------------------------


def test_each_page_is_in_the_access_log_of_both(acme):
    client, entry = inside(acme)
    for path in ("/people/", "/requests/", "/incidents/"):
        client.get(path)
    told = queries.reference(entry.pk)
    with schemas.inside(acme):
        here = list(Access.objects.filter(records__contains=[told]).order_by("id"))
    with schemas.on_platform():
        there = list(Access.objects.filter(records__contains=[told]).order_by("id"))
    assert [row.what for row in here] == ["GET people", "GET subject-requests", "GET incidents"]
    assert [row.what for row in there] == [row.what for row in here]
    assert {row.actor["id"] for row in (*here, *there)} == {str(entry.visitor_id)}
    assert {row.actor["name"] for row in here} == {"Suki Support"}
    assert {row.actor["role"] for row in here} == {catalogue.READ_ONLY}
    # At home the name is sealed under the person's own key, as everywhere in that trail.
    assert {row.actor["key"] for row in there} == {str(staff("sup").subject_key_id)}


def test_the_tenant_reads_what_was_opened_and_refused(acme, sign_in):
    client, entry = inside(acme)
    client.get("/people/")
    client.get("/contacts/")
    ann = sign_in("ann")
    listed = ann.get("/access/staff/").content.decode()
    assert "Suki Support" in listed
    assert "Is inside" in listed
    shown = ann.get(f"/access/staff/{entry.pk}/").content.decode()
    for words in (WHY, "SUP-2041", "Pat Platform", "Opened: People", "Was refused: Contacts", "Nothing was changed"):
        assert words in shown, words
    assert ann.get(f"/history/members.staffentry/{entry.pk}/").status_code == 200
    assert "opened a page on a visit" in ann.get("/trail/access/").content.decode()


def test_before_any_visit_the_list_is_empty(acme, sign_in):
    assert "Nobody of Complere has been in here" in sign_in("ann").get("/access/staff/").content.decode()


def test_no_tenant_reads_of_a_visit_to_another(acme, globex, sign_in):
    _, entry = inside(acme)
    dov = sign_in("dov")
    assert "Suki Support" not in dov.get("/access/staff/").content.decode()
    assert dov.get(f"/access/staff/{entry.pk}/").status_code == 404
    assert dov.post(f"/access/staff/{entry.pk}/end/", {"reason": WHY}).status_code == 404
    with schemas.inside(globex):
        assert (StaffEntry.objects.count(), mails("staff-entry-approved")) == (0, [])
        assert not Access.objects.filter(records__contains=[queries.reference(entry.pk)]).exists()
    with schemas.on_platform():
        assert EntryRequest.objects.get().tenant_id == acme.pk


def test_nobody_signs_in_by_the_backend_of_visitors(acme):
    from django.contrib.auth import authenticate

    from tenants.members.backends import VisitorBackend

    with schemas.inside(acme):
        assert VisitorBackend().authenticate(None, email="sup@complere.example", password=cast.PASSWORD) is None
        assert authenticate(email="sup@complere.example", password=cast.PASSWORD) is None
        # The id of somebody with an account is no entry.
        assert VisitorBackend().get_user(cast.person("ann").pk) is None


def test_an_entry_that_has_ended_lets_nobody_in(acme):
    entry = approved(acme)
    token = ticket(entry)
    entries.give_back(entry, **said("sup", timezone.now()))
    assert at(acme).get(door(token)).status_code == 410
    assert at(acme).post(door(token)).status_code == 410
    with schemas.inside(acme):
        assert queries.visitor(entry.pk) is None
        with pytest.raises(actions.EntryOver):
            actions.ticket(entry.pk, now=timezone.now())


@pytest.mark.req("ASVS-7.4.1")
def test_a_visit_ends_when_its_visitor_is_signed_out_everywhere_in_the_console(acme):
    from tenants.members.accounts import actions as accounts

    client, _ = inside(acme)
    assert client.get("/people/").status_code == 200
    with schemas.on_platform():
        accounts.sign_out_everywhere(cast.person("sup"), now=timezone.now())
    assert is_out(client)
