from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.subject_keys import actions as subject_keys
from privacy.case_files import queries as case_queries
from privacy.case_files.actions import Upload
from privacy.subject_requests import actions
from privacy.subject_requests.catalogue import Right
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants import schemas
from tests import cast, signing_desk
from tests.privacy.subject_requests.filings import WHY, complete, filed, in_state

NASTY = [
    "Zoë 👩🏽‍🔬 Müller",
    "<script>alert(1)</script>",
    "'; DROP TABLE privacy_subjectrequest; --",
    "{{ 7|add:7 }} {% now 'Y' %}",
    "\u202eevil",
]


@pytest.fixture
def case(acme) -> SubjectRequest:
    with schemas.inside(acme):
        return filed(timezone.now())


def given(**changes: object) -> dict[str, object]:
    now = timezone.now()
    values = {
        "form_token": str(uuid4()),
        "right": "access",
        "subject_name": "Jonas Weber",
        "subject_email": "jonas@weber.example",
        "relation": "customer",
        "identifiers": "",
        "details": "Everything, please",
        "channel": "email",
        "received_at_0": f"{now:%Y-%m-%d}",
        "received_at_1": "00:00",
        "late_entry_reason": "The clock may stand before midnight",
    }
    return values | changes


def at(name: str, record: SubjectRequest) -> str:
    prefix = "" if name in {"subject-request", "subject-requests"} else f"{name}/"
    return f"/requests/{record.pk}/{prefix}"


# Who may


@pytest.mark.parametrize(
    ("who", "views", "files", "works"),
    [
        ("ann", 200, 200, 200),
        ("ben", 200, 200, 200),
        ("cay", 200, 200, 403),
        ("aud", 200, 403, 403),
        ("sid", 403, 403, 403),
    ],
)
def test_each_role_sees_files_and_works_as_the_catalogue_says(sign_in, case, who, views, files, works):
    browser = sign_in(who)
    assert [browser.get(url).status_code for url in ("/requests/", at("subject-request", case))] == [views, views]
    assert browser.get("/requests/new/").status_code == files
    for step in ("validate", "identity", "refuse", "withdraw", "assign", "note", "evidence"):
        assert browser.get(at(step, case)).status_code == works, step
        assert browser.post(at(step, case), {}).status_code == (works if works == 403 else 422), step


def test_a_stranger_is_led_to_the_sign_in_page(stranger, case):
    answer = stranger("acme.localhost").get(at("subject-request", case))
    assert (answer.status_code, answer["Location"].startswith(reverse("sign-in"))) == (302, True)


def test_an_outsider_finds_no_request_of_another_tenant(sign_in, case):
    dov = sign_in("dov")
    urls = [
        at(name, case) for name in ("subject-request", "validate", "begin", "deliver", "refuse", "note", "evidence")
    ]
    assert [dov.get(url).status_code for url in urls] == [404] * len(urls)
    assert [dov.post(url, {"reason": "Let me in"}).status_code for url in urls[1:]] == [404] * (len(urls) - 1)


def test_the_console_has_the_same_pages_and_none_of_a_tenants_requests(sign_in, case):
    leo = sign_in("leo")
    assert leo.get("/console/requests/").status_code == 200
    assert leo.get(f"/console/requests/{case.pk}/").status_code == 404


# The list


def test_the_list_says_so_when_it_is_empty(sign_in, acme):
    page = sign_in("ben").get("/requests/").content.decode()
    assert "No request is open" in page


