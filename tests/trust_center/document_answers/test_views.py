"""The console's queue, and answering from it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from audit import context
from tests.trust_center.document_requests.mailbox import asked, fresh, granted, newest, received, shelf
from trust_center.document_requests.models import DocumentRequest, Grant
from trust_center.document_requests.states import State
from trust_center.documents.states import Kind

pytestmark = pytest.mark.django_db
QUEUE = "/console/document-requests/"
SEE = {"tess", "leo", "sup", "stan"}
ANSWER = {"leo"}
EVERYBODY = {"pat", "tess", "leo", "sam", "sup", "stan"}


@pytest.fixture(autouse=True)
def _on_platform(platform):
    """Requests live in Complere's own schema."""


@pytest.fixture
def record():
    shelf()
    return received(timezone.now())


def path(record, step=""):
    return f"{QUEUE}{record.pk}/{step}"


def giving(*kinds, **changes):
    from trust_center.documents.models import DocumentVersion

    versions = [str(row.pk) for row in DocumentVersion.objects.filter(document__kind__in=kinds)]
    return {"versions": versions, "message": "", "reason": "Known customer", **changes}


def late(record):
    with context.regulated_write(actor=context.service("casting"), reason="Let it be late"):
        DocumentRequest.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    return record


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_who_may_see_and_who_may_answer(sign_in, record, who):
    client = sign_in(who)
    seen = 200 if who in SEE else 403
    done = 200 if who in ANSWER else 403
    assert [client.get(QUEUE).status_code, client.get(path(record)).status_code] == [seen, seen]
    assert [client.get(path(record, step)).status_code for step in ("grant/", "refuse/", "ask/")] == [done] * 3
    assert client.post(path(record, "refuse/"), {}).status_code == (422 if who in ANSWER else 403)


def test_a_stranger_is_sent_to_sign_in(stranger, record):
    assert stranger("localhost").get(QUEUE).status_code == 302


@pytest.mark.parametrize("rows", [1, 3, 25])
def test_the_queue_takes_at_most_twelve_queries_whatever_its_length(
    sign_in, platform, django_assert_max_num_queries, rows
):
    for number in range(rows):
        received(timezone.now(), nonce=f"n{number}", email=f"p{number}@buyer.example")
    leo = sign_in("leo")
    with django_assert_max_num_queries(12):
        page = leo.get(QUEUE)
    assert len(page.context["rows"]) == rows


def test_a_request_with_everything_in_it_takes_at_most_twelve_queries(sign_in, record, django_assert_max_num_queries):
    granted(record, Kind.DPA, Kind.SLA, now=timezone.now())
    leo = sign_in("leo")
    with django_assert_max_num_queries(12):
        assert leo.get(path(record)).status_code == 200


def test_the_empty_queue_says_so(sign_in, platform):
    assert b"No request is open" in sign_in("leo").get(QUEUE).content


@pytest.mark.parametrize("query", ["state=nonsense", "kind=x&page=99", "text=%00", "page=-1", f"text={'x' * 500}"])
def test_a_nonsense_filter_shows_a_list_and_no_error(sign_in, record, query):
    assert sign_in("leo").get(f"{QUEUE}?{query}").status_code == 200


def test_overdue_ones_are_found_by_the_filter_and_marked(sign_in, record):
    late(record)
    page = sign_in("leo").get(f"{QUEUE}?state=overdue")
    assert [row["record"].pk for row in page.context["rows"]] == [record.pk]
    assert next(stat for stat in page.context["stats"] if stat["label"] == "Open and overdue")["value"] == 1


def test_granting_mails_links_and_comes_back(sign_in, record):
    leo = sign_in("leo")
    assert leo.get(path(record, "grant/")).context["form"].initial["versions"] == giving("dpa", "sla")["versions"]
    assert leo.post(path(record, "grant/"), giving("dpa", "sla")).url == path(record)
    assert (fresh(record).state, fresh(record).closed_by) == (State.GRANTED, "Leo Legal (Legal)")
    assert newest("document-granted").body.count("/documents/links/") == 2


