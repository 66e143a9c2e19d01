"""Erasing a person (GDPR Art. 17): unreadable on every page and in every file, and the root of the log stays."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.utils import timezone
from pypdf import PdfReader

from audit import context
from audit.ledger.models import Checkpoint, Event, Leaf
from audit.sequencer import actions as sequencer
from audit.sequencer import queries as log
from audit.subject_keys import actions as subject_keys
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants import schemas
from tests import cast
from tests.audit.export.copies import checked, file_of, ordered, unpacked
from tests.audit.trail.test_trail_page import contact
from tests.privacy.subject_requests.filings import in_state

pytestmark = [pytest.mark.django_db, pytest.mark.req("AT-19")]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUBJECT = ("Nora Nachtigall", "nora.nachtigall@example.org", "Nachtigall")
ACTOR = ("Ann Admin", "ann@acme.example")


def plain(response):
    assert response.status_code == 200
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def paper(content):
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def erase(key):
    subject_keys.destroy(key, actor=context.service("test"), now=timezone.now(), reason="Art. 17 request")


@pytest.fixture
def case(acme):
    """A request of Nora, and a contact that Ann entered, all in the log."""
    with schemas.inside(acme):
        record = in_state(State.RECEIVED, NOW, subject_name=SUBJECT[0], subject_email=SUBJECT[1])
        by_ann = contact(cast.person("ann").actor)
        sequencer.sequence(now=timezone.now())
    return record, by_ann


def everywhere(client, tenant, record, by_ann):
    """Every page and file in which a person of the case could be named, by its name."""
    with schemas.inside(tenant):
        entries = list(Leaf.objects.filter(pk_text__in=[str(record.pk), str(by_ann.pk)]).values_list("idx", flat=True))
    exported = f"/trail/exports/record/privacy.subjectrequest/{record.pk}/"
    content = file_of(tenant, ordered(tenant, by="aud"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {f"export {name}": archive.read(name) for name in archive.namelist()}
    texts = {
        name: paper(data) if name.endswith("pdf") else data.decode(errors="replace") for name, data in files.items()
    }
    return texts | {
        "record": plain(client.get(f"/requests/{record.pk}/")),
        "list": plain(client.get("/requests/")),
        "history": plain(client.get(f"/history/privacy.subjectrequest/{record.pk}/")),
        "other history": plain(client.get(f"/history/members.contact/{by_ann.pk}/")),
        "trail": plain(client.get("/trail/")),
        "access log": plain(client.get("/trail/access/")),
        "json": json.dumps(json.loads(client.get(f"{exported}?form=json").content), ensure_ascii=False),
        "pdf": paper(client.get(f"{exported}?form=pdf").content),
        **{f"entry {index}": plain(client.get(f"/trail/entries/{index}/")) for index in entries},
        **{f"file {index}": client.get(f"/trail/entries/{index}/entry/").content.decode() for index in entries},
    }


def test_before_an_erasure_the_person_is_readable_where_they_have_to_be(sign_in, acme, case):
    texts = everywhere(sign_in("ben"), acme, *case)
    for name in ("record", "history", "trail", "json", "pdf"):
        assert SUBJECT[0] in texts[name], name
    assert not [name for name, text in texts.items() if name.startswith("export") and SUBJECT[2] in text]
    assert ACTOR[0] in texts["export trail.csv"]


def test_an_erased_data_subject_can_be_read_nowhere_and_the_root_is_the_same(sign_in, acme, case, tmp_path):
    record, by_ann = case
    sign_in("ann").get(f"/requests/{record.pk}/")
    with schemas.inside(acme):
        head = Checkpoint.objects.latest("size")
        fresh = SubjectRequest.objects.get(pk=record.pk)
        erase(fresh.subject_key)
        erase(fresh.content_key)
        sequencer.sequence(now=timezone.now())
        assert log.root_at(head.size) == bytes(head.root)
    texts = everywhere(sign_in("ben"), acme, record, by_ann)
    assert {name: word for name, text in texts.items() for word in SUBJECT if word.lower() in text.lower()} == {}
    assert "erased" in texts["record"]
    assert "erased" in texts["history"]
    export = unpacked(file_of(acme, ordered(acme)), tmp_path / "export")
    code, report = checked(export, "--pin", f"{head.size}:{bytes(head.root).hex()}")
    assert (code, report["problems"]) == (0, [])


def test_an_erased_account_holder_is_named_nowhere_they_acted_and_the_root_is_the_same(sign_in, acme, case):
    record, by_ann = case
    sign_in("ann").get(f"/requests/{record.pk}/")
    with schemas.inside(acme):
        head = Checkpoint.objects.latest("size")
        erase(cast.person("ann").subject_key)
        sequencer.sequence(now=timezone.now())
        assert log.root_at(head.size) == bytes(head.root)
    texts = everywhere(sign_in("ben"), acme, record, by_ann)
    assert {name: word for name, text in texts.items() for word in ACTOR if word.lower() in text.lower()} == {}
    assert "erased (Tenant admin) created the contact" in " ".join(texts["other history"].split())
    assert "erased (Tenant admin) looked at" in " ".join(texts["access log"].split())
    assert "erased" in texts["export trail.csv"]


def test_the_database_itself_never_held_a_name_in_the_clear(sign_in, acme, case):
    """Rows, histories, ledger and access log, read past the product."""
    record, by_ann = case
    sign_in("ann").get(f"/requests/{record.pk}/")
    with schemas.inside(acme), connection.cursor() as cursor:
        told = ["\n".join(Event.objects.values_list("payload", flat=True))]
        for table in ("privacy_subjectrequest", "privacy_historicalsubjectrequest", "ledger_access"):
            cursor.execute(f"SELECT string_agg(to_jsonb(t)::text, E'\\n') FROM {table} t")
            told.append(cursor.fetchone()[0])
    assert str(record.pk) in told[0]
    assert str(by_ann.pk) in told[0]
    assert [word for text in told for word in (*SUBJECT, *ACTOR) if word in text] == []
