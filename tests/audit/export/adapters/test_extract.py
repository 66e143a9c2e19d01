"""Every kind of record can be taken away with its trail (P11-10b), and is the same when it is read again."""

import hashlib
import json
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from audit import context, presenters
from audit.export.adapters import extract
from audit.log_keys import queries as log_keys
from audit.merkle.proofs import RecordProof
from audit.sequencer import actions as sequencer
from audit.trail import queries as trail
from tenants import schemas
from tests import cast
from tests.isolation.scene import Scene

pytestmark = pytest.mark.django_db


def everything(story, record):
    return extract.of_record(story, record, lambda permission: True, ZoneInfo("Europe/Berlin"), at=timezone.now())


@pytest.fixture
def planted(acme):
    """A record of every kind that a tenant has, in the log; the key that signs it is the real one."""
    with schemas.inside(acme):
        ann = cast.person("ann").pk
        scene = Scene(acme.schema_name, customer=acme.pk, member=ann)
        actor = context.Actor(id=ann, name="planting", role="test")
        with context.regulated_write(actor=actor, reason="Plant a canary"):
            for story in presenters.every():
                if trail.story_of(story.model._meta.label_lower) and story.model._meta.label != "audit.LogKey":
                    scene.row(story.model)
        sequencer.sequence(now=timezone.now())
        yield scene


@pytest.mark.req("P11-10b")
def test_the_json_of_every_kind_of_record_gives_equal_hashes_when_it_is_read_again(planted):
    vkeys, seen = log_keys.vkeys(), []
    for story in presenters.every():
        record = planted.rows.get(story.model._meta.label)
        if record is None or trail.story_of(story.model._meta.label_lower) is None:
            continue
        content, content_type = extract.as_json(everything(story, trail.record_of(story, str(record.pk))))
        read = json.loads(content)
        assert (content_type, read["record"]) == ("application/json", f"{story.model._meta.label_lower}:{record.pk}")
        assert read["history"], story.kind
        assert read["events"], story.kind
        for event in read["events"]:
            payload = event["payload"].encode()
            assert hashlib.sha256(b"\x00" + payload).hexdigest() == event["leaf"]
            head = RecordProof.parse(event["proof"]).check(payload, read["checkpoint"].split("\n")[0], vkeys)
            assert head.size > event["index"]
        seen.append(story.kind)
    assert len(seen) >= 15, seen


@pytest.mark.req("P11-10b")
def test_every_kind_of_record_is_told_on_paper(planted, monkeypatch):
    """The HTML that the press gets; that it prints is tested once, with one record."""
    printed = {}
    monkeypatch.setattr(
        extract.typesetting.printing, "pdf_of", lambda html, **options: (1, printed.setdefault("html", html).encode())
    )
    for story in presenters.every():
        record = planted.rows.get(story.model._meta.label)
        if record is not None and trail.story_of(story.model._meta.label_lower) is not None:
            printed.clear()
            extract.as_pdf(everything(story, trail.record_of(story, str(record.pk))))
            assert "Plant a canary" in printed["html"], story.kind
            assert f"{story.model._meta.label_lower}:{record.pk}" in printed["html"]


def test_more_versions_than_fit_on_paper_are_counted_and_kept_in_the_json(planted, monkeypatch):
    monkeypatch.setattr(extract, "MOST_ON_PAPER", 1)
    story = trail.story_of("members.user")
    found = everything(story, cast.person("ann"))
    printed = {}
    monkeypatch.setattr(
        extract.typesetting.printing, "pdf_of", lambda html, **options: (1, printed.setdefault("html", html).encode())
    )
    extract.as_pdf(found)
    assert "The newest 1 are on paper; the JSON holds more." in printed["html"]
    assert len(json.loads(extract.as_json(found)[0])["history"]) == found.versions > 1
