import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction

from audit import context
from audit.transitions import MoveRefused
from privacy.case_files import queries as case_queries
from privacy.case_files.actions import Upload
from privacy.case_files.models import RequestFile
from privacy.deadlines import actions as deadlines
from privacy.deadlines import queries as deadline_queries
from privacy.deadlines.models import Deadline
from privacy.deadlines.states import Basis, Kind
from privacy.deadlines.states import State as ClockState
from privacy.subject_requests import actions, queries
from privacy.subject_requests.actions import RequestRefused
from privacy.subject_requests.catalogue import GROUNDS, TYPES, Check, Right
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants.members.outbox import queries as outbox
from tenants.members.outbox.models import Email
from tests import cast
from tests.privacy.subject_requests.filings import (
    NOW,
    WHY,
    complete,
    delivered,
    filed,
    filing,
    in_state,
    refused,
    validated,
)

BERLIN = ZoneInfo("Europe/Berlin")


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=BERLIN)


def clocks(record) -> dict[str, Deadline]:
    return {deadline.kind: deadline for deadline in deadline_queries.of(record)}


def mails(record) -> list[tuple[str, str]]:
    return sorted((mail.to, mail.template) for mail in outbox.about(queries.subject(record.pk)))


# Filing


def test_filing_numbers_the_request_within_the_year_and_starts_its_clocks(in_acme):
    first, second = filed(), filed()
    assert (first.reference, second.reference) == ("DSR-2026-0001", "DSR-2026-0002")
    assert {kind: (d.basis, d.last_day) for kind, d in clocks(first).items()} == {
        Kind.DSR_STATUTORY: (Basis.LAW, date(2026, 4, 2)),
        Kind.DSR_ASSISTANCE: (Basis.TARGET, date(2026, 3, 12)),
    }
    assert first.due_at == clocks(first)[Kind.DSR_STATUTORY].due_at
    assert (first.filed_by, first.state) == ("Ben Privacy (Privacy officer)", State.RECEIVED)


def test_numbers_start_anew_each_local_year(in_acme):
    filed()
    # Already the new year in Berlin.
    assert filed(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)).reference == "DSR-2027-0001"


def test_personal_data_are_ciphertext_in_the_row_and_in_its_history(in_acme):
    record = filed()
    with connection.cursor() as cursor:
        for table in ("privacy_subjectrequest", "privacy_historicalsubjectrequest"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            raw = " ".join(row[0] for row in cursor.fetchall())
            assert [word for word in ("Jonas", "jonas@", "everything") if word in raw] == []
    assert (record.subject_name, record.subject_email) == ("Jonas Weber", "jonas@weber.example")


def test_the_same_form_files_once(in_acme):
    token = uuid4()
    first = actions.file(filing(), form_token=token, now=NOW, **WHY)
    assert actions.file(filing(), form_token=token, now=NOW, **WHY).pk == first.pk
    assert SubjectRequest.objects.count() == 1


@pytest.mark.req("DSR-01")
def test_of_two_receipts_the_earlier_starts_the_clock(in_acme):
    record = filed(received_first_at=NOW - timedelta(days=10))
    assert (record.received_at, record.starts_at) == (NOW, NOW - timedelta(days=10))
    assert clocks(record)[Kind.DSR_STATUTORY].last_day == date(2026, 3, 20)


@pytest.mark.parametrize("field", ["received_at", "received_first_at"])
def test_a_receipt_in_the_future_is_refused(in_acme, field):
    with pytest.raises(RequestRefused) as refusal:
        filed(**{field: NOW + timedelta(seconds=1)})
    assert refusal.value.field == field


def test_a_receipt_before_today_needs_a_reason_and_both_times_are_kept(in_acme):
    yesterday = NOW - timedelta(days=1)
    with pytest.raises(RequestRefused) as refusal:
        filed(received_at=yesterday)
    assert refusal.value.field == "late_entry_reason"
    record = filed(received_at=yesterday, late_entry_reason="The letter lay in the wrong tray")
    assert (record.received_at, record.filed_at) == (yesterday, NOW)


@pytest.mark.parametrize("year", [1990, 2017])
def test_a_receipt_before_the_law_applied_is_refused_and_leaves_nothing(in_acme, year):
    with pytest.raises(RequestRefused) as refusal:
        filed(received_at=datetime(year, 1, 1, tzinfo=UTC), late_entry_reason="Found in the archive")
    assert (refusal.value.field, SubjectRequest.objects.count()) == ("received_at", 0)


def test_a_naive_receipt_is_refused(in_acme):
    with pytest.raises(ValueError, match="no offset"):
        filed(received_at=NOW.replace(tzinfo=None))


# The two clocks, through the real action

PROMISES = [
    pytest.param(date(2025, 1, 31), date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 2), "law", id="P01"),
    pytest.param(date(2026, 3, 1), date(2026, 3, 1), date(2026, 4, 1), date(2026, 3, 31), "promise", id="P02"),
    pytest.param(date(2026, 3, 2), date(2026, 3, 20), date(2026, 4, 2), date(2026, 4, 19), "law", id="P03-late"),
    pytest.param(date(2028, 2, 1), date(2028, 2, 1), date(2028, 3, 1), date(2028, 3, 2), "law", id="P04"),
]