def test_a_list_costs_the_same_queries_at_one_and_at_thirty_rows(sign_in, acme):
    browser, counts = sign_in("ben"), []
    for rows in (1, 29):
        with schemas.inside(acme):
            for _ in range(rows):
                filed(timezone.now())
        browser.get("/requests/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = browser.get("/requests/")
        counts.append(len(queries))
        assert page.status_code == 200
    assert (counts[0] == counts[1], counts[1] <= 12) == (True, True), counts
    assert "1 to 25 of 30 requests" in page.content.decode()


def references(browser, query: str) -> list[str]:
    answer = browser.get(f"/requests/?{query}")
    assert answer.status_code == 200
    return [row.reference for row in answer.context["rows"]]


def test_filters_and_search_find_exactly_what_they_name(sign_in, acme):
    now = timezone.now()
    with schemas.inside(acme):
        late = filed(now - timedelta(days=60))
        soon = filed(now - timedelta(days=27), right=Right.ERASURE, subject_name="Zoë de Müller-Lang")
        new = filed(now, subject_email="other@example.org", subject_name="Ada Byron")
        actions.assign(new, assignee=cast.person("ben"), now=now, **WHY)
        done = actions.withdraw(filed(now), now=now, **WHY)
        ben = cast.person("ben").pk
    late, soon, new, done = (r.reference for r in (late, soon, new, done))
    browser = sign_in("ben")
    assert references(browser, "") == [late, soon, new]
    assert references(browser, "sort=-due") == [new, soon, late]
    assert references(browser, "state=withdrawn") == [done]
    assert references(browser, "state=all&right=erasure") == [soon]
    assert references(browser, "due=overdue") == [late]
    assert references(browser, "due=week") == [soon]
    assert references(browser, f"assignee={ben}") == [new]
    assert references(browser, "assignee=nobody") == [late, soon]
    assert references(browser, "words=OTHER@example.org ") == [new]
    assert references(browser, "words=other@example") == []
    assert references(browser, f"words={new.lower()}") == [new]
    assert references(browser, "words=müller-lang ZOË") == [soon]
    assert references(browser, "words=mül") == []


@pytest.mark.parametrize("value", ["", "x" * 5000, "%00", "-1", "' OR 1=1", "🦆", "../../etc"])
@pytest.mark.parametrize("name", ["words", "state", "right", "assignee", "due", "sort", "page"])
def test_no_filter_value_breaks_the_list(sign_in, case, name, value):
    assert sign_in("ben").get(f"/requests/?{name}={value}").status_code == 200


# Filing


def test_filing_leads_to_the_request_and_twice_to_the_same(sign_in, acme):
    browser, values = sign_in("cay"), given()
    first, second = (browser.post("/requests/new/", values) for _ in range(2))
    assert (first.status_code, first["Location"]) == (302, second["Location"])
    with schemas.inside(acme):
        record = SubjectRequest.objects.get()
        assert (record.subject_name, record.filed_by) == ("Jonas Weber", "Cay Member (Member)")


def test_evidence_comes_with_the_filing(sign_in, acme):
    letter = SimpleUploadedFile("letter.pdf", b"%PDF-1.7 hello")
    sign_in("ben").post("/requests/new/", given(evidence=letter))
    with schemas.inside(acme):
        [file] = case_queries.files_of(SubjectRequest.objects.get())
        assert (file.name, case_queries.contents(file)) == ("letter.pdf", b"%PDF-1.7 hello")


def test_a_form_sent_again_with_the_letter_it_lacked_keeps_the_letter(sign_in, acme):
    browser, values = sign_in("ben"), given()
    for more in ({}, {"evidence": SimpleUploadedFile("letter.pdf", b"%PDF-1.7 hello")}):
        assert browser.post("/requests/new/", values | more).status_code == 302
    with schemas.inside(acme):
        assert [file.name for file in case_queries.files_of(SubjectRequest.objects.get())] == ["letter.pdf"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"right": ""}, "right"),
        ({"right": "everything"}, "right"),
        ({"subject_name": ""}, "subject_name"),
        ({"subject_name": "x" * 201}, "subject_name"),
        ({"subject_name": "a\x00b"}, "subject_name"),
        ({"subject_email": "not an address"}, "subject_email"),
        ({"details": "x" * 10_001}, "details"),
        ({"channel": "web_form"}, "channel"),
        ({"received_at_0": "2026-02-30"}, "received_at"),
        ({"received_at_0": ""}, "received_at"),
        ({"received_at_1": ""}, "received_at"),
        ({"received_at_0": "9999-12-31"}, "received_at"),
        ({"received_at_0": "0001-01-01"}, "received_at"),
        ({"received_at_0": "2999-01-01"}, "received_at"),
        ({"received_at_0": "1999-01-01"}, "received_at"),
        ({"received_at_0": "2026-03-02", "late_entry_reason": ""}, "late_entry_reason"),
        ({"form_token": "nonsense"}, "form_token"),
        ({"evidence": SimpleUploadedFile("run.exe", b"MZ")}, "evidence"),
        ({"evidence": SimpleUploadedFile("fake.pdf", b"<html>")}, "evidence"),
        ({"evidence": SimpleUploadedFile("empty.txt", b"")}, "evidence"),
        ({"evidence": SimpleUploadedFile("large.txt", b"x" * (5 * 1024 * 1024 + 1))}, "evidence"),
    ],
)
def test_bad_input_is_answered_beside_its_field_and_keeps_the_rest(sign_in, acme, changes, field):
    answer = sign_in("ben").post("/requests/new/", given(**changes))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    kept = "jonas@weber.example" if field != "subject_email" else "Jonas Weber"
    assert kept in answer.content.decode()
    with schemas.inside(acme):
        assert SubjectRequest.objects.count() == 0


