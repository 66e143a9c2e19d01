import io
import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.db import DatabaseError
from django.utils.html import strip_tags
from pypdf import PdfReader

from audit import context
from audit.signatures import queries as signatures
from audit.transitions import MoveRefused
from tests import cast
from tests.trust_center import publishing
from tests.trust_center.documents import shelf
from tests.trust_center.documents.conftest import LOADER, NOW, ONE_PAGE
from trust_center.documents import actions, presenters, queries
from trust_center.documents.adapters import binding, printing, typesetting
from trust_center.documents.hashing import digest
from trust_center.documents.models import DocumentVersion
from trust_center.documents.states import Classification, Kind, State
from trust_center.subprocessor_register import actions as register_actions
from trust_center.updates.models import Update

pytestmark = pytest.mark.django_db
WHY = "Yearly review"


def author() -> context.Actor:
    return cast.person("tess").actor


def publish(version: DocumentVersion, *, who: str = "leo", now: datetime = NOW) -> DocumentVersion:
    return publishing.publish_version(version, who=who, now=now, reason=WHY)


def prepared(kind=Kind.SLA, **changes) -> DocumentVersion:
    given = {
        "effective_on": date(2026, 12, 1),
        "classification": Classification.RESTRICTED,
        "needs_nda": False,
        "changes": "Second version.",
        "actor": author(),
        "now": NOW,
        "reason": WHY,
    }
    return actions.prepare(kind=kind, **{**given, **changes})


def printed(kind=Kind.SLA, **changes) -> DocumentVersion:
    version = prepared(kind, **changes)
    actions.print_due(NOW)
    return queries.version(version.pk)


def text_of(version: DocumentVersion) -> str:
    """The words of the page that is printed."""
    html = typesetting.page_of(DocumentVersion.objects.get(pk=version.pk))
    return re.sub(r"\s+", " ", unescape(strip_tags(html)))


@pytest.mark.req("DOC-05")
def test_four_whole_documents_are_printed_and_wait_for_a_signature(register):
    actions.load_first_versions(actor=LOADER, now=NOW)
    assert actions.print_due(NOW) == 4
    versions = queries.current_versions()
    assert sorted(version.document.kind for version in versions) == ["dpa", "questionnaire", "security-overview", "sla"]
    assert (queries.published(), {version.state for version in versions}) == ({}, {State.DRAFT})
    for version in versions:
        pdf = queries.pdf_of(version)
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
        assert (version.sha256, version.pages, 4 <= len(pages) <= 12) == (digest(pdf), len(pages), True)
        assert "Contents" in pages[1]
        assert f"2 / {len(pages)}" in pages[1]
        assert f"Version {version.number}" in pages[2]


def test_the_first_versions_are_printed_once(register, quick_press):
    assert [version.number for version in actions.load_first_versions(actor=LOADER, now=NOW)] == [1, 1, 1, 1]
    assert actions.print_due(NOW) == 4
    assert actions.load_first_versions(actor=LOADER, now=NOW) == []
    assert actions.print_due(NOW) == 0
    assert queries.next_print_at() is None


def test_a_published_version_names_who_prepared_and_who_published_it(published):
    version = published[Kind.DPA]
    assert (version.prepared_by, version.published_by) == ("loader (service)", "Leo Legal (Legal)")


@pytest.mark.req("SUB-07")
def test_the_dpa_holds_every_clause_and_the_current_sub_processors(published):
    text = text_of(published[Kind.DPA])
    for clause in "abcdefgh":
        assert f"28(3)({clause})" in text, clause
    for vendor in ("Vendor SP-01 <GmbH>", "Vendor SP-02 <GmbH>"):
        assert vendor in text
    for part in ("Annex I:", "Annex II:", "Annex III:", "Annex IV:", "2021/914", "at least 30 days", "72 hours"):
        assert part in text, part