@pytest.mark.req("DSR-03")
@pytest.mark.req("DSR-13")
@pytest.mark.req("DSR-14")
@pytest.mark.parametrize(("received", "valid", "law", "promise", "binds"), PROMISES)
def test_validation_starts_the_promise_and_never_the_month_again(in_acme, received, valid, law, promise, binds):
    record = filed(noon(received))
    before = clocks(record)[Kind.DSR_STATUTORY]
    record = validated(record, noon(valid))
    found = clocks(record)
    assert (found[Kind.DSR_STATUTORY].last_day, found[Kind.DSR_PROMISE].last_day) == (law, promise)
    assert found[Kind.DSR_STATUTORY].due_at == before.due_at
    binding = deadline_queries.binding(found.values())
    assert (binding.basis, binding.due_at) == (binds, record.due_at)


@pytest.mark.req("DSR-13")
def test_validation_is_set_once_by_a_named_person_with_the_check_done(in_acme):
    record = validated(filed())
    assert (record.validated_at, record.validated_by, record.validation_check, record.validation_note) == (
        NOW,
        "Ben Privacy (Privacy officer)",
        Check.ADDRESS,
        "Answered from the address on file",
    )
    with pytest.raises(MoveRefused):
        validated(record, NOW + timedelta(days=1))
    assert SubjectRequest.objects.get().validated_at == NOW


@pytest.mark.req("DSR-15")
def test_the_data_package_has_a_target_on_day_ten(in_acme):
    target = clocks(filed())[Kind.DSR_ASSISTANCE]
    assert (target.basis, target.last_day) == (Basis.TARGET, date(2026, 3, 12))


@pytest.mark.req("DSR-04")
@pytest.mark.req("DSR-06")
def test_asking_for_identity_records_the_doubt_writes_to_the_person_and_moves_no_clock(in_acme):
    record = filed()
    due = record.due_at
    asked = actions.ask_identity(record, doubt="Unknown address", asked_for="Your customer number", now=NOW, **WHY)
    assert (asked.identity_asked_at, asked.identity_doubt, asked.due_at) == (NOW, "Unknown address", due)
    assert {d.state for d in clocks(asked).values()} == {ClockState.RUNNING}
    assert mails(asked) == [("jonas@weber.example", "subject-request-identity")]
    assert "Your customer number" in Email.objects.get().body


def test_a_request_is_assigned_only_to_somebody_who_may_work_on_it(in_acme):
    record, ben = filed(), cast.person("ben")
    assigned = actions.assign(record, assignee=ben, now=NOW, **WHY)
    assert (assigned.assignee, mails(record)) == (ben, [("ben@acme.example", "subject-request-assigned")])
    with pytest.raises(RequestRefused) as refusal:
        actions.assign(record, assignee=cast.person("cay"), now=NOW, **WHY)
    assert refusal.value.field == "assignee"


