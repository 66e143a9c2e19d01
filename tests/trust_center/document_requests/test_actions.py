from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from audit import context
from audit.context import current_schema
from audit.transitions import MoveRefused
from privacy.deadlines import actions as deadline_actions
from privacy.deadlines import queries as deadlines
from privacy.deadlines.states import State as Clock
from tenants import chores, schemas
from tenants.wakeups import queries as wakeups
from tests import cast
from tests.trust_center.document_requests.mailbox import (
    NOW,
    STAFF,
    WHY,
    asked,
    filing,
    fresh,
    granted,
    mails,
    newest,
    received,
    refused,
    shelf,
    token_in,
)
from trust_center.document_requests import actions, queries
from trust_center.document_requests.models import DocumentRequest, Download, Enquiry, Grant, Pass
from trust_center.document_requests.states import CONFIRM_WITHIN, KEPT_AFTER_EXPIRY, STATUS_LIVES, State
from trust_center.documents import actions as document_actions
from trust_center.documents.hashing import digest
from trust_center.documents.states import Kind

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_platform(platform):
    """Requests live in Complere's own schema."""


def only() -> DocumentRequest:
    return DocumentRequest.objects.select_related("subject_key").get()


# Sending the form


def test_a_request_waits_unseen_until_its_address_is_confirmed():
    actions.submit(filing(), nonce="n1", now=NOW)
    record = only()
    assert (record.state, record.received_at, record.due_at) == (State.AWAITING_CONFIRMATION, None, None)
    assert list(queries.queue()) == []
    assert queries.request(record.pk) is None
    assert [(mail.template, mail.to) for mail in mails()] == [("document-confirm", "ada@buyer.example")]


def test_the_first_mail_repeats_nothing_that_a_stranger_typed():
    hostile = filing(name="Visit http://evil.example", company="http://evil.example", message="http://evil.example")
    actions.submit(hostile, nonce="n1", now=NOW)
    mail = newest("document-confirm")
    assert "evil.example" not in mail.body + mail.subject


def test_what_identifies_the_person_stands_as_ciphertext_only():
    actions.submit(filing(), nonce="n1", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM trust_center_documentrequest r")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT row_to_json(r)::text FROM trust_center_historicaldocumentrequest r")
        history = cursor.fetchone()[0]
    for word in ("Ada", "buyer", "Before Friday", "Ltd"):
        assert word not in stored
        assert word not in history


def test_the_same_form_sent_twice_asks_once():
    for _ in range(2):
        actions.submit(filing(), nonce="n1", now=NOW)
    assert (DocumentRequest.objects.count(), len(mails())) == (1, 1)


def test_the_same_content_in_a_new_form_mails_again_but_stays_one_request():
    actions.submit(filing(), nonce="n1", now=NOW)
    actions.submit(filing(), nonce="n2", now=NOW)
    assert (only().asked_again, len(mails("document-confirm"))) == (1, 2)


def test_a_stranger_cannot_put_words_into_the_mouth_of_another_address():
    actions.submit(filing(name="Mallory"), nonce="n1", now=NOW)
    actions.submit(filing(name="Ada Buyer"), nonce="n2", now=NOW + timedelta(seconds=1))
    actions.confirm(token_in(newest("document-confirm")), now=NOW + timedelta(minutes=1))
    assert [(row.name, row.state) for row in queries.queue()] == [("Ada Buyer", State.RECEIVED)]


def test_a_throw_away_address_is_taken_and_marked():
    actions.submit(filing(email="x@mailinator.com"), nonce="n1", now=NOW)
    assert only().disposable_mail is True


# Confirming


@pytest.mark.req("DOC-04")
def test_confirming_receives_the_request_and_starts_the_promise():
    record = received()
    assert (record.state, record.received_at, record.clock_started_at, record.due_at) == (
        State.RECEIVED,
        NOW,
        NOW,
        DUE,
    )
    clock = deadlines.of(record).get()
    assert (clock.due_at, clock.state, clock.time_zone, clock.started_at) == (DUE, Clock.RUNNING, "Europe/Berlin", NOW)
    assert "Tuesday 24 November 2026, 17:00 CET (Europe/Berlin)" in newest("document-received").body


def test_everybody_who_may_answer_is_told_without_the_requesters_name():
    received()
    told = mails("document-request")
    assert [mail.to for mail in told] == ["leo@complere.example"]
    assert "Ada" not in told[0].body
    assert "buyer" not in told[0].body