def test_the_overview_holds_every_commitment_in_its_published_wording(published):
    text = text_of(published[Kind.SECURITY_OVERVIEW])
    for code in ("C04", "C10"):
        assert f"We promise what {code} says." in text
        assert f"It is kept by what {code} does." in text


def test_what_comes_from_data_is_escaped(published):
    html = typesetting.page_of(DocumentVersion.objects.get(document__kind="dpa"))
    assert "Vendor SP-01 &lt;GmbH&gt;" in html
    assert "<GmbH>" not in html


def test_the_same_version_prints_the_same_bytes(register):
    version = printed()
    fresh = DocumentVersion.objects.get(pk=version.pk)
    assert printing.pdf_of(typesetting.page_of(fresh))[1] == bytes(fresh.pdf)


def test_a_document_has_one_version_in_the_making(register):
    prepared()
    with pytest.raises(actions.VersionRefused, match="Version 1 is not published yet"):
        prepared()


def test_the_author_does_not_publish(register, quick_press):
    version = printed()
    with pytest.raises(actions.VersionRefused, match="another person"):
        publish(version, who="tess")
    assert queries.published() == {}


def test_publishing_supersedes_the_version_before_and_tells_the_public(register, quick_press):
    first = printed()
    publish(first)
    second = printed(changes="Shorter answers.")
    publish(second)
    assert (queries.version(first.pk).state, queries.published()[Kind.SLA].pk) == (State.SUPERSEDED, second.pk)
    told = Update.objects.filter(topic="documents").order_by("pk").values_list("title", flat=True)
    assert sorted(told) == ["Service Level Agreement: version 1", "Service Level Agreement: version 2"]


def test_a_version_is_published_once(register, quick_press):
    version = publish(printed())
    with pytest.raises(MoveRefused):
        publish(version)


def test_a_version_that_is_not_printed_is_not_published(register):
    with pytest.raises(MoveRefused):
        publish(prepared())


def test_a_discarded_number_is_not_used_again(register, quick_press):
    actions.retire(printed(), actor=author(), now=NOW, reason="Wrong figures")
    assert prepared().number == 2


def test_missing_libraries_end_in_a_state_that_says_so_and_can_be_tried_again(register, monkeypatch):
    def missing(html):
        raise printing.LibrariesMissing("Install Pango")

    monkeypatch.setattr(actions.printing, "pdf_of", missing)
    version = printed()
    assert (version.state, version.failure, version.sha256) == (State.FAILED, "Install Pango", "")
    monkeypatch.setattr(actions.printing, "pdf_of", lambda html: (1, ONE_PAGE))
    actions.try_again(version, actor=author(), now=NOW, reason="Pango is installed now")
    actions.print_due(NOW)
    assert (queries.version(version.pk).state, queries.version(version.pk).failure) == (State.DRAFT, "")


def test_a_press_that_dies_gives_its_work_back_and_gives_up_after_three_times(register, monkeypatch):
    class PowerCutError(BaseException):
        pass

    def die(html):
        raise PowerCutError

    version = prepared()
    monkeypatch.setattr(actions.printing, "pdf_of", die)
    for attempt in range(3):
        moment = NOW + attempt * actions.LEASE
        assert queries.next_print_at() == (moment if attempt else NOW)
        with pytest.raises(PowerCutError):
            actions.print_due(moment)
    actions.print_due(NOW + 3 * actions.LEASE)
    assert (queries.version(version.pk).state, queries.next_print_at()) == (State.FAILED, None)


def test_two_presses_leave_one_pdf(register, quick_press):
    version = prepared()
    claimed = actions._claim(NOW)
    actions.print_due(NOW + actions.LEASE)
    before = queries.version(version.pk).sha256
    actions._print(claimed, NOW + actions.LEASE)
    assert (queries.version(version.pk).sha256, before != "") == (before, True)


