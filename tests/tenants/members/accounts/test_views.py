from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts import actions
from tenants.members.accounts.models import PasswordReset
from tests import cast
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
NEW = "eleven purple umbrellas"


def enter(client: Client, email: str, password: str = cast.PASSWORD, prefix: str = "", **changes: str):
    return client.post(f"{prefix}/sign-in/", {"email": email, "password": password, **changes})


@pytest.mark.req("P11-300c")
def test_signing_out_everywhere_ends_the_other_browser_too(acme, sign_in):
    here, there = sign_in("ann"), sign_in("ann")
    assert here.post("/account/sign-out-everywhere/").status_code == 302
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (302, 302)


def test_a_changed_password_keeps_this_session_and_ends_the_others(acme, sign_in):
    here, there = sign_in("ann"), sign_in("ann")
    answer = here.post("/account/password/", {"current": cast.PASSWORD, "password": NEW, "again": NEW})
    assert answer.status_code == 302
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (200, 302)


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        ("short", "short", "at least 12 characters"),
        ("password1234", "password1234", "too common"),
        ("ann and several more", "ann and several more", ""),
        ("my name is Admin!", "my name is Admin!", "Leave your name"),
        ("complere complere", "complere complere", "Leave your name"),
        ("i work for acme since may", "i work for acme since may", "Leave your name"),
        ("Pharma is my business", "Pharma is my business", "Leave your name"),
        (cast.PASSWORD, cast.PASSWORD, "This is your password now"),
        ("x" * 201, "x" * 201, "at most 200"),
        (NEW, "something different", "differ"),
        (NEW, "", "second time"),
        ("", "", "at least 12 characters"),
    ],
)
def test_a_weak_or_mistyped_password_is_refused_beside_its_field(acme, sign_in, password, again, says):
    answer = sign_in("ann").post("/account/password/", {"current": cast.PASSWORD, "password": password, "again": again})
    if says:
        assert answer.status_code == 422
        assert says in answer.content.decode()
    else:
        assert answer.status_code == 302


def reset_path(tenant, email: str) -> str:
    with schemas.inside(tenant):
        actions.request_password_reset(email=email, address="192.0.2.1", now=timezone.now())
        return mails.path_in(mails.newest("password-reset"))


def test_the_mailed_link_sets_a_password_and_a_second_use_says_that_it_is_over(acme, stranger):
    path = reset_path(acme, "ann@acme.example")
    browser = stranger("acme.localhost")
    assert browser.get(path).status_code == 200
    assert browser.get(path).status_code == 200
    answer = browser.post(path, {"password": NEW, "again": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    again = browser.post(path, {"password": "another fine password", "again": "another fine password"})
    assert again.status_code == 410
    assert "/password-reset/" in again.content.decode()
    assert browser.get(path).status_code == 410
    assert enter(browser, "ann@acme.example", NEW).headers["Location"] == "/sign-in/second-step/"


def test_a_weak_password_does_not_use_the_link_up(acme, stranger):
    path = reset_path(acme, "ann@acme.example")
    browser = stranger("acme.localhost")
    assert browser.post(path, {"password": "short", "again": "short"}).status_code == 422
    assert browser.post(path, {}).status_code == 422
    assert browser.post(path, {"password": NEW, "again": NEW}).status_code == 302


def test_an_expired_link_answers_410_with_a_way_on(acme, stranger):
    path = reset_path(acme, "ann@acme.example")
    with schemas.inside(acme):
        PasswordReset.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = stranger("acme.localhost").get(path)
    assert answer.status_code == 410
    assert "hold for one hour" in answer.content.decode()


@pytest.mark.parametrize("page", ["/password-reset/{}/", "/invitation/{}/"])
@pytest.mark.parametrize("token", ["x", "x" * 2000, "%00", "%F0%9F%98%80", "'%20OR%201=1"])
def test_a_token_that_was_never_sent_answers_404(acme, stranger, page, token):
    assert stranger("acme.localhost").get(page.format(token)).status_code == 404


def test_a_link_of_another_tenant_answers_404_also_when_posted(acme, globex, stranger):
    path = reset_path(acme, "ann@acme.example")
    outsider = stranger("globex.localhost")
    assert outsider.get(path).status_code == 404
    assert outsider.post(path, {"password": NEW, "again": NEW}).status_code == 404


def test_an_invited_person_sets_a_password_and_signs_in(acme, sign_in, stranger):
    sign_in("ann").post(
        "/people/invite/",
        {"full_name": "Nia New", "email": "nia@acme.example", "roles": ["member"], "reason": "Joined the team"},
    )
    with schemas.inside(acme):
        path = mails.path_in(mails.newest("invitation"))
    browser = stranger("acme.localhost")
    assert "Welcome, Nia New" in browser.get(path).content.decode()
    assert browser.post(path, {"password": NEW, "again": NEW}).status_code == 302
    assert enter(browser, "nia@acme.example", NEW).status_code == 302
    assert browser.post(path, {"password": NEW, "again": NEW}).status_code == 410


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b", "two\nlines\rhere"])
def test_a_name_that_cannot_be_is_refused_on_the_account_page(acme, sign_in, name):
    answer = sign_in("ann").post("/account/", {"full_name": name, "job_title": "QA"})
    assert answer.status_code == 422
    assert 'value="QA"' in answer.content.decode()


@pytest.mark.parametrize("name", ["Ann 😀", "<b>Ann</b>", "Robert'); DROP TABLE members_user;--", "Åsa Öberg-O'Neill"])
def test_any_name_a_person_has_is_kept_and_shown_as_text(acme, sign_in, name):
    browser = sign_in("ann")
    assert browser.post("/account/", {"full_name": name, "job_title": ""}).status_code == 302
    assert "<b>Ann</b>" not in browser.get("/").content.decode()
    with schemas.inside(acme):
        assert cast.person("ann").full_name == name


def test_a_person_cannot_give_themselves_more_by_adding_fields(acme, sign_in):
    browser = sign_in("cay")
    browser.post("/account/", {"full_name": "Cay", "roles": "tenant_admin", "is_active": "", "email": "x@y.example"})
    with schemas.inside(acme):
        cay = cast.person("cay")
        assert (cay.role_keys, cay.email, cay.is_active) == (["member"], "cay@acme.example", True)


@pytest.mark.parametrize("path", ["/sign-out/", "/account/sign-out-everywhere/"])
def test_what_changes_something_is_never_done_by_opening_a_link(acme, sign_in, path):
    assert sign_in("ann").get(path).status_code == 405


@pytest.mark.parametrize("key", ["ann", "ben", "sid", "cay", "aud", "dov"])
def test_everybody_has_an_overview_and_an_account_page(acme, globex, sign_in, key):
    browser = sign_in(key)
    assert [browser.get(path).status_code for path in ("/", "/account/", "/account/password/")] == [200, 200, 200]