def test_confirming_twice_changes_nothing():
    record = received()
    token = token_in(newest("document-confirm"))
    actions.confirm(token, now=NOW + timedelta(hours=1))
    assert (fresh(record).received_at, deadlines.of(record).count()) == (NOW, 1)


@pytest.mark.parametrize("late", [timedelta(days=7), timedelta(days=30)])
def test_a_confirmation_after_seven_days_is_refused(late):
    actions.submit(filing(), nonce="n1", now=NOW)
    with pytest.raises(actions.PassRefused):
        actions.confirm(token_in(newest("document-confirm")), now=NOW + late)
    assert only().state == State.AWAITING_CONFIRMATION


def test_an_unknown_token_is_refused():
    with pytest.raises(actions.PassRefused):
        actions.confirm("never-mailed", now=NOW)


def test_a_second_request_for_the_same_documents_merges_silently_into_the_open_one():
    first = received()
    second = received(nonce="n2", message="Again", kinds=("sla", "dpa"), now=NOW + timedelta(hours=1))
    assert (second.state, second.merged_into_id) == (State.MERGED, first.pk)
    assert [row.pk for row in queries.queue()] == [first.pk]
    assert (fresh(first).asked_again, fresh(first).due_at) == (1, DUE)
    assert queries.behind(token_in(newest("document-confirm")), NOW).pk == first.pk


def test_other_documents_or_an_answered_request_do_not_merge():
    shelf()
    first = received(kinds=("dpa",))
    assert received(nonce="n2", kinds=("sla",)).state == State.RECEIVED
    granted(first, Kind.DPA)
    assert received(nonce="n3", kinds=("dpa",)).state == State.RECEIVED


def test_who_never_confirms_is_erased_after_seven_days():
    actions.submit(filing(), nonce="n1", now=NOW)
    assert actions.expire_due(NOW + timedelta(days=7) - timedelta(seconds=1)) == 0
    assert actions.expire_due(NOW + timedelta(days=7)) == 1
    record = only()
    assert (record.state, record.name, record.words) == (State.EXPIRED, "erased", [])
    assert queries.held_about("ada@buyer.example") == []
    assert queries.next_expiry() is None


# Whose business day


VECTORS = [
    ("B01", "DE", "Europe/Berlin", "2026-11-23T09:15:00+00:00", "2026-11-24T16:00:00+00:00"),
    ("B02", "DE", "Europe/Berlin", "2026-11-20T15:59:00+00:00", "2026-11-23T16:00:00+00:00"),
    ("B03", "DE", "Europe/Berlin", "2026-11-20T16:00:00+00:00", "2026-11-24T16:00:00+00:00"),
    ("B04", "DE", "Europe/Berlin", "2026-11-21T08:00:00+00:00", "2026-11-24T16:00:00+00:00"),
    ("B06", "GB-ENG", "Europe/London", "2026-12-24T11:00:00+00:00", "2026-12-29T17:00:00+00:00"),
    ("B09", "DE", "Europe/Berlin", "2026-11-20T07:30:00+00:00", "2026-11-23T16:00:00+00:00"),
    ("B11", "DE", "Europe/Berlin", "2026-03-27T15:00:00+00:00", "2026-03-30T15:00:00+00:00"),
    ("B12", "SA", "Asia/Riyadh", "2026-11-19T09:00:00+00:00", "2026-11-22T14:00:00+00:00"),
]


@pytest.mark.req("DOC-01")
@pytest.mark.req("DOC-02")
@pytest.mark.req("DOC-03")
@pytest.mark.parametrize(("name", "calendar", "zone", "received_at", "due"), VECTORS, ids=[row[0] for row in VECTORS])
def test_the_serving_region_decides_the_due_instant(platform, name, calendar, zone, received_at, due):
    with context.regulated_write(actor=STAFF, reason="Serve from elsewhere"):
        platform.calendar, platform.time_zone = calendar, zone
        platform.save(update_fields=["calendar", "time_zone"])
    record = received(datetime.fromisoformat(received_at))
    assert record.due_at == datetime.fromisoformat(due)
    assert deadlines.of(record).get().due_at == datetime.fromisoformat(due)


# Asking for information


