"""The public door and the workspace, through a browser's eyes."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from audit import context
from audit.subject_keys import actions as subject_keys
from tenants import schemas
from tests.trust_center.document_requests.mailbox import (
    STAFF,
    asked,
    fresh,
    granted,
    mails,
    newest,
    received,
    shelf,
    token_in,
)
from trust_center.document_requests import actions, forms
from trust_center.document_requests.models import DocumentRequest, Download, Grant
from trust_center.document_requests.states import State
from trust_center.documents.states import Kind

pytestmark = pytest.mark.django_db
FORM = "/documents/request/"
HOSTILE = [
    "🦄 Ünïcode",
    "<script>alert(1)</script>",
    "'; DROP TABLE trust_center_documentrequest; --",
    "{{ 7|add:7 }}",
]


@pytest.fixture(autouse=True)
def _on_platform(platform):
    """Requests live in Complere's own schema."""


@pytest.fixture
def visitor(stranger):
    return stranger("localhost")


def filled(**changes):
    opened = forms.stamp(timezone.now() - timedelta(minutes=1))
    given = {
        "documents": ["dpa"],
        "name": "Ada Buyer",
        "email": "ada@buyer.example",
        "company": "Buyer Ltd",
        "country": "JP",
        "customer": "no",
        "purpose": "evaluation",
        "message": "",
        "stamp": opened,
    }
    return {**given, **changes}


def path_in(mail):
    return urlsplit(f"http://localhost:8000/documents/{mail.body.split('/documents/', 1)[1].split()[0]}").path


# The list and the form


def test_the_list_shows_four_documents_with_version_and_classification(visitor):
    shelf(Kind.DPA)
    page = visitor.get("/documents/").content.decode()
    assert [title in page for title in ("Data Processing Addendum", "Security overview", "In preparation")] == [
        True
    ] * 3
    assert "In preparation" in page
    assert "/documents/request/?document=sla" in page


@pytest.mark.parametrize(
    ("asked_for", "checked"),
    [("dpa", ["dpa"]), ("overview", ["security-overview"]), ("questionnaire-response", ["questionnaire"]), ("<x>", [])],
)
def test_a_link_preselects_its_document(visitor, asked_for, checked):
    form = visitor.get(FORM, {"document": asked_for}).context["form"]
    assert form.initial["documents"] == checked


def test_the_form_shows_the_due_instant_and_why_before_anything_is_sent(visitor):
    promised = visitor.get(FORM).context["promised"]
    assert promised["region"] == "EU Central (Frankfurt)"
    assert len(promised["clock"]["steps"]) == 3
    assert promised["clock"]["at"] > timezone.now()


def test_a_request_goes_from_form_to_confirmed_page(visitor):
    assert visitor.post(FORM, filled()).url == "/documents/request/sent/"
    assert visitor.get("/documents/request/sent/").status_code == 200
    path = path_in(newest("document-confirm"))
    assert visitor.get(path).status_code == 200
    assert DocumentRequest.objects.get().state == State.AWAITING_CONFIRMATION
    status = visitor.post(path)
    assert status.status_code == 302
    page = visitor.get(status.url)
    assert page.context["clock"]["at"] == DocumentRequest.objects.get().due_at
    assert visitor.get(path).url == status.url
    assert visitor.post(path).url == status.url


def test_an_empty_form_names_every_field_and_keeps_nothing(visitor):
    answer = visitor.post(FORM, {"stamp": filled()["stamp"]})
    assert answer.status_code == 422
    assert sorted(answer.context["form"].errors) == [
        "company",
        "country",
        "customer",
        "documents",
        "email",
        "name",
        "purpose",
    ]
    assert DocumentRequest.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"documents": ["dpa", "passwords"]},
        {"country": "EU"},
        {"country": "ZZ"},
        {"purpose": "spying"},
        {"customer": "maybe"},
        {"email": "ada@buyer.example\nBcc: all@buyer.example"},
        {"email": "not an address"},
        {"name": "Ada\nBuyer"},
        {"name": "Ada\x00Buyer"},
        {"company": "x" * 161},
        {"message": "x" * 2001},
        {"message": "\x00"},
    ],
)
def test_wrong_input_is_named_beside_its_field_and_nothing_typed_is_lost(visitor, wrong):
    answer = visitor.post(FORM, filled(**wrong))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert answer.context["form"]["company"].value() == wrong.get("company", "Buyer Ltd")
    assert mails() == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_text(visitor, sign_in, text):
    visitor.post(FORM, filled(name=text, company=text, message=text))
    actions.confirm(token_in(newest("document-confirm")), now=timezone.now())
    record = DocumentRequest.objects.select_related("subject_key").get()
    assert (record.name, record.message) == (text, text)
    page = sign_in("leo").get(reverse("document-request", urlconf="complere.urls.platform", args=[record.pk]))
    assert page.status_code == 200
    assert b"<script>alert" not in page.content


