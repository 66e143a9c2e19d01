"""The pages of exports, and one record with its trail as a file."""

import hashlib
import io
import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from audit import context
from audit.export import actions, queries
from audit.export.adapters import writing
from audit.ledger.models import Access
from audit.log_keys import queries as log_keys
from audit.merkle.proofs import RecordProof
from audit.sequencer import actions as sequencer
from audit.subject_keys import actions as subject_keys
from tenants import schemas
from tests import cast
from tests.audit.export.copies import file_of, ordered
from tests.audit.trail.test_trail_page import contact, in_state_delivered

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def words(response, status=200):
    assert response.status_code == status
    text = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture(autouse=True)
def quick_press(request, monkeypatch):
    if not request.node.name.startswith("test_a_record_as_pdf"):
        monkeypatch.setattr(writing.typesetting, "pdf_of", lambda **values: b"%PDF-quick")


def test_an_order_goes_from_the_form_through_the_worker_to_the_download(sign_in, acme):
    with schemas.inside(acme):
        sequencer.sequence(now=timezone.now())
    client = sign_in("aud")
    assert "No export was ordered yet" in words(client.get("/trail/exports/"))
    sent = client.post("/trail/exports/", {"since": "", "until": "", "reason": "Inspection by the authority"})
    assert sent.status_code == 302
    page = client.get(sent.url)
    assert "Waiting" in words(page)
    assert 'hx-trigger="every 2s"' in page.content.decode()
    with schemas.inside(acme):
        assert actions.do_due(timezone.now()) == 1
    page = client.get(sent.url)
    assert "Ready" in words(page)
    assert "hx-trigger" not in page.content.decode().split('id="progress"')[1].split(">")[0]
    assert "Aud Itor" in words(client.get("/trail/exports/"))
    file = client.get(f"{sent.url}file/")
    content = b"".join(file.streaming_content)
    with schemas.inside(acme):
        export = queries.listed().get()
    assert hashlib.sha256(content).hexdigest() == export.file_digest
    assert (file["Content-Type"], file["Content-Length"]) == ("application/zip", str(len(content)))
    assert file["Content-Disposition"] == f'attachment; filename="trail-0-{export.event_count}.zip"'


@pytest.mark.req("AT-08")
def test_who_downloads_is_recorded(sign_in, acme):
    export = ordered(acme)
    sign_in("aud").get(f"/trail/exports/{export.pk}/file/")
    with schemas.inside(acme):
        (entry,) = Access.objects.filter(records__contains=[f"audit.export:{export.pk}"])
        auditor = cast.person("aud")
    assert (entry.kind, entry.what, entry.actor["id"]) == ("read", "export of the trail", str(auditor.pk))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"reason": ""}, "Say why, in a few words."),
        ({"reason": "n.a."}, "Give a reason of at least 4 characters"),
        ({"reason": "Inspection", "since": "2026-02-02", "until": "2026-02-01"}, "The last day lies before the first."),
        ({"reason": "Inspection", "since": "soon"}, "Enter a valid date"),
    ],
)
def test_a_wrong_order_is_answered_beside_its_field_and_keeps_what_was_typed(sign_in, acme, sent, message):
    page = sign_in("ann").post("/trail/exports/", sent)
    assert message in words(page, 422)
    assert sent["reason"] in page.content.decode()


def test_a_second_order_while_one_is_made_says_so(sign_in, acme):
    client = sign_in("ann")
    client.post("/trail/exports/", {"reason": "Inspection"})
    assert "still being made" in words(client.post("/trail/exports/", {"reason": "Inspection"}), 422)


@pytest.mark.req("P11-10g")
def test_a_copy_of_everything_takes_a_right_of_its_own(sign_in, stranger, acme):
    export = ordered(acme)
    for path in ("/trail/exports/", f"/trail/exports/{export.pk}/", f"/trail/exports/{export.pk}/file/"):
        assert sign_in("ben").get(path).status_code == 403
        assert sign_in("aud").get(path).status_code == 200
        assert stranger("acme.localhost").get(path).status_code == 302
        assert sign_in("dov").get(path).status_code == (200 if path == "/trail/exports/" else 404)


def test_a_file_that_is_not_there_any_more_is_refused_with_the_reason(sign_in, acme):
    with schemas.inside(acme):
        export = actions.order(
            since=None, until=None, time_zone="UTC", actor=cast.person("ann").actor, now=NOW, reason="Inspection"
        )
    assert "The file of this export is not there." in words(
        sign_in("ann").get(f"/trail/exports/{export.pk}/file/"), 409
    )