def test_the_first_question_stops_the_clock_and_the_answer_starts_a_new_one():
    record = asked(received(), NOW + timedelta(hours=2))
    assert (record.state, record.due_at) == (State.INFORMATION_ASKED, None)
    assert [clock.state for clock in deadlines.of(record)] == [Clock.SUSPENDED]
    answered_at = NOW + timedelta(days=2)
    record = actions.give_information(record, answer="The one in Kobe.", now=answered_at)
    assert (record.state, record.due_at) == (State.RECEIVED, datetime(2026, 11, 26, 16, 0, tzinfo=UTC))
    assert [clock.state for clock in deadlines.of(record)] == [Clock.ENDED, Clock.RUNNING]
    assert [mail.to for mail in mails("document-information")] == ["leo@complere.example"]


def test_a_second_question_does_not_stop_the_clock_again():
    record = actions.give_information(asked(received()), answer="Kobe.", now=NOW)
    record = asked(record, NOW + timedelta(hours=1))
    assert (record.state, record.due_at) == (State.INFORMATION_ASKED, DUE)
    assert [enquiry.stopped_clock for enquiry in queries.enquiries_of(record)] == [True, False]
    record = actions.give_information(record, answer="Line two.", now=NOW + timedelta(hours=3))
    assert (record.due_at, deadlines.open_of(record).get().due_at) == (DUE, DUE)


def test_a_question_asked_too_late_stops_nothing():
    record = asked(received(), DUE)
    assert (record.due_at, Enquiry.objects.get().stopped_clock) == (DUE, False)


def test_one_question_at_a_time_and_one_answer_to_each():
    record = asked(received())
    with pytest.raises(MoveRefused):
        asked(record)
    actions.give_information(record, answer="Kobe.", now=NOW)
    with pytest.raises(MoveRefused):
        actions.give_information(record, answer="Osaka.", now=NOW)


def test_a_question_left_unanswered_for_thirty_days_ends_the_request():
    record = asked(received())
    assert actions.expire_due(NOW + timedelta(days=30)) == 1
    record = fresh(record)
    assert (record.state, record.name, record.was_late) == (State.EXPIRED, "Ada Buyer", False)
    assert [clock.state for clock in deadlines.of(record)] == [Clock.ENDED]
    assert len(mails("document-expired")) == 1


# Answering


def test_a_grant_mails_a_personal_link_for_each_document_and_meets_the_promise():
    shelf()
    record = granted(received(), Kind.DPA, Kind.SLA, message="Enjoy.", now=NOW + timedelta(hours=1))
    assert (record.state, record.was_late, record.answer_minutes, record.due_at) == (State.GRANTED, False, 60, None)
    assert [clock.state for clock in deadlines.of(record)] == [Clock.MET]
    mail = newest("document-granted")
    assert (mail.to, mail.body.count("/documents/links/"), "Enjoy." in mail.body) == ("ada@buyer.example", 2, True)
    assert all(grant.token_hash not in mail.body for grant in Grant.objects.all())


def test_what_is_not_granted_is_named_in_the_mail():
    shelf()
    granted(received(), Kind.DPA)
    assert "Not included: Service Level Agreement." in newest("document-granted").body


def test_a_document_under_an_agreement_is_granted_only_when_it_was_checked():
    shelf()
    record = received(kinds=("questionnaire",))
    with pytest.raises(actions.RequestRefused) as refusal:
        granted(record, Kind.QUESTIONNAIRE)
    assert (refusal.value.field, fresh(record).state, Grant.objects.count()) == ("nda_checked", State.RECEIVED, 0)
    granted(record, Kind.QUESTIONNAIRE, nda_checked=True)
    assert Grant.objects.get().nda_checked_by == "Leo Legal (Legal)"


def test_only_published_versions_are_granted():
    versions = shelf(Kind.DPA)
    record = received()
    document_actions.retire(versions[Kind.DPA], actor=STAFF, now=NOW, reason="Wrong annex")
    with pytest.raises(actions.RequestRefused) as refusal:
        granted(record, Kind.DPA)
    assert refusal.value.field == "versions"


def test_a_refusal_is_an_answer_and_mails_its_reason():
    record = refused(received(), NOW + timedelta(minutes=30))
    assert (record.state, record.answer_minutes) == (State.REFUSED, 30)
    assert "Not for competitors." in newest("document-refused").body
    assert [clock.state for clock in deadlines.of(record)] == [Clock.MET]