def test_a_change_of_the_register_leaves_the_dpa_behind_until_a_new_version(published):
    public = DocumentVersion.objects.get(document__kind="dpa", state=State.PUBLISHED)
    assert presenters.behind(public, NOW) == []
    added = register_actions.load(
        shelf.listing("SP-03", 3), digest="SP-03", first=True, actor=LOADER, now=NOW, reason="One more"
    )
    assert added == "published"
    assert presenters.behind(public, NOW) == ["the sub-processor register"]
    publish(printed(Kind.DPA), now=NOW + timedelta(hours=1))
    public = DocumentVersion.objects.get(document__kind="dpa", state=State.PUBLISHED)
    assert presenters.behind(public, NOW) == []
    assert "Vendor SP-03" in text_of(public)


def test_the_history_names_author_press_and_publisher_and_holds_no_bytes(register, quick_press):
    version = publish(printed())
    rows = list(version.history.order_by("history_id"))
    assert [(row.state, row.history_user_id) for row in rows] == [
        (State.PREPARING, cast.person("tess").pk),
        (State.DRAFT, None),
        (State.PUBLISHED, cast.person("leo").pk),
    ]
    assert not hasattr(rows[-1], "pdf")


@pytest.mark.req("P11-50a", "P11-50b", "P11-70")
def test_the_file_given_out_is_the_signed_pdf_with_a_page_that_prints_the_signature(register):
    version = publish(printed())
    signature = signatures.of_record(version).get()
    copy = actions.signed_copy(version, now=NOW)
    given, signed = PdfReader(io.BytesIO(bytes(copy.pdf))), PdfReader(io.BytesIO(queries.pdf_of(version)))
    assert (len(given.pages), copy.pages, copy.sha256) == (len(signed.pages) + 1, len(given.pages), digest(copy.pdf))
    before = [page.extract_text() for page in signed.pages]
    assert [page.extract_text() for page in given.pages[:-1]] == before
    last = " ".join(given.pages[-1].extract_text().split())
    joined = last.replace(" ", "")
    for words in ("Leo Legal, Legal", "I approve this for use", "10:00:00 CET", "09:00:00 UTC", "Europe/Berlin"):
        assert words in last, words
    for digits in (signature.intent_digest, version.sha256, str(version.pk), f"/signatures/{signature.pk}/"):
        assert digits in joined, digits


def test_the_same_signatures_give_the_same_file(register):
    version = publish(printed())
    first = actions.signed_copy(version, now=NOW)
    page = printing.pdf_of(typesetting.signature_page_of(version))[1]
    assert binding.bind(queries.pdf_of(version), page)[1] == bytes(first.pdf)


def test_signed_copies_are_made_by_the_chore_once(register, quick_press):
    version = publish(printed())
    assert (queries.next_copy_at(), actions.make_copies(NOW), actions.make_copies(NOW)) == (NOW, 1, 0)
    assert (queries.next_copy_at(), queries.signed_copy(version).pages) == (None, 2)


def test_a_signature_page_that_cannot_be_printed_is_tried_again_later(register, quick_press, monkeypatch):
    version = publish(printed())

    def missing(html):
        raise printing.LibrariesMissing("Install Pango")

    monkeypatch.setattr(actions.printing, "pdf_of", missing)
    assert (actions.make_copies(NOW), queries.next_copy_at()) == (1, NOW + actions.LEASE)
    with pytest.raises(MoveRefused, match="still being printed"):
        actions.signed_copy(version, now=NOW)
    monkeypatch.setattr(actions.printing, "pdf_of", lambda html: (1, ONE_PAGE))
    assert (actions.make_copies(NOW + actions.LEASE), queries.next_copy_at()) == (1, None)


@pytest.mark.req("P11-70")
@pytest.mark.parametrize("change", [{"changes": "Other words."}, {"sha256": "0" * 64}, {"number": 7}])
def test_what_was_signed_cannot_be_changed_afterwards(register, quick_press, change):
    version = publish(printed())
    with pytest.raises(DatabaseError) as refused, context.regulated_write(actor=author(), reason="Sneak it in"):
        DocumentVersion.objects.filter(pk=version.pk).update(**change)
    assert refused.value.__cause__.sqlstate == "AU105"
