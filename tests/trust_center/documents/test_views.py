"""The desk of documents."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tests import signing_desk
from tests.trust_center.documents import shelf
from tests.trust_center.documents.conftest import LOADER, NOW
from trust_center.documents import actions, queries
from trust_center.documents.models import DocumentVersion
from trust_center.documents.states import Kind, State
from trust_center.subprocessor_register import actions as register_actions

pytestmark = pytest.mark.django_db
DESK = "/console/documents/"


def form(**changes):
    given = {
        "effective_on": (timezone.now() + timedelta(days=7)).date().isoformat(),
        "classification": "restricted",
        "changes": "Shorter clauses.",
        "reason": "Yearly review",
    }
    return {**given, **changes}


def newest(kind="dpa"):
    return DocumentVersion.objects.filter(document__kind=kind).order_by("-number").first()


@pytest.mark.parametrize(
    ("who", "sees", "edits", "publishes"),
    [
        ("tess", 200, 200, 200),
        ("leo", 200, 403, 200),
        ("stan", 200, 403, 403),
        ("pat", 200, 403, 403),
        ("sam", 403, 403, 403),
        ("sup", 403, 403, 403),
    ],
)
def test_who_may_see_edit_and_publish(sign_in, published, who, sees, edits, publishes):
    client, version = sign_in(who), newest()
    seen = [f"{DESK}", f"{DESK}dpa/", f"{DESK}versions/{version.pk}/pdf/"]
    assert [client.get(path).status_code for path in seen] == [sees] * 3
    assert client.get(f"{DESK}dpa/new-version/").status_code == edits
    assert client.get(f"{DESK}versions/{version.pk}/withdraw/").status_code == publishes


def test_the_list_takes_few_queries_and_shows_what_is_behind(sign_in, published, django_assert_max_num_queries):
    register_actions.load(
        shelf.listing("SP-03", 3), digest="SP-03", first=True, actor=LOADER, now=NOW, reason="One more"
    )
    tess = sign_in("tess")
    with django_assert_max_num_queries(14):
        page = tess.get(DESK)
    behind = {row["document"].kind: row["behind"] for row in page.context["rows"]}
    assert behind["dpa"] == ["the sub-processor register"]
    assert behind["sla"] == []
    assert "The DPA is behind the sub-processor register" in tess.get(f"{DESK}dpa/").content.decode()


def test_a_new_version_goes_from_form_to_draft_to_published_by_another_person(sign_in, published):
    tess, leo = sign_in("tess"), sign_in("leo")
    assert tess.post(f"{DESK}dpa/new-version/", form()).url == f"{DESK}dpa/"
    assert b"being printed" in tess.get(f"{DESK}dpa/").content
    actions.print_due(timezone.now())
    version = newest()
    where = f"{DESK}versions/{version.pk}/publish/"
    refused = signing_desk.sign(tess, "tess", where, at=timezone.now(), reason="Yearly review")
    assert (refused.status_code, refused.context["form"].non_field_errors()) == (
        422,
        ["You wrote what is to be approved: another person signs it."],
    )
    assert signing_desk.sign(leo, "leo", where, at=timezone.now(), reason="").status_code == 422
    sent = signing_desk.answer(leo.get(where), "leo", at=timezone.now(), reason="Read and agreed")
    assert leo.post(where, sent).url == f"{DESK}dpa/"
    assert leo.post(where, sent).status_code == 409
    page = leo.get(f"{DESK}dpa/").content.decode()
    assert ("Leo Legal, Legal" in page, "I approve this for use" in page) == (True, True)
    assert queries.published()[Kind.DPA].number == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"effective_on": ""},
        {"effective_on": "soon"},
        {"effective_on": "2020-01-01"},
        {"effective_on": "9999-12-31"},
        {"classification": "secret"},
        {"changes": ""},
        {"changes": "x" * 301},
        {"changes": "\x00"},
        {"reason": "...."},
    ],
)
def test_a_version_with_wrong_input_is_refused_beside_its_field(sign_in, published, wrong):
    answer = sign_in("tess").post(f"{DESK}dpa/new-version/", form(**wrong))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, list(wrong))
    assert newest().number == 1


def test_a_second_version_in_the_making_is_refused(sign_in, published):
    tess = sign_in("tess")
    answers = [tess.post(f"{DESK}sla/new-version/", form()).status_code for _ in range(2)]
    assert (answers, newest("sla").number) == ([302, 422], 2)


def test_the_pdf_is_shown_inline_or_downloaded_by_its_name(sign_in, published):
    tess, version = sign_in("tess"), newest()
    shown = tess.get(f"{DESK}versions/{version.pk}/pdf/")
    kept = tess.get(f"{DESK}versions/{version.pk}/pdf/?download")
    assert shown["Content-Disposition"] == 'inline; filename="Complere-DPA-v1.pdf"'
    assert kept["Content-Disposition"] == 'attachment; filename="Complere-DPA-v1.pdf"'
    assert shown.content == kept.content == bytes(queries.signed_copy(version).pdf)
    signed = tess.get(f"{DESK}versions/{version.pk}/as-signed/")
    assert signed["Content-Disposition"] == 'attachment; filename="as-signed-Complere-DPA-v1.pdf"'
    assert signed.content == queries.pdf_of(version)


def test_withdrawing_ends_a_published_version_only(sign_in, published):
    leo, version = sign_in("leo"), newest()
    assert sign_in("tess").post(f"{DESK}versions/{version.pk}/discard/", {"reason": "Wrong"}).status_code == 409
    assert leo.post(f"{DESK}versions/{version.pk}/withdraw/", {"reason": "Wrong annex"}).status_code == 302
    assert leo.post(f"{DESK}versions/{version.pk}/withdraw/", {"reason": "Wrong annex"}).status_code == 409
    assert queries.version(version.pk).state == State.RETIRED


def test_a_draft_is_discarded(sign_in, published):
    tess = sign_in("tess")
    tess.post(f"{DESK}sla/new-version/", form())
    actions.print_due(timezone.now())
    version = newest("sla")
    assert tess.get(f"{DESK}versions/{version.pk}/discard/").status_code == 200
    assert tess.post(f"{DESK}versions/{version.pk}/discard/", {"reason": "Not needed"}).status_code == 302
    assert queries.version(version.pk).state == State.RETIRED
    assert tess.post(f"{DESK}versions/{version.pk}/print-again/", {"reason": "Again"}).status_code == 409


def test_what_is_not_there_is_not_found(sign_in, published):
    tess = sign_in("tess")
    missing = [f"{DESK}nothing/", f"{DESK}nothing/new-version/", f"{DESK}versions/{uuid4()}/pdf/"]
    assert [tess.get(path).status_code for path in missing] == [404] * 3


def test_a_version_without_pdf_has_none_to_show(sign_in, register):
    version = actions.prepare(
        kind=Kind.SLA,
        effective_on=date(2026, 12, 1),
        classification="restricted",
        needs_nda=False,
        changes="First version.",
        actor=LOADER,
        now=NOW,
        reason="Yearly review",
    )
    assert sign_in("tess").get(f"{DESK}versions/{version.pk}/pdf/").status_code == 404


def test_the_desk_without_documents_says_when_there_will_be_some(sign_in, platform):
    assert b"ordered once the statements are published" in sign_in("tess").get(DESK).content


def test_the_history_of_a_document_tells_its_versions(sign_in, published):
    page = sign_in("tess").get(f"/console/history/trust_center.document/{queries.by_kind('dpa').pk}/")
    assert page.status_code == 200
    assert b"Published" in page.content