def test_a_late_answer_needs_a_reason_and_is_recorded_as_late():
    record = received()
    with pytest.raises(actions.RequestRefused) as refusal:
        refused(record, DUE)
    assert refusal.value.field == "late_because"
    record = refused(record, DUE, late_because="Nobody was on duty")
    assert (record.was_late, record.late_because) == (True, "Nobody was on duty")


def test_an_answer_one_moment_before_the_due_instant_is_in_time():
    assert refused(received(), DUE - timedelta(microseconds=1)).was_late is False


def test_answering_twice_is_refused_and_mails_once():
    shelf()
    record = received()
    granted(record, Kind.DPA)
    with pytest.raises(MoveRefused):
        granted(record, Kind.DPA)
    with pytest.raises(MoveRefused):
        refused(record)
    assert (Grant.objects.count(), len(mails("document-granted"))) == (1, 1)


def test_a_withdrawn_request_owes_nothing():
    record = actions.withdraw(received(), now=NOW + timedelta(hours=1))
    assert (record.state, record.due_at, record.answer_minutes) == (State.WITHDRAWN, None, None)
    assert [clock.state for clock in deadlines.of(record)] == [Clock.ENDED]


def test_every_step_stands_in_the_history_with_actor_and_reason():
    shelf()
    record = granted(received(), Kind.DPA)
    told = [(row.state, row.actor_name, row.history_change_reason) for row in record.history.order_by("history_id")]
    assert (told[0], told[-1]) == (
        (State.AWAITING_CONFIRMATION, "Requester", "Asked on the public form"),
        (State.GRANTED, "Leo Legal", WHY),
    )


# Links


@pytest.fixture
def link() -> str:
    shelf()
    granted(received(), Kind.DPA)
    return token_in(newest("document-granted"))


@pytest.mark.req("DOC-05")
def test_a_download_gives_the_bytes_and_is_counted_and_logged(link):
    version, content = actions.download(link, address="192.0.2.7", now=NOW)
    assert (version.document.kind, content) == ("dpa", b"%PDF-signed-dpa")
    entry = Download.objects.select_related("subject_key").get()
    assert (entry.address, entry.at, entry.sha256) == ("192.0.2.7", NOW, digest(content))
    assert Grant.objects.get().downloads == 1


def test_an_unknown_link_is_unknown():
    with pytest.raises(actions.LinkUnknown):
        actions.download("made-up", address="", now=NOW)


@pytest.mark.req("DOC-05")
def test_a_link_ends_after_thirty_days(link):
    actions.download(link, address="", now=NOW + timedelta(days=30, seconds=-1))
    with pytest.raises(actions.LinkOver, match="expired"):
        actions.download(link, address="", now=NOW + timedelta(days=30))


def test_a_link_ends_after_ten_downloads(link):
    for _ in range(10):
        actions.download(link, address="", now=NOW)
    with pytest.raises(actions.LinkOver, match="10 times"):
        actions.download(link, address="", now=NOW)
    assert (Grant.objects.get().downloads, Download.objects.count()) == (10, 10)


def test_a_revoked_link_ends_at_once_and_is_revoked_once(link):
    given = Grant.objects.get()
    given = actions.revoke(given, actor=STAFF, now=NOW, reason="Sent to the wrong person")
    assert (given.revoked_by, given.revoked_because) == ("Leo Legal (Legal)", "Sent to the wrong person")
    with pytest.raises(actions.LinkOver, match="revoked"):
        actions.download(link, address="", now=NOW)
    with pytest.raises(MoveRefused):
        actions.revoke(given, actor=STAFF, now=NOW, reason="Once more")


def test_a_link_to_a_withdrawn_version_ends(link):
    document_actions.retire(Grant.objects.get().version, actor=STAFF, now=NOW, reason="Wrong annex")
    with pytest.raises(actions.LinkOver, match="withdrawn"):
        actions.download(link, address="", now=NOW)


# Alarms


def test_those_who_may_answer_are_told_before_the_promise_ends_and_when_it_has():
    record = received()
    rung = [
        deadline_actions.ring_due(DUE - timedelta(hours=4)),
        deadline_actions.ring_due(DUE - timedelta(hours=1)),
        deadline_actions.ring_due(DUE),
    ]
    assert rung == [1, 1, 1]
    assert (len(mails("document-due")), len(mails("document-overdue"))) == (2, 1)
    assert record.reference in newest("document-overdue").subject