@pytest.mark.parametrize("state", [State.DELIVERED, State.REFUSED, State.WITHDRAWN])
def test_a_closed_request_takes_no_assignment_note_or_file(in_acme, state):
    record = in_state(state)
    by = {"actor": WHY["actor"], "now": NOW}
    with pytest.raises(MoveRefused):
        actions.assign(record, assignee=cast.person("ben"), now=NOW, **WHY)
    with pytest.raises(MoveRefused):
        actions.add_note(record, text="Too late", **by)
    with pytest.raises(MoveRefused):
        actions.add_evidence(record, upload=Upload(name="a.txt", content=b"x", description="Late proof"), **by)


# Answers


@pytest.mark.req("DSR-20")
def test_delivery_closes_the_case_meets_its_clocks_and_mails_only_a_link(in_acme):
    record = in_state(State.IN_PROGRESS)
    upload = Upload(name="data.json", content=b'{"name": "Jonas"}')
    done = delivered(record, NOW + timedelta(days=5), files=[upload])
    assert {d.state for d in clocks(done).values()} == {ClockState.MET}
    assert (done.closed_at, done.answer) == (NOW + timedelta(days=5), "Here is everything.")
    [file] = case_queries.files_of(done)
    assert (file.purpose, case_queries.contents(file)) == ("answer", b'{"name": "Jonas"}')
    mail = Email.objects.get(template="subject-request-answered")
    assert mail.to == "jonas@weber.example"
    assert ("http://acme.localhost:8000/data-request/follow/" in mail.body, "Here is everything" in mail.body) == (
        True,
        False,
    )


@pytest.mark.req("DSR-30")
@pytest.mark.parametrize("right", Right)
def test_an_answer_that_leaves_out_any_part_is_refused(in_acme, right):
    record = in_state(State.IN_PROGRESS, right=right)
    for item in TYPES[right].items:
        parts = {key: why for key, why in complete(record).items() if key != item.key}
        with pytest.raises(RequestRefused) as refusal:
            delivered(record, checklist=parts)
        assert (refusal.value.field, item.label in str(refusal.value)) == ("checklist", True)
    assert delivered(record).state == State.DELIVERED


@pytest.mark.req("DSR-30")
def test_the_checklist_keeps_the_reason_of_what_does_not_apply(in_acme):
    record = in_state(State.IN_PROGRESS)
    done = delivered(record, checklist=complete(record) | {"h": "No automated decisions are made"})
    assert json.loads(done.checklist)["h"] == "No automated decisions are made"


def test_an_access_request_asks_for_every_item_of_article_15():
    assert [item.key for item in TYPES[Right.ACCESS].items] == ["copy", *"abcdefgh", "transfers"]


@pytest.mark.req("DSR-09")
@pytest.mark.parametrize("part", ["reasons", "complaint", "remedy"])
def test_a_refusal_without_one_of_its_three_parts_cannot_be_sent(in_acme, part):
    record = filed()
    with pytest.raises(RequestRefused) as refusal:
        refused(record, **{part: "  "})
    assert (refusal.value.field, SubjectRequest.objects.get().state) == (part, State.RECEIVED)


@pytest.mark.req("DSR-10")
@pytest.mark.parametrize("ground", [key for key, ground in GROUNDS.items() if ground.needs_evidence])
def test_a_ground_whose_proof_is_the_controllers_needs_evidence(in_acme, ground):
    record = filed()
    with pytest.raises(RequestRefused) as refusal:
        refused(record, ground=ground)
    assert refusal.value.field == "evidence"
    assert refused(record, ground=ground, evidence="Five letters a week").state == State.REFUSED


@pytest.mark.parametrize("ground", ["accurate", "legal_duty", "nonsense", ""])
def test_a_ground_that_the_law_does_not_know_for_this_type_is_refused(in_acme, ground):
    with pytest.raises(RequestRefused) as refusal:
        refused(filed(), ground=ground)
    assert refusal.value.field == "ground"


