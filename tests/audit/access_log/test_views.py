"""Who looked at personal data and who was refused what, through the product's own pages."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import context
from audit.ledger.models import Access, Event
from audit.subject_keys import actions as subject_keys
from privacy.subject_requests.states import State
from tenants import schemas
from tests import cast, signing_desk
from tests.privacy.subject_requests.filings import complete, in_state

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def words(response, status=200):
    assert response.status_code == status
    text = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def filed(**values):
    return in_state(State.RECEIVED, NOW, subject_name="Jonas Weber", subject_email="jonas@example.org", **values)


def entries(tenant, **wanted):
    with schemas.inside(tenant):
        return list(Access.objects.filter(**wanted).order_by("id"))


@pytest.mark.req("AT-08")
def test_opening_a_request_is_in_the_log_with_who_what_and_when(sign_in, acme):
    with schemas.inside(acme):
        record = filed()
        ben = cast.person("ben")
    client = sign_in("ben")
    assert client.get(f"/requests/{record.pk}/").status_code == 200
    (entry,) = entries(acme)
    assert (entry.kind, entry.what, entry.actor["id"]) == ("read", "GET subject-request", str(ben.pk))
    assert f"privacy.subjectrequest:{record.pk}" in entry.records
    assert f"person:{record.subject_key_id}" in entry.records
    assert entry.actor["name"].startswith("enc1:")


def test_a_look_is_one_statement_however_many_records_a_page_shows(sign_in, acme):
    with schemas.inside(acme):
        for _ in range(3):
            filed()
    client = sign_in("ben")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/requests/").status_code == 200
    notes = [query["sql"] for query in queries if "ledger_note_access" in query["sql"]]
    assert len(notes) == 1
    assert len(queries) <= 12
    (entry,) = entries(acme)
    assert len([name for name in entry.records if name.startswith("privacy.subjectrequest:")]) == 3


def test_names_of_colleagues_are_no_look_at_a_data_subject(sign_in, acme):
    assert sign_in("ann").get("/people/").status_code == 200
    assert [name for entry in entries(acme) for name in entry.records if "members.user:" in name] == []


def test_a_page_without_personal_data_writes_nothing(sign_in, acme):
    assert sign_in("ann").get("/").status_code == 200
    assert entries(acme) == []


@pytest.mark.parametrize(("host", "path"), [("localhost", "/"), ("acme.localhost", "/sign-in/")])
def test_strangers_on_public_pages_cost_the_log_nothing(stranger, acme, platform, host, path):
    with CaptureQueriesContext(connection) as queries:
        assert stranger(host).get(path).status_code == 200
    assert [query for query in queries if "ledger_note_access" in query["sql"]] == []


@pytest.mark.req("P11-300d")
def test_a_failed_signing_is_a_refused_attempt_of_that_person(sign_in, acme):
    with schemas.inside(acme):
        record = in_state(State.IN_PROGRESS, NOW, subject_name="Jonas Weber", subject_email="jonas@example.org")
        ben = cast.person("ben").pk
    client, path = sign_in("ben"), f"/requests/{record.pk}/deliver/"
    sent = signing_desk.answer(client.get(path), "ben", at=timezone.now(), password="not his password")
    parts = {f"part_{key}": "given" for key in complete(record)} | {"part_h": "not_applicable", "why_h": "None made"}
    answer = client.post(path, sent | parts | {"answer": "Here are your data.", "reason": "All found"})
    assert answer.status_code == 422
    (entry,) = entries(acme, kind="refused")
    assert (entry.actor["id"], entry.what) == (str(ben), "POST deliver-subject-request")
    assert entry.detail.startswith("Password and second factor do not match.")


@pytest.mark.req("P11-10d")
@pytest.mark.req("ASVS-16.3.2")
def test_a_page_that_the_role_does_not_open_is_a_refused_attempt(sign_in, acme):
    assert sign_in("cay").get("/trail/").status_code == 403
    (entry,) = entries(acme)
    assert (entry.kind, entry.what, entry.detail) == ("refused", "GET trail", "The role does not allow it.")


@pytest.mark.req("P11-10f")
def test_a_step_out_of_order_is_refused_and_the_attempt_kept_although_nothing_was_written(sign_in, acme):
    from audit.transitions import MoveRefused, move
    from audit.watch import watching

    with schemas.inside(acme):
        record = filed()
        with watching() as seen, pytest.raises(MoveRefused):
            move(record, State.DELIVERED, actor=cast.person("ben").actor, now=NOW, reason="Skip every step")
        record.refresh_from_db()
    assert record.state == State.RECEIVED
    ((refused,),) = [list(found) for found in seen.refusals.values()]
    assert (refused.kind, refused.record) == ("MoveRefused", f"privacy.subjectrequest:{record.pk}")


@pytest.mark.req("P11-10f")
def test_a_step_from_the_wrong_state_writes_nothing_but_the_refusal(sign_in, acme):
    with schemas.inside(acme):
        record = filed()
        before = Event.objects.count()
    sent = sign_in("ben").post(f"/requests/{record.pk}/begin/", {"reason": "Skip the check"})
    assert sent.status_code == 409
    (entry,) = entries(acme, kind="refused")
    assert entry.what == "POST begin-subject-request"
    assert entry.records[0].endswith(f":{record.pk}")
    assert entry.detail
    with schemas.inside(acme):
        assert Event.objects.count() == before


@pytest.mark.req("ASVS-16.3.1")
def test_a_failed_sign_in_names_the_account_and_not_what_was_typed(stranger, acme):
    client = stranger("acme.localhost")
    client.post("/sign-in/", {"email": "ben@acme.example", "password": "not his password"})
    (entry,) = entries(acme)
    with schemas.inside(acme):
        ben = cast.person("ben")
    assert (entry.kind, entry.records) == ("refused", [f"members.user:{ben.pk}"])
    assert (entry.actor["name"], entry.detail) == ("Somebody not signed in", "Address and password do not match.")
    assert "ben@acme" not in str(vars(entry))


def test_the_record_of_another_tenant_is_not_found_and_the_attempt_is_in_ones_own_log_only(sign_in, acme, globex):
    with schemas.inside(acme):
        record = filed()
    assert sign_in("dov").get(f"/requests/{record.pk}/").status_code == 404
    assert entries(acme) == []
    (entry,) = entries(globex)
    assert (entry.kind, entry.records) == ("refused", [f"record:{record.pk}"])


def test_the_page_tells_it_and_links_to_the_record(sign_in, acme):
    with schemas.inside(acme):
        record = filed()
    sign_in("ben").get(f"/requests/{record.pk}/")
    sign_in("cay").get("/trail/")
    page = sign_in("ann").get("/trail/access/")
    text = words(page)
    assert "Ben Privacy (Privacy officer) looked at personal data in 1 record" in text
    assert "Cay Member (Member) was refused Why: The role does not allow it." in text
    assert f"/history/privacy.subjectrequest/{record.pk}/" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=read", {"Ben"}),
        ("kind=refused", {"Cay"}),
        ("record={pk}", {"Ben"}),
        ("record=privacy.subjectrequest:{pk}", {"Ben"}),
        ("record={reference}", {"Ben"}),
        ("record=person:{key}", {"Ben"}),
        ("record=00000000-0000-0000-0000-000000000000", set()),
        ("since=2000-01-01&until=2000-01-02", set()),
        ("since=2020-01-01", {"Ben", "Cay"}),
        ("actor={cay}", {"Cay"}),
    ],
)
@pytest.mark.req("AT-15")
def test_filters_by_who_what_record_and_days(sign_in, acme, query, found):
    with schemas.inside(acme):
        record = filed()
        cay = cast.person("cay").pk
    sign_in("ben").get(f"/requests/{record.pk}/")
    sign_in("cay").get("/trail/")
    values = {"pk": record.pk, "reference": record.reference, "key": record.subject_key_id, "cay": cay}
    page = sign_in("ann").get(f"/trail/access/?{query.format(**values)}").content.decode()
    told = page.split('id="results"')[1]
    assert {name for name in ("Ben", "Cay") if f"{name} " in re.sub(r"<[^>]+>", " ", told)} == found


@pytest.mark.parametrize("query", ["since=2026-02-02&until=2026-02-01", "actor=nobody", "since=yesterday"])
def test_a_wrong_filter_is_answered_beside_its_field(sign_in, acme, query):
    page = sign_in("ann").get(f"/trail/access/?{query}")
    assert page.status_code == 422
    assert "error-summary" in page.content.decode()


def test_the_log_asks_for_the_right_to_read_histories(sign_in, stranger, acme):
    assert sign_in("cay").get("/trail/access/").status_code == 403
    assert stranger("acme.localhost").get("/trail/access/").status_code == 302
    assert sign_in("ann").post("/trail/access/").status_code == 405


def test_an_erased_person_who_looked_reads_erased(sign_in, acme):
    with schemas.inside(acme):
        record = filed()
    sign_in("ben").get(f"/requests/{record.pk}/")
    with schemas.inside(acme):
        subject_keys.destroy(
            cast.person("ben").subject_key, actor=context.service("test"), now=NOW, reason="Art. 17 request"
        )
    text = words(sign_in("ann").get("/trail/access/"))
    assert "erased (Privacy officer) looked at personal data in 1 record" in text
    assert "Ben Privacy" not in text


def test_a_long_log_pages_both_ways(sign_in, acme):
    from audit.access_log import actions
    from audit.access_log.states import Kind

    with schemas.inside(acme):
        for number in range(60):
            actions.note(kind=Kind.READ, actor={"name": "Ada"}, what=f"page {number}", records=[])
    client = sign_in("ann")
    first = client.get("/trail/access/").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = client.get(f"/trail/access/{older}").content.decode()
    newer = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")
    again = client.get(f"/trail/access/{newer}").content.decode()
    assert first.count("timeline__event") == again.count("timeline__event") == 50
    assert second.count("timeline__event") == 10
    assert "page 59" in first
    assert "page 0”" in second


@pytest.mark.req("AT-18")
def test_a_look_into_another_schema_is_in_the_log_of_that_schema(acme, platform):
    """Whoever's data were opened reads of it, wherever the request was answered."""
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpResponse
    from django.test import RequestFactory

    from complere.middleware import AccessLog
    from privacy.subject_requests.models import SubjectRequest

    with schemas.inside(acme):
        record = filed()

    def respond(request):
        with schemas.inside(acme):
            return HttpResponse(SubjectRequest.objects.get(pk=record.pk).subject_name)

    request = RequestFactory().get("/somewhere/")
    request.user, request.resolver_match = AnonymousUser(), None
    with schemas.on_platform():
        assert AccessLog(respond)(request).content == b"Jonas Weber"
        assert schemas.is_platform()
    assert entries(platform) == []
    (entry,) = entries(acme)
    assert f"privacy.subjectrequest:{record.pk}" in entry.records