def test_nobody_is_told_about_a_stopped_or_answered_request():
    asked(received())
    refused(received(nonce="n2", email="bob@buyer.example"))
    deadline_actions.ring_due(DUE)
    assert mails("document-due") + mails("document-overdue") == []


# Links that nobody needs any more


def chore():
    return next(one for one in chores.every() if one.name == "expired request links")


def test_a_mailed_link_that_expired_long_ago_is_forgotten_and_no_other():
    record = received()
    confirmed, status = sorted(Pass.objects.values_list("expires_at", flat=True))
    assert (confirmed, status) == (NOW + CONFIRM_WITHIN, NOW + STATUS_LIVES)
    assert chore().next_due() == confirmed + KEPT_AFTER_EXPIRY
    assert chore().run(confirmed + KEPT_AFTER_EXPIRY - timedelta(microseconds=1)) == 0
    assert chore().run(confirmed + KEPT_AFTER_EXPIRY) == 1
    assert queries.behind(token_in(newest("document-received")), NOW).pk == record.pk
    assert (chore().run(status + KEPT_AFTER_EXPIRY), chore().next_due()) == (1, None)


def test_whoever_mails_a_link_wakes_the_platform_to_forget_it():
    received()
    moments = [wake.due_at for wake in wakeups.of(current_schema())]
    assert NOW + STATUS_LIVES + KEPT_AFTER_EXPIRY in moments


# A tenant's members
ANN = "ann@acme.example"


@pytest.fixture
def ann(acme):
    with schemas.inside(acme):
        return cast.person("ann")


def by_member(acme, ann, nonce="t1", **changes):
    with schemas.inside(acme):
        given = filing(name="Ann Admin", email=ANN, company=acme.name, is_customer=True, **changes)
        return actions.submit_for_tenant(
            given, tenant=acme, member_id=ann.pk, role=ann.role_names, nonce=nonce, now=NOW
        )


def test_a_member_of_a_tenant_needs_no_confirmation_and_the_tenants_region_decides(acme, ann):
    record = DocumentRequest.objects.get(pk=by_member(acme, ann))
    assert (record.state, record.tenant_id, record.region, record.due_at) == (
        State.RECEIVED,
        acme.pk,
        acme.region,
        DUE,
    )
    assert [mail.to for mail in mails("document-received")] == ["ann@acme.example"]
    assert "http://localhost:8000/documents/requests/" in newest("document-received").body


def test_a_member_stands_in_the_trail_by_id_and_tenant_not_by_name(acme, ann):
    record = DocumentRequest.objects.get(pk=by_member(acme, ann))
    assert {(row.actor_name, row.history_user_id) for row in record.history.all()} == {
        ("A member of Acme Pharma", ann.pk)
    }


def test_a_members_second_request_merges_into_the_open_one(acme, ann):
    first = by_member(acme, ann)
    assert by_member(acme, ann, nonce="t2") == first
    assert by_member(acme, ann, nonce="t1") == first


def test_a_request_from_a_workspace_does_not_merge_into_one_that_the_tenant_cannot_see(acme, globex, ann):
    public = received(email=ANN)
    elsewhere = by_member(globex, ann)
    own = by_member(acme, ann, nonce="t2")
    assert len({public.pk, elsewhere, own}) == 3
    assert [row.pk for row in queries.of_tenant(acme.pk)] == [own]
    states = DocumentRequest.objects.order_by("form_nonce").values_list("state", "asked_again")
    assert list(states) == [(State.RECEIVED, 0)] * 3


def test_a_request_on_the_public_form_does_not_merge_into_one_of_a_tenant(acme, ann):
    own = by_member(acme, ann)
    public = received(email=ANN)
    assert (public.state, fresh(public).merged_into_id) == (State.RECEIVED, None)
    assert queries.behind(token_in(newest("document-confirm")), NOW).pk != own


def test_a_tenant_reads_only_its_own_requests(acme, globex, ann):
    by_member(acme, ann)
    assert (queries.of_tenant(acme.pk).count(), queries.of_tenant(globex.pk).count()) == (1, 0)


def test_a_time_zone_of_the_requester_changes_nothing():
    local = datetime(2026, 11, 23, 18, 15, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert received(local).due_at == DUE