def test_a_refusal_meets_the_statutory_clock_and_writes_to_the_person(in_acme):
    record = refused(filed(), NOW + timedelta(days=2))
    assert clocks(record)[Kind.DSR_STATUTORY].met_at == NOW + timedelta(days=2)
    assert mails(record) == [("jonas@weber.example", "subject-request-answered")]


def test_a_withdrawal_ends_the_clocks_without_meeting_them(in_acme):
    record = actions.withdraw(filed(), now=NOW, **WHY)
    assert {(d.state, d.met_at) for d in clocks(record).values()} == {(ClockState.ENDED, None)}


def test_without_an_address_nothing_is_mailed_and_the_answer_still_stands(in_acme):
    done = delivered(in_state(State.IN_PROGRESS, subject_email=""))
    assert (done.state, mails(done)) == (State.DELIVERED, [])


def test_every_move_keeps_actor_reason_and_version(in_acme):
    record = in_state(State.DELIVERED)
    told = [(row.state, row.who, row.history_change_reason) for row in record.history.order_by("history_id")]
    assert told == [
        (s, "Ben Privacy", "A test of the case")
        for s in ("received", "validated", "in_progress", "in_progress", "delivered")
    ]


@pytest.mark.parametrize("reason", ["", "   ", "x", "n/a"])
def test_a_reason_that_says_nothing_is_refused(in_acme, reason):
    record = in_state(State.VALIDATED)
    with pytest.raises(context.ReasonRefused):
        actions.begin(record, actor=WHY["actor"], now=NOW, reason=reason)
    assert SubjectRequest.objects.get().state == State.VALIDATED


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "nowhere"}, "subject_request_state_is_known"),
        ({"right": "privacy"}, "subject_request_right_is_known"),
        ({"received_at": NOW + timedelta(days=1)}, "subject_request_not_filed_before_it_was_received"),
        ({"validated_at": NOW}, "subject_request_validated_at_by_and_check_together"),
        ({"state": State.VALIDATED}, "subject_request_is_worked_only_once_validated"),
        ({"closed_at": NOW}, "subject_request_closed_with_who_and_when"),
        (
            {"state": State.REFUSED, "closed_at": NOW, "closed_by": "Ben"},
            "becomes refused by a signature over version 1",
        ),
        ({"handed_over_at": NOW}, "subject_request_forwarded_with_proof"),
    ],
)
def test_the_database_refuses_what_no_action_would_write(in_acme, changes, constraint):
    record = filed()
    for name, value in changes.items():
        setattr(record, name, value)
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic(), context.regulated_write(**WHY):
        record.save()


# Files and notes


def test_evidence_is_sealed_and_added_once_for_each_form(in_acme):
    record, token = filed(), uuid4()
    upload = Upload(name="letter.pdf", content=b"%PDF-1.7 secret", description="The letter")
    for _ in range(2):
        actions.add_evidence(record, upload=upload, form_token=token, actor=WHY["actor"], now=NOW)
    [file] = case_queries.files_of(record)
    assert (file.name, file.size, case_queries.contents(file)) == ("letter.pdf", 15, b"%PDF-1.7 secret")
    assert b"secret" not in bytes(file.content)


def test_what_a_file_is_said_to_show_stands_in_no_reason(in_acme):
    upload = Upload(name="letter.pdf", content=b"%PDF-1.7", description="Passport of Jonas Weber")
    actions.add_evidence(filed(), upload=upload, actor=WHY["actor"], now=NOW)
    [version] = RequestFile.objects.get().history.all()
    assert version.history_change_reason == "Evidence was added"