def test_granting_twice_is_a_conflict_and_mails_once(sign_in, record):
    leo = sign_in("leo")
    answers = [leo.post(path(record, "grant/"), giving("dpa")).status_code for _ in range(2)]
    assert (answers, Grant.objects.count()) == ([302, 409], 1)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"versions": []}, "versions"),
        ({"versions": [str(uuid4())]}, "versions"),
        ({"versions": ["not-a-uuid"]}, "versions"),
        ({"reason": ""}, "reason"),
        ({"reason": "n/a"}, "reason"),
        ({"message": "x" * 2001}, "message"),
        ({"message": "\x00"}, "message"),
    ],
)
def test_a_grant_that_says_too_little_or_too_much_is_refused_beside_its_field(sign_in, record, given, field):
    answer = sign_in("leo").post(path(record, "grant/"), giving("dpa", **given))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert fresh(record).state == State.RECEIVED


def test_a_document_under_an_agreement_needs_the_tick(sign_in, record):
    leo = sign_in("leo")
    answer = leo.post(path(record, "grant/"), giving("questionnaire"))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["nda_checked"])
    assert leo.post(path(record, "grant/"), giving("questionnaire", nda_checked="on")).status_code == 302


def test_a_late_answer_asks_why_and_lists_the_miss(sign_in, record):
    late(record)
    leo = sign_in("leo")
    given = {"message": "No.", "reason": "Competitor"}
    assert list(leo.post(path(record, "refuse/"), given).context["form"].errors) == ["late_because"]
    assert leo.post(path(record, "refuse/"), {**given, "late_because": "Holiday overlooked"}).status_code == 302
    assert b"Holiday overlooked" in leo.get(QUEUE).content


def test_asking_shows_the_stopped_clock(sign_in, record):
    leo = sign_in("leo")
    assert leo.post(path(record, "ask/"), {"question": "Which plant?", "reason": "Unclear"}).status_code == 302
    page = leo.get(path(record))
    assert (page.context["clock"]["paused"], page.context["enquiries"][0]["question"]) == (True, "Which plant?")
    assert leo.post(path(record, "ask/"), {"question": "And?", "reason": "Unclear"}).status_code == 409


def test_a_link_is_revoked_with_a_reason_once(sign_in, record):
    granted(record, Kind.DPA, now=timezone.now())
    where = f"{QUEUE}links/{Grant.objects.get().pk}/revoke/"
    leo = sign_in("leo")
    assert [leo.get(where).status_code, leo.post(where, {"reason": ""}).status_code] == [200, 422]
    assert leo.post(where, {"reason": "Wrong person"}).url == path(record)
    assert leo.post(where, {"reason": "Wrong person"}).status_code == 409
    assert sign_in("stan").post(where, {"reason": "Wrong person"}).status_code == 403


def test_what_nobody_confirmed_is_not_found(sign_in, platform):
    from tests.trust_center.document_requests.mailbox import filing
    from trust_center.document_requests import actions

    actions.submit(filing(), nonce="n1", now=timezone.now())
    record = DocumentRequest.objects.get()
    assert sign_in("leo").get(path(record)).status_code == 404


def test_unknown_ids_are_not_found(sign_in, platform):
    leo = sign_in("leo")
    assert [leo.get(f"{QUEUE}{uuid4()}/").status_code, leo.get(f"{QUEUE}links/{uuid4()}/revoke/").status_code] == [
        404
    ] * 2


def test_the_history_of_a_request_is_readable(sign_in, record):
    asked(record, timezone.now())
    page = sign_in("leo").get(f"/console/history/trust_center.documentrequest/{record.pk}/")
    assert page.status_code == 200
    assert b"Which plant is it for?" in page.content