def test_a_form_that_was_open_too_long_is_answered_with_the_same_words_in_a_fresh_one(visitor):
    answer = visitor.post(FORM, filled(stamp="forged"))
    assert answer.status_code == 422
    again = answer.context["form"].data
    assert (again["name"], answer.context["form"].non_field_errors()[0]) == (
        "Ada Buyer",
        "This page was open for too long. Send it again.",
    )
    assert visitor.post(FORM, again.dict() | {"documents": ["dpa"]}).status_code == 302


def test_a_form_sent_faster_than_a_person_can_is_held_back(visitor):
    answer = visitor.post(FORM, filled(stamp=forms.stamp(timezone.now())))
    assert (answer.status_code, DocumentRequest.objects.count()) == (422, 0)


def test_a_filled_trap_looks_like_success_and_keeps_nothing(visitor):
    assert visitor.post(FORM, filled(website="http://spam.example")).url == "/documents/request/sent/"
    assert (DocumentRequest.objects.count(), mails()) == (0, [])


def test_the_same_form_sent_twice_asks_once(visitor):
    given = filled()
    assert [visitor.post(FORM, given).status_code for _ in range(2)] == [302, 302]
    assert DocumentRequest.objects.count() == 1


def test_one_mailbox_gets_five_mails_an_hour_at_most(visitor):
    answers = [visitor.post(FORM, filled(message=str(n))).status_code for n in range(6)]
    assert answers == [302] * 5 + [429]


def test_one_network_address_sends_twenty_forms_an_hour_at_most(visitor):
    answers = [visitor.post(FORM, filled(email=f"p{n}@buyer.example")).status_code for n in range(21)]
    assert answers == [302] * 20 + [429]


# Behind mailed links


@pytest.mark.parametrize("name", ["confirm", "requests", "links"])
@pytest.mark.parametrize("token", ["unknown", "x" * 500, "%00", "🦄"])
def test_an_unknown_token_answers_404(visitor, name, token):
    assert visitor.get(f"/documents/{name}/{token}/").status_code == 404


def test_the_requester_answers_a_question_on_the_page(visitor):
    record = asked(received(timezone.now()), timezone.now())
    path = path_in(newest("document-enquiry"))
    assert b"Which plant is it for?" in visitor.get(path).content
    assert visitor.post(f"{path}answer/", {"answer": ""}).status_code == 422
    assert visitor.post(f"{path}answer/", {"answer": "Kobe"}).status_code == 302
    assert fresh(record).state == State.RECEIVED
    assert visitor.post(f"{path}answer/", {"answer": "Osaka"}).status_code == 409


def test_the_requester_withdraws_once(visitor):
    record = received(timezone.now())
    path = path_in(newest("document-received"))
    assert visitor.get(f"{path}withdraw/").status_code == 200
    assert visitor.post(f"{path}withdraw/").url == path
    assert fresh(record).state == State.WITHDRAWN
    assert visitor.post(f"{path}withdraw/").status_code == 409


def test_an_unconfirmed_request_shows_no_status(visitor):
    visitor.post(FORM, filled())
    token = token_in(newest("document-confirm"))
    assert visitor.get(f"/documents/requests/{token}/").status_code == 404


@pytest.fixture
def link(visitor):
    shelf()
    granted(received(timezone.now()), Kind.DPA, now=timezone.now())
    return path_in(newest("document-granted"))