def test_a_request_and_the_letter_it_came_with_are_filed_together_or_not_at_all(in_acme, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("disk full")

    monkeypatch.setattr(actions.case_files, "attach", fail)
    letter = Upload(name="letter.txt", content=b"Dear Acme")
    with pytest.raises(RuntimeError, match="disk full"):
        actions.file(filing(), evidence=letter, form_token=uuid4(), now=NOW, **WHY)
    assert SubjectRequest.objects.count() == 0


def test_a_form_sent_again_adds_the_letter_that_is_still_missing_and_only_once(in_acme):
    token, letter = uuid4(), Upload(name="letter.txt", content=b"Dear Acme")
    first = actions.file(filing(), form_token=token, now=NOW, **WHY)
    for _ in range(2):
        assert actions.file(filing(), evidence=letter, form_token=token, now=NOW, **WHY).pk == first.pk
    assert [file.name for file in case_queries.files_of(first)] == ["letter.txt"]


def test_a_form_sent_again_after_the_case_was_closed_leads_to_it(in_acme):
    token, letter = uuid4(), Upload(name="letter.txt", content=b"Dear Acme")
    first = actions.file(filing(), evidence=letter, form_token=token, now=NOW, **WHY)
    actions.withdraw(first, now=NOW, **WHY)
    assert actions.file(filing(), evidence=letter, form_token=token, now=NOW, **WHY).pk == first.pk


def test_a_note_is_written_once_for_each_form(in_acme):
    record, token = filed(), uuid4()
    for _ in range(2):
        actions.add_note(record, text="Called back", form_token=token, actor=WHY["actor"], now=NOW)
    assert [note.text for note in case_queries.notes_of(record)] == ["Called back"]


# Bells


def rung(record, at: datetime) -> list[tuple[str, str]]:
    Email.objects.all().delete()
    deadlines.ring_due(at)
    return mails(record)


WORKERS = ["ann@acme.example", "ben@acme.example"]


def test_reminders_go_out_seven_days_before_one_day_before_and_on_the_day_and_when_it_is_over(in_acme):
    record = filed()
    target = date(2026, 3, 12)
    told = {
        day: [template for _, template in rung(record, noon(day))]
        for day in (target + timedelta(days=n) for n in range(40))
    }
    assert {day: set(templates) for day, templates in told.items() if templates} == {
        target: {"subject-request-reminder"},
        date(2026, 3, 13): {"subject-request-overdue"},
        date(2026, 3, 26): {"subject-request-reminder"},
        date(2026, 4, 1): {"subject-request-reminder"},
        date(2026, 4, 2): {"subject-request-reminder"},
        date(2026, 4, 3): {"subject-request-overdue"},
    }


def test_an_alarm_mails_everybody_who_may_work_until_somebody_is_assigned(in_acme):
    record = filed()
    assert rung(record, noon(date(2026, 3, 12))) == [(to, "subject-request-reminder") for to in WORKERS]
    rung(record, noon(date(2026, 3, 26)))
    actions.assign(record, assignee=cast.person("ben"), now=NOW, **WHY)
    assert [to for to, _ in rung(record, noon(date(2026, 4, 1)))] == ["ben@acme.example"]


def test_only_the_clock_that_binds_reminds(in_acme):
    # P01: law on 28 February, promise on 2 March.
    record = validated(filed(noon(date(2025, 1, 31))), noon(date(2025, 1, 31)))
    rung(record, noon(date(2025, 2, 20)))
    assert {template for _, template in rung(record, noon(date(2025, 2, 21)))} == {"subject-request-reminder"}
    assert rung(record, noon(date(2025, 2, 23))) == []


def test_a_request_that_was_answered_rings_no_more(in_acme):
    record = delivered(in_state(State.IN_PROGRESS))
    assert rung(record, NOW + timedelta(days=60)) == []


def test_mails_to_staff_name_no_person(in_acme):
    record = filed()
    rung(record, noon(date(2026, 4, 3)))
    said = [mail.subject + mail.body for mail in Email.objects.all()]
    assert [text for text in said if "Jonas" in text or "weber" in text] == []
    assert all(f"http://acme.localhost:8000/requests/{record.pk}/" in text for text in said)


def test_parts_given_in_the_catalogue_are_whole():
    assert set(TYPES) == set(Right)
    assert [t.right for t in TYPES.values() if len({item.key for item in t.items}) != len(t.items)] == []
