import pytest

from tenants import schemas
from tenants.members.contacts import queries
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
CORA = {"full_name": "Cora Contact", "email": "cora@acme.example", "phone": "", "reason": "Named by the management"}


@pytest.mark.parametrize(("key", "status"), [("ann", 200), ("ben", 200), ("sid", 200), ("cay", 403), ("aud", 403)])
def test_each_role_keeps_contacts_as_the_catalogue_says(acme, sign_in, key, status):
    browser = sign_in(key)
    assert [browser.get(path).status_code for path in ("/contacts/", "/contacts/security/")] == [status, status]
    if status == 403:
        assert browser.post("/contacts/security/", CORA).status_code == 403
        assert browser.post("/contacts/security/ask-again/").status_code == 403


def test_a_contact_is_named_confirms_by_the_mailed_link_and_is_shown_as_confirmed(acme, sign_in, stranger):
    browser, contact = sign_in("ann"), stranger("acme.localhost")
    assert "Not named" in browser.get("/contacts/").content.decode()
    assert browser.post("/contacts/security/", CORA).status_code == 302
    assert "Not confirmed" in browser.get("/contacts/").content.decode()
    with schemas.inside(acme):
        path = mails.path_in(mails.newest("contact-verification"))
    assert contact.get(path).status_code == 200
    with schemas.inside(acme):
        assert queries.by_kind("security").verified_at is None, "opening a link must change nothing"
    assert contact.post(path).headers["Location"] == "/contacts/confirmed/"
    assert contact.get("/contacts/confirmed/").status_code == 200
    assert [contact.post(path).status_code, contact.get(path).status_code] == [410, 410]
    assert "Counts until" in browser.get("/contacts/").content.decode()


@pytest.mark.parametrize("token", ["x", "confirmed", "x" * 3000, "%00", "'%20OR%201=1"])
def test_a_link_that_was_never_sent_answers_404(acme, stranger, token):
    browser = stranger("acme.localhost")
    path = f"/contacts/confirm/{token}/"
    assert [browser.get(path).status_code, browser.post(path).status_code] == [404, 404]


def test_a_link_of_another_tenant_answers_404(acme, globex, sign_in, stranger):
    sign_in("ann").post("/contacts/security/", CORA)
    with schemas.inside(acme):
        path = mails.path_in(mails.newest("contact-verification"))
    outsider = stranger("globex.localhost")
    assert [outsider.get(path).status_code, outsider.post(path).status_code] == [404, 404]


@pytest.mark.parametrize(
    "change",
    [
        {"full_name": ""},
        {"full_name": "a\x00b"},
        {"full_name": "x" * 10_000},
        {"email": "none"},
        {"email": "<script>"},
        {"phone": "1" * 41},
        {"reason": ""},
        {"reason": "none"},
    ],
)
def test_a_bad_contact_is_refused_beside_the_field_and_nothing_is_lost(acme, sign_in, change):
    answer = sign_in("ann").post("/contacts/privacy/", {**CORA, "phone": "+49 30 1234", **change})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    if "phone" not in change:
        assert 'value="+49 30 1234"' in answer.content.decode()
    with schemas.inside(acme):
        assert queries.by_kind("privacy") is None


@pytest.mark.parametrize("name", ["Cora 😀", "<img src=x onerror=alert(1)>", "'; DROP TABLE members_contact; --"])
def test_any_name_is_shown_as_text(acme, sign_in, name):
    browser = sign_in("ann")
    assert browser.post("/contacts/security/", {**CORA, "full_name": name}).status_code == 302
    assert "<img src=x" not in browser.get("/contacts/").content.decode()


@pytest.mark.parametrize("path", ["/contacts/other/", "/contacts/none-such/ask-again/"])
def test_there_are_two_kinds_of_contacts_and_no_third(acme, sign_in, path):
    assert sign_in("ann").post(path, CORA).status_code == 404


def test_asking_again_at_once_is_refused_with_409_and_a_missing_contact_with_404(acme, sign_in):
    browser = sign_in("ann")
    assert browser.post("/contacts/security/ask-again/").status_code == 404
    browser.post("/contacts/security/", CORA)
    assert browser.post("/contacts/security/ask-again/").status_code == 409
    assert browser.get("/contacts/security/ask-again/").status_code == 405


def test_complere_keeps_contacts_of_its_own(platform, sign_in):
    browser = sign_in("sam")
    assert browser.post("/console/contacts/security/", CORA).status_code == 302
    assert mails.link_in(mails.newest("contact-verification")).startswith(
        "http://localhost:8000/console/contacts/confirm/"
    )