@pytest.mark.req("DOC-05")
def test_a_granted_link_shows_the_document_and_downloads_it(visitor, link):
    assert visitor.get(link).status_code == 200
    assert Download.objects.count() == 0
    answer = visitor.post(f"{link}download/")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"%PDF-signed-dpa", "application/pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="Complere-DPA-v1.pdf"'
    assert "no-store" in answer["Cache-Control"]
    entry = Download.objects.select_related("subject_key").get()
    assert (entry.address, visitor.get(link).context["left"]) == ("127.0.0.1", 9)


def test_a_link_is_not_used_up_by_programs_that_open_it(visitor, link):
    for _ in range(20):
        visitor.get(link)
    assert visitor.get(f"{link}download/").status_code == 405
    assert Grant.objects.get().downloads == 0


def test_a_revoked_link_answers_410_with_a_reason(visitor, link):
    actions.revoke(Grant.objects.get(), actor=STAFF, now=timezone.now(), reason="Sent to the wrong person")
    for answer in (visitor.get(link), visitor.post(f"{link}download/")):
        assert answer.status_code == 410
        assert b"It was revoked." in answer.content


def test_an_expired_link_answers_410(visitor, link):
    with context.regulated_write(actor=STAFF, reason="Let it expire"):
        Grant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert visitor.get(link).status_code == 410


def test_a_link_outlives_the_requesters_erasure_without_showing_them(visitor, link):
    record = DocumentRequest.objects.select_related("subject_key").get()
    subject_keys.destroy(record.subject_key, actor=STAFF, now=timezone.now(), reason="Asked for erasure")
    page = visitor.get(link)
    assert page.status_code == 200
    assert b"Ada" not in page.content


# A tenant's workspace


def test_a_member_asks_with_identity_filled_in_and_sees_where_it_stands(acme, sign_in):
    cay = sign_in("cay")
    page = cay.get("/documents/request/?document=sla")
    assert [item["text"] for item in page.context["identity"]][:3] == ["Cay Member", "cay@acme.example", "Acme Pharma"]
    stamp = page.context["form"].initial["stamp"]
    assert cay.post(FORM, {"documents": ["sla"], "purpose": "review", "stamp": stamp}).status_code == 422
    sent = cay.post(FORM, {"documents": ["sla"], "purpose": "review", "stamp": aged(acme)})
    assert sent.status_code == 302
    assert cay.get(sent.url).context["clock"]["at"] > timezone.now()
    assert [row["name"] for row in cay.get("/documents/").context["rows"]] == ["Cay Member"]


def aged(tenant):
    with schemas.inside(tenant):
        return forms.stamp(timezone.now() - timedelta(minutes=1))


def test_a_stamp_of_another_host_is_not_taken(acme, sign_in):
    given = {"documents": ["sla"], "purpose": "review", "stamp": forms.stamp(timezone.now() - timedelta(minutes=1))}
    assert sign_in("cay").post(FORM, given).status_code == 422


def test_another_tenants_request_is_not_found(acme, globex, sign_in):
    cay, dov = sign_in("cay"), sign_in("dov")
    sent = cay.post(FORM, {"documents": ["sla"], "purpose": "review", "stamp": aged(acme)})
    assert [dov.get(sent.url).status_code, dov.post(f"{sent.url}withdraw/").status_code] == [404, 404]
    assert list(dov.get("/documents/").context["rows"]) == []


def test_the_workspace_asks_for_the_permission(acme, sign_in, stranger):
    assert sign_in("aud").get("/documents/").status_code == 403
    assert sign_in("aud").post(FORM, {}).status_code == 403
    assert stranger("acme.localhost").get("/documents/").status_code == 302


def test_a_member_answers_a_question_and_withdraws_in_the_workspace(acme, sign_in, platform):
    cay = sign_in("cay")
    path = cay.post(FORM, {"documents": ["sla"], "purpose": "review", "stamp": aged(acme)}).url
    with schemas.on_platform():
        record = asked(DocumentRequest.objects.get(), timezone.now())
    assert cay.get(path).context["question"] == "Which plant is it for?"
    assert cay.post(f"{path}answer/", {"answer": ""}).status_code == 422
    assert cay.post(f"{path}answer/", {"answer": "Kobe"}).status_code == 302
    assert cay.get(f"{path}withdraw/").status_code == 200
    assert cay.post(f"{path}withdraw/").status_code == 302
    with schemas.on_platform():
        assert fresh(record).state == State.WITHDRAWN