@pytest.mark.parametrize("text", NASTY)
def test_whatever_a_person_is_called_is_kept_and_shown_as_text(sign_in, acme, text):
    browser = sign_in("ben")
    page = browser.post("/requests/new/", given(subject_name=text, details=text), follow=True)
    with schemas.inside(acme):
        assert SubjectRequest.objects.get().subject_name == text
    assert (page.status_code, "<script>alert" in page.content.decode()) == (200, False)
    assert browser.get("/requests/").status_code == 200


def test_a_time_that_the_clocks_skip_is_refused_and_one_shown_twice_is_the_first(sign_in, acme):
    browser = sign_in("ben")
    skipped = browser.post("/requests/new/", given(received_at_0="2026-03-29", received_at_1="02:30"))
    assert list(skipped.context["form"].errors) == ["received_at"]
    browser.post("/requests/new/", given(received_at_0="2025-10-26", received_at_1="02:30"))
    with schemas.inside(acme):
        assert SubjectRequest.objects.get().received_at.isoformat() == "2025-10-26T00:30:00+00:00"


# The page and its steps


@pytest.mark.parametrize("state", [state for state in State if state != State.FORWARDED])
def test_the_page_of_every_state_offers_only_what_the_table_allows(sign_in, acme, state):
    with schemas.inside(acme):
        record = in_state(state, timezone.now())
    page = sign_in("ben").get(at("subject-request", record))
    offered = {step["url"].rstrip("/").rpartition("/")[2] for step in page.context["next"]}
    expected = {
        State.RECEIVED: {"validate", "identity", "refuse", "withdraw", "assign"},
        State.IDENTITY_PENDING: {"validate", "refuse", "withdraw", "assign"},
        State.VALIDATED: {"begin", "refuse", "withdraw", "assign"},
        State.IN_PROGRESS: {"deliver", "refuse", "withdraw", "assign"},
    }
    assert (page.status_code, offered) == (200, expected.get(state, set()))


def test_a_reader_is_offered_no_step(sign_in, case):
    assert sign_in("aud").get(at("subject-request", case)).context["next"] == []


def test_the_page_costs_a_fixed_number_of_queries(sign_in, acme):
    browser, counts = sign_in("ben"), []
    with schemas.inside(acme):
        record = in_state(State.IN_PROGRESS, timezone.now())
    for _ in range(2):
        with schemas.inside(acme):
            for number in range(5):
                actions.add_note(record, text=f"Note {number}", actor=WHY["actor"], now=timezone.now())
                upload = Upload(name="a.txt", content=b"x", description="Some proof")
                actions.add_evidence(record, upload=upload, actor=WHY["actor"], now=timezone.now())
        browser.get(at("subject-request", record))
        with CaptureQueriesContext(connection) as queries:
            browser.get(at("subject-request", record))
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


def test_a_request_goes_from_receipt_to_delivery_by_its_pages(sign_in, case, acme):
    ben = sign_in("ben")
    reason = {"reason": "The officer decided so"}
    with schemas.inside(acme):
        parts = {f"part_{key}": "given" for key in complete(case)} | {"part_h": "not_applicable", "why_h": "None made"}
        officer = str(cast.person("ben").pk)
    steps = [
        ("assign", {"assignee": officer}, State.RECEIVED),
        ("identity", {"doubt": "New address", "asked_for": "Customer number"}, State.IDENTITY_PENDING),
        ("validate", {"check": "known_facts", "note": "Number fits"}, State.VALIDATED),
        ("begin", {}, State.IN_PROGRESS),
        ("deliver", {"answer": "All of it", **parts}, State.DELIVERED),
    ]
    for name, values, state in steps:
        page = ben.get(at(name, case))
        signature = signing_desk.answer(page, "ben", at=timezone.now()) if name == "deliver" else {}
        answer = ben.post(at(name, case), values | reason | signature)
        assert (name, answer.status_code) == (name, 302)
        with schemas.inside(acme):
            assert SubjectRequest.objects.get(pk=case.pk).state == state
    page = ben.get(at("subject-request", case)).content.decode()
    assert ("Not applicable: None made" in page, "Done in time" in page, "All of it" in page) == (True, True, True)


