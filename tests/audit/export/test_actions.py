"""Exports of the trail: complete, checkable without us, and gone when they are due to go."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pypdf import PdfReader

from audit import context
from audit.export import actions, queries
from audit.export.adapters import writing
from audit.export.models import Export, ExportPart
from audit.ledger.models import Event, Leaf
from audit.log_keys import queries as log_keys
from audit.printing import PrintingFailed
from audit.sequencer import actions as sequencer
from audit.subject_keys import actions as subject_keys
from tenants import schemas
from tests import cast
from tests.audit.export.copies import checked, file_of, ordered, unpacked
from tests.audit.sequencer.rows import write

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def quick_press(monkeypatch):
    """For tests of what stands around the paper."""
    monkeypatch.setattr(writing.typesetting, "pdf_of", lambda **values: b"%PDF-quick")


@pytest.mark.req("P11-10b")
@pytest.mark.req("AT-15")
def test_an_export_of_everything_passes_its_own_check(acme, tmp_path):
    with schemas.inside(acme):
        write(300)
    export = ordered(acme)
    folder = unpacked(file_of(acme, export), tmp_path / "export")
    with schemas.inside(acme):
        vkey, events = log_keys.vkeys()[-1], [leaf.event.payload for leaf in Leaf.objects.order_by("idx")]
    code, report = checked(folder, "--vkey", vkey)
    assert (code, report["problems"]) == (0, [])
    assert report["facts"]["events"] == export.event_count == export.log_size
    assert (folder / "events.jsonl").read_text().splitlines() == events[: export.log_size]
    assert {path.name for path in folder.iterdir()} == {
        *("events.jsonl", "trail.csv", "trail.pdf", "checkpoint", "checkpoints.jsonl", "tile", "keys.json"),
        *("verify.py", "README.txt", "manifest.json", "manifest.sha256"),
    }


@pytest.mark.req("P11-10a")
def test_any_byte_changed_is_named(acme, tmp_path, quick_press):
    folder = unpacked(file_of(acme, ordered(acme)), tmp_path / "export")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for name in names:
        if name == "verify.py":
            continue
        file = folder / name
        good = file.read_bytes()
        # The program's own tests go through every kind of damage; here one byte of each file as the product made it.
        for place in {len(good) // 2}:
            file.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            code, report = checked(folder)
            told = json.dumps(report["problems"])
            assert code == 1, f"{name} changed at {place} went unnoticed"
            assert name.rsplit("/", 1)[-1] in told or "event" in told or "manifest" in told
        file.write_bytes(good)
    assert checked(folder)[0] == 0


def test_the_zip_itself_is_checked_too(acme, tmp_path, quick_press):
    content = file_of(acme, ordered(acme))
    folder = unpacked(content, tmp_path / "export")
    whole = tmp_path / "trail.zip"
    whole.write_bytes(content)
    assert checked(whole, script=folder / "verify.py")[0] == 0
    middle = len(content) // 2
    whole.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    assert checked(whole, script=folder / "verify.py")[0] != 0


@pytest.mark.req("AT-15")
def test_a_period_holds_its_events_only_and_proves_them(acme, tmp_path, quick_press):
    with schemas.inside(acme):
        write(5)
        sequencer.sequence(now=timezone.now())
        middle = timezone.now()
        write(7, reason="Within the period")
    export = ordered(acme, since=middle)
    folder = unpacked(file_of(acme, export), tmp_path / "export")
    reasons = [json.loads(line)["reason"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert reasons[:7] == ["Within the period"] * 7
    assert len(reasons) == export.event_count < export.log_size
    code, report = checked(folder)
    assert (code, report["problems"]) == (0, [])


def test_a_period_without_events_is_an_empty_export_that_holds(acme, tmp_path, quick_press):
    export = ordered(acme, since=NOW - timedelta(days=9000), until=NOW - timedelta(days=8000))
    code, report = checked(unpacked(file_of(acme, export), tmp_path / "export"))
    assert (code, report["problems"], export.event_count) == (0, [], 0)


@pytest.mark.req("AT-03")
def test_the_table_names_actors_and_keeps_other_personal_data_sealed(acme, tmp_path, quick_press):
    from tests.audit.trail.test_trail_page import contact

    with schemas.inside(acme):
        row = contact(cast.person("ann").actor, phone="=HYPERLINK(1)")
    folder = unpacked(file_of(acme, ordered(acme)), tmp_path / "export")
    text = (folder / "trail.csv").read_bytes().decode("utf-8-sig")
    (told,) = [line for line in csv.DictReader(io.StringIO(text)) if line["id"] == str(row.pk)]
    assert (told["actor"], told["role"], told["what happened"], told["record"]) == (
        *("Ann Admin", "Tenant admin", "created", "contact"),
    )
    assert told["reason"] == "The office moved to 100% remote"
    assert "name: personal data, sealed" in told["changes"]
    assert "Nora" not in text
    assert "enc1:" not in text


@pytest.mark.req("AT-03")
@pytest.mark.req("P11-50b")
def test_the_paper_tells_entries_with_actors_and_signatures(acme, tmp_path):
    from tests.audit.trail.test_trail_page import in_state_delivered

    with schemas.inside(acme):
        in_state_delivered()
    folder = unpacked(file_of(acme, ordered(acme)), tmp_path / "export")
    paper = PdfReader(folder / "trail.pdf")
    text = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    assert "Audit trail" in text
    assert "Signed by" in text
    assert "I answer for this decision" in text or "Approval" in text or "Responsibility" in text
    assert "Jonas" not in text


def test_the_file_is_sealed_in_the_database_and_its_digest_is_that_of_the_download(acme, quick_press):
    export = ordered(acme)
    content = file_of(acme, export)
    assert (len(content), hashlib.sha256(content).hexdigest()) == (export.file_size, export.file_digest)
    with schemas.inside(acme):
        stored = bytes(ExportPart.objects.get(export=export, number=0).content)
    assert b"events.jsonl" in content
    assert b"events.jsonl" not in stored


def test_the_file_is_written_in_parts_and_never_held_whole(acme, quick_press, monkeypatch):
    monkeypatch.setattr("audit.export.adapters.archive.PART_BYTES", 5_000)
    export = ordered(acme)
    with schemas.inside(acme):
        sizes = [len(bytes(part.content)) for part in ExportPart.objects.filter(export=export)]
    assert len(sizes) > 3
    assert max(sizes) < 5_100
    assert zipfile.ZipFile(io.BytesIO(file_of(acme, export))).testzip() is None


def test_an_export_expires_and_its_file_cannot_be_read_again(acme, quick_press):
    export = ordered(acme)
    with schemas.inside(acme):
        assert queries.next_due() == export.expires_at
        assert actions.do_due(export.expires_at + timedelta(seconds=1)) == 1
        gone = queries.by_id(export.pk)
        assert (gone.state, gone.content_key.wrapped, ExportPart.objects.count()) == ("expired", None, 0)
        assert queries.next_due() is None


@pytest.mark.req("AT-19")
def test_a_copy_made_before_an_erasure_is_withdrawn(acme, quick_press):
    export = ordered(acme)
    with schemas.inside(acme):
        assert not queries.somebody_was_erased_since(export)
        subject_keys.destroy(
            cast.person("ben").subject_key, actor=context.service("test"), now=timezone.now(), reason="Art. 17 request"
        )
        assert queries.somebody_was_erased_since(export)
        gone = actions.withdraw(export, now=timezone.now())
        assert (gone.state, ExportPart.objects.count()) == ("withdrawn", 0)


def test_ordering_making_and_dropping_are_events_of_the_trail_and_progress_is_not(acme, quick_press):
    export = ordered(acme)
    with schemas.inside(acme):
        events = [event.document for event in Event.objects.filter(obj="audit_export").order_by("ver")]
    assert [event["new"]["state"] for event in events] == ["waiting", "running", "ready"]
    assert events[0]["reason"] == "Inspection by the authority"
    assert all("done" not in event["new"] for event in events)
    assert export.done == export.total == 2 * export.event_count


def test_one_export_of_a_person_at_a_time(in_acme):
    asked = {"since": None, "until": None, "time_zone": "UTC", "actor": cast.person("ann").actor}
    actions.order(**asked, now=NOW, reason="Inspection")
    with pytest.raises(actions.ExportRefused, match="still being made"):
        actions.order(**asked, now=NOW, reason="Inspection")


def test_a_service_orders_no_copy(in_acme):
    with pytest.raises(actions.ExportRefused, match="Only a person"):
        actions.order(
            since=None, until=None, time_zone="UTC", actor=context.service("clock"), now=NOW, reason="Inspection"
        )


def test_without_a_signed_head_the_export_fails_and_says_what_to_do(in_acme):
    export = actions.order(
        since=None, until=None, time_zone="UTC", actor=cast.person("ann").actor, now=NOW, reason="Inspection"
    )
    actions.do_due(NOW)
    export.refresh_from_db()
    assert (export.state, export.due_at) == ("failed", None)
    assert "no signed head yet" in export.failure


def test_too_many_events_are_refused_with_the_limit(acme, monkeypatch, quick_press):
    monkeypatch.setattr(writing, "MOST_EVENTS", 10)
    with pytest.raises(AssertionError, match="a file holds 10"):
        ordered(acme)


def test_without_a_press_the_export_says_why_there_is_no_paper_and_holds_all_the_same(acme, tmp_path, monkeypatch):
    def jammed(**values):
        raise PrintingFailed("The press is jammed.")

    monkeypatch.setattr(writing.typesetting, "pdf_of", jammed)
    folder = unpacked(file_of(acme, ordered(acme)), tmp_path / "export")
    assert "The press is jammed." in (folder / writing.NO_PAPER).read_text()
    assert not (folder / "trail.pdf").exists()
    assert checked(folder)[0] == 0


def test_an_export_that_cannot_be_made_fails_with_the_reason_and_leaves_no_part(acme, monkeypatch):
    def jammed(**values):
        raise RuntimeError("The press is jammed")

    monkeypatch.setattr(writing.typesetting, "pdf_of", jammed)
    with pytest.raises(AssertionError, match="The press is jammed"):
        ordered(acme)
    with schemas.inside(acme):
        assert ExportPart.objects.count() == 0


def test_an_export_whose_maker_was_lost_is_begun_anew_three_times_at_most(acme, monkeypatch, quick_press):
    def lost(*args, **values):
        raise KeyboardInterrupt

    with schemas.inside(acme):
        sequencer.sequence(now=NOW)
        export = actions.order(
            since=None, until=None, time_zone="UTC", actor=cast.person("ann").actor, now=NOW, reason="Inspection"
        )
        with monkeypatch.context() as patch:
            patch.setattr(writing, "write", lost)
            at = NOW
            for _ in range(actions.TRIES):
                with pytest.raises(KeyboardInterrupt):
                    actions.do_due(at)
                assert actions.do_due(at) == 0
                at = queries.next_due()
        assert actions.do_due(at) == 1
        export.refresh_from_db()
    assert (export.state, export.failure) == ("failed", "Making the file was interrupted 3 times.")


@pytest.mark.req("AT-18")
def test_an_export_holds_nothing_of_another_tenant(acme, globex, tmp_path, quick_press):
    with schemas.inside(globex):
        write(3, reason="A word of Globex")
        sequencer.sequence(now=NOW)
    content = (unpacked(file_of(acme, ordered(acme)), tmp_path / "export") / "events.jsonl").read_text()
    assert {json.loads(line)["tenant"] for line in content.splitlines()} == {acme.schema_name}
    assert "A word of Globex" not in content
    with schemas.inside(globex):
        assert Export.objects.count() == 0