@pytest.mark.req("AT-19")
def test_after_an_erasure_a_file_made_before_is_not_given_out(sign_in, acme):
    export = ordered(acme)
    with schemas.inside(acme):
        subject_keys.destroy(
            cast.person("ben").subject_key, actor=context.service("test"), now=timezone.now(), reason="Art. 17 request"
        )
    client = sign_in("ann")
    assert client.get(f"/trail/exports/{export.pk}/file/").status_code == 409
    assert "This file was withdrawn" in words(client.get(f"/trail/exports/{export.pk}/"))


def test_the_list_costs_the_same_for_one_export_and_for_many(sign_in, acme):
    client, counts = sign_in("ann"), []
    for _ in range(2):
        ordered(acme)
        with CaptureQueriesContext(connection) as asked:
            client.get("/trail/exports/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


@pytest.mark.req("P11-10b")
@pytest.mark.req("P11-50b")
def test_a_record_as_json_gives_the_same_hashes_when_it_is_read_again(sign_in, acme):
    with schemas.inside(acme):
        record = in_state_delivered()
        sequencer.sequence(now=timezone.now())
        vkeys = log_keys.vkeys()
    sent = sign_in("ann").get(f"/trail/exports/record/privacy.subjectrequest/{record.pk}/?form=json")
    read = json.loads(sent.content)
    assert sent["Content-Disposition"].endswith('.json"')
    assert len(read["events"]) >= len([entry for entry in read["history"] if entry["entry"] is not None]) > 3
    for event in read["events"]:
        payload = event["payload"].encode()
        assert hashlib.sha256(b"\x00" + payload).hexdigest() == event["leaf"]
        proof = RecordProof.parse(event["proof"])
        assert proof.check(payload, read["checkpoint"].split("\n")[0], vkeys).size > event["index"]
    (signature,) = read["signatures"]
    assert signature["intent_sha256"] == hashlib.sha256(signature["intent"].encode()).hexdigest()
    assert {"name", "meaning", "signed_at", "time_zone"} <= signature.keys()
    assert signature["standing"].startswith("Hold") or signature["standing"].startswith("Held")


@pytest.mark.req("P11-10b")
@pytest.mark.req("P11-50b")
def test_a_record_as_pdf_shows_history_and_signatures_with_name_moment_and_meaning(sign_in, acme):
    with schemas.inside(acme):
        record = in_state_delivered()
        sequencer.sequence(now=timezone.now())
    sent = sign_in("ann").get(f"/trail/exports/record/privacy.subjectrequest/{record.pk}/?form=pdf")
    assert sent["Content-Type"] == "application/pdf"
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(sent.content)).pages).split())
    assert f"Request {record.reference}" in text
    assert "Jonas Weber" in text
    assert re.search(r"Signed by \w+ \w+ \([^)]+\), \w{3} \d+ \w{3} \d{4} \d\d:\d\d:\d\d", text)


@pytest.mark.req("P11-10b")
@pytest.mark.parametrize("form", ["json", "pdf"])
def test_taking_a_record_away_is_recorded_with_the_record(sign_in, acme, form):
    with schemas.inside(acme):
        row = contact(cast.person("ann").actor)
    assert sign_in("ann").get(f"/trail/exports/record/members.contact/{row.pk}/?form={form}").status_code == 200
    with schemas.inside(acme):
        kinds = set(
            Access.objects.filter(records__contains=[f"members.contact:{row.pk}"]).values_list("what", flat=True)
        )
    assert kinds == {f"record as {form}", "GET export-record"}


def test_a_record_is_exported_only_to_whoever_may_read_it(sign_in, acme, globex):
    with schemas.inside(acme):
        row = contact(cast.person("ann").actor)
    path = f"/trail/exports/record/members.contact/{row.pk}/"
    assert "Download as PDF" in words(sign_in("ann").get(path))
    assert sign_in("aud").get(path).status_code == 403
    assert sign_in("cay").get(path).status_code == 403
    assert sign_in("dov").get(path).status_code == 404
    assert sign_in("ann").get("/trail/exports/record/members.nothing/1/").status_code == 404


def test_the_download_is_the_file_that_was_made(sign_in, acme):
    export = ordered(acme)
    sent = sign_in("ann").get(f"/trail/exports/{export.pk}/file/")
    assert b"".join(sent.streaming_content) == file_of(acme, export)