@pytest.mark.parametrize("name", ["begin", "deliver"])
def test_a_step_from_the_wrong_state_is_a_page_that_says_so(sign_in, case, name):
    ben = sign_in("ben")
    values = {"reason": "Skip the check", "answer": "x", **{f"part_{key}": "given" for key in complete(case)}}
    assert [ben.get(at(name, case)).status_code, ben.post(at(name, case), values).status_code] == [409, 409]


def test_a_step_sent_twice_by_one_person_is_done_once_and_by_another_refused(sign_in, case, acme):
    values = {"check": "account", "note": "Signed in", "reason": "Known to us"}
    ben, ann = sign_in("ben"), sign_in("ann")
    assert [ben.post(at("validate", case), values).status_code for _ in range(2)] == [302, 302]
    assert ann.post(at("validate", case), values).status_code == 409
    with schemas.inside(acme):
        assert [row.state for row in case.history.order_by("history_id")] == ["received", "validated"]


def test_a_part_that_does_not_apply_needs_its_reason(sign_in, acme):
    with schemas.inside(acme):
        record = in_state(State.IN_PROGRESS, timezone.now())
        parts = {f"part_{key}": "not_applicable" for key in complete(record)}
    answer = sign_in("ben").post(at("deliver", record), {"answer": "Some", "reason": "Ready", **parts})
    errors = answer.context["form"].errors
    whys = {name for name in errors if name.startswith("why_")}
    assert (answer.status_code, whys) == (422, {f"why_{key}" for key in complete(record)})


def test_a_reason_that_says_nothing_is_refused_beside_the_field(sign_in, case):
    answer = sign_in("ben").post(at("withdraw", case), {"reason": "n/a"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["reason"])


@pytest.mark.req("ASVS-5.4.1", "ASVS-5.4.2")
def test_a_file_is_served_as_an_attachment_that_no_browser_runs(sign_in, case, acme):
    with schemas.inside(acme):
        upload = Upload(name='a"<b>ü.txt', content=b"<script>", description="Odd name")
        actions.add_evidence(case, upload=upload, actor=WHY["actor"], now=timezone.now())
        [file] = case_queries.files_of(case)
    url = f"/requests/{case.pk}/files/{file.pk}/"
    answer = sign_in("aud").get(url)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        200,
        b"<script>",
        "application/octet-stream",
    )
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''a%22%3Cb%3E%C3%BC.txt"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert sign_in("dov").get(url).status_code == 404
    assert sign_in("aud").get(f"/requests/{case.pk}/files/{UUID(int=1)}/").status_code == 404


def test_notes_and_evidence_appear_on_the_page(sign_in, case):
    ben = sign_in("ben")
    ben.post(at("note", case), {"form_token": str(uuid4()), "text": "Called back at noon"})
    file = SimpleUploadedFile("call.txt", b"minutes")
    values = {"evidence-form_token": str(uuid4()), "evidence-description": "Minutes of the call", "evidence-file": file}
    assert ben.post(at("evidence", case), values).status_code == 302
    page = ben.get(at("subject-request", case)).content.decode()
    assert ("Called back at noon" in page, "call.txt" in page, "Minutes of the call" in page) == (True, True, True)


def test_an_erased_person_still_has_a_page_that_says_so(sign_in, case, acme):
    with schemas.inside(acme):
        for key in (case.subject_key, case.content_key):
            subject_keys.destroy(key, actor=WHY["actor"], now=timezone.now(), reason="Erased on request")
    ben = sign_in("ben")
    page = ben.get(at("subject-request", case))
    assert (page.status_code, "erased" in page.content.decode()) == (200, True)
    assert ben.get("/requests/").status_code == 200


def test_the_page_shows_what_the_workspace_holds_about_the_address(sign_in, acme):
    with schemas.inside(acme):
        record = filed(timezone.now(), subject_email="cay@acme.example")
    page = sign_in("ben").get(at("subject-request", record)).content.decode()
    assert "Cay Member, Member" in page


def test_the_history_page_of_a_request_opens(sign_in, case):
    url = reverse("record-history", kwargs={"kind": "privacy.subjectrequest", "pk": case.pk})
    page = sign_in("ben").get(url)
    assert (page.status_code, f"Request {case.reference}" in page.content.decode()) == (200, True)


def test_the_page_warns_when_the_promise_is_weaker_than_the_law(sign_in, acme):
    with schemas.inside(acme):
        record = filed(timezone.now() - timedelta(days=20))
        actions.validate(record, check="account", note="Signed in", now=timezone.now(), **WHY)
    page = sign_in("ben").get(at("subject-request", record)).content.decode()
    assert ("Promise weaker than law" in page, page.count("clock__binding")) == (True, 1)
