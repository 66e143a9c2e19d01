from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts import actions
from tenants.members.accounts.models import PasswordReset, User
from tests import cast
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
NEW = "eleven purple umbrellas"
HOSTS = {
    "acme": ("acme.localhost", "", "ann@acme.example"),
    "platform": ("localhost", "/console", "pat@complere.example"),
}
NASTY = ["", " ", "😀" * 50, "<script>alert(1)</script>", "'; DROP TABLE members_user; --", "x" * 100_000, "a\x00b"]


def enter(client: Client, email: str, password: str = cast.PASSWORD, prefix: str = "", **changes: str):
    return client.post(f"{prefix}/sign-in/", {"email": email, "password": password, **changes})


@pytest.mark.parametrize("place", HOSTS)
def test_somebody_signs_in_lands_on_the_overview_and_signs_out(acme, platform, stranger, place):
    host, prefix, email = HOSTS[place]
    browser = stranger(host)
    assert browser.get(f"{prefix}/").headers["Location"] == f"{prefix}/sign-in/?next={prefix.replace('/', '%2F')}%2F"
    answer = enter(browser, email, prefix=prefix)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{prefix}/")
    page = browser.get(f"{prefix}/")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    out = browser.post(f"{prefix}/sign-out/")
    assert out.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get(f"{prefix}/").status_code == 302


@pytest.mark.req("ASVS-7.2.4")
def test_signing_in_gives_a_new_session_that_names_its_schema(acme, stranger):
    browser = stranger("acme.localhost")
    with schemas.inside(acme):
        session = browser.session
        session["planted"] = "by somebody"
        session.save()
        planted = session.session_key
    enter(browser, "ann@acme.example")
    with schemas.inside(acme):
        session = browser.session
        assert session.session_key != planted
        assert session["schema"] == acme.schema_name


def test_a_session_ends_twelve_hours_after_signing_in_however_much_it_is_used(acme, stranger):
    browser = stranger("acme.localhost")
    enter(browser, "ann@acme.example")
    with schemas.inside(acme):
        before = browser.session.get_expiry_date()
    browser.post("/account/", {"full_name": "Ann Admin", "job_title": "QA"})
    with schemas.inside(acme):
        assert browser.session.get_expiry_date() == before
        assert timedelta(hours=11, minutes=59) < before - timezone.now() <= timedelta(hours=12)


def test_a_session_of_one_tenant_is_nothing_in_another(acme, globex, stranger):
    browser = stranger("acme.localhost")
    enter(browser, "ann@acme.example")
    browser.defaults["HTTP_HOST"] = "globex.localhost"
    assert browser.get("/account/", headers={"host": "globex.localhost"}).status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@acme.example", "wrong password"),
        ("nobody@acme.example", "wrong password"),
        ("dov@globex.example", cast.PASSWORD),
    ],
)
def test_every_refusal_is_the_same_page_but_for_what_was_typed(acme, stranger, email, password):
    answer = enter(stranger("acme.localhost"), email, password)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Address and password do not match." in text
    assert f'value="{email}"' in text
    assert password not in text


def test_a_deactivated_person_is_refused_like_a_stranger(acme, stranger):
    from tenants.members.roles import actions as roles

    with schemas.inside(acme):
        roles.deactivate(cast.person("cay"), actor=cast.DIRECTOR, now=timezone.now(), reason="Left the company")
    answer = enter(stranger("acme.localhost"), "cay@acme.example")
    assert answer.status_code == 422
    assert "Address and password do not match." in answer.content.decode()


@pytest.mark.parametrize("email", NASTY)
@pytest.mark.parametrize("password", ["", "😀", "x" * 100_000, "a\x00b"])
def test_nothing_typed_into_sign_in_breaks_it(acme, stranger, email, password):
    answer = enter(stranger("acme.localhost"), email, password)
    assert answer.status_code == 422
    assert "<script>alert(1)</script>" not in answer.content.decode()


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/people/", "/people/"),
        ("/people/?state=active", "/people/?state=active"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("http://acme.localhost/people/", "/"),
    ],
)
@pytest.mark.req("ASVS-3.7.2")
def test_signing_in_never_leads_to_another_host(acme, stranger, wanted, leads_to):
    answer = enter(stranger("acme.localhost"), "ann@acme.example", next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (302, leads_to)


def test_too_many_tries_from_one_address_answer_429_with_the_time_to_wait(acme, stranger, monkeypatch):
    monkeypatch.setattr(actions.catalogue, "ATTEMPTS_PER_ADDRESS", 1)
    browser = stranger("acme.localhost")
    assert enter(browser, "nobody@acme.example", "wrong").status_code == 422
    answer = enter(browser, "ann@acme.example")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")


def test_a_browser_that_signed_in_before_is_let_past_the_rest_of_the_account(acme, stranger):
    known = stranger("acme.localhost")
    enter(known, "ann@acme.example")
    known.post("/sign-out/")
    with schemas.inside(acme):
        User.objects.filter(pk=cast.person("ann").pk).update(locked_until=timezone.now() + timedelta(minutes=1))
    assert enter(stranger("acme.localhost"), "ann@acme.example").status_code == 422
    assert enter(known, "ann@acme.example").status_code == 302


def test_a_forged_or_foreign_browser_mark_counts_for_nothing(acme, globex, stranger):
    browser = stranger("acme.localhost")
    enter(browser, "ann@acme.example")
    mark = browser.cookies["known"].value
    with schemas.inside(globex):
        dov = cast.person("dov")
        User.objects.filter(pk=dov.pk).update(locked_until=timezone.now() + timedelta(minutes=1))
    for forged in (mark, mark + "x", str(dov.pk), ""):
        other = stranger("globex.localhost")
        other.cookies["known"] = forged
        assert enter(other, "dov@globex.example").status_code == 422


def test_the_sign_in_page_of_a_tenant_shows_data_subjects_the_way_and_the_console_does_not(acme, platform, stranger):
    page = stranger("acme.localhost").get("/sign-in/").content.decode()
    assert 'href="/data-request/"' in page
    assert 'href="http://localhost:8000/"' in page
    assert "/data-request/" not in stranger("localhost").get("/console/sign-in/").content.decode()


@pytest.mark.req("P11-300c")
def test_signing_out_everywhere_ends_the_other_browser_too(acme, stranger):
    here, there = stranger("acme.localhost"), stranger("acme.localhost")
    enter(here, "ann@acme.example")
    enter(there, "ann@acme.example")
    assert here.post("/account/sign-out-everywhere/").status_code == 302
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (302, 302)


def test_a_changed_password_keeps_this_session_and_ends_the_others(acme, stranger):
    here, there = stranger("acme.localhost"), stranger("acme.localhost")
    enter(here, "ann@acme.example")
    enter(there, "ann@acme.example")
    answer = here.post("/account/password/", {"current": cast.PASSWORD, "password": NEW, "again": NEW})
    assert answer.status_code == 302
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (200, 302)


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        ("short", "short", "at least 12 characters"),
        ("password1234", "password1234", "too common"),
        ("ann@acme and more", "ann@acme and more", ""),
        ("my name is Admin!", "my name is Admin!", "Leave your name"),
        ("complere complere", "complere complere", "Leave your name"),
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


def test_asking_for_a_reset_answers_the_same_whoever_is_asked_for(acme, stranger):
    answers = [
        stranger("acme.localhost").post("/password-reset/", {"email": email})
        for email in ("ann@acme.example", "nobody@acme.example", "dov@globex.example")
    ]
    assert [(a.status_code, a.headers["Location"], a.content) for a in answers] == [
        (302, "/password-reset/sent/", b"")
    ] * 3
    with schemas.inside(acme):
        assert PasswordReset.objects.count() == 1


@pytest.mark.parametrize("email", [*NASTY, "not an address"])
def test_nothing_typed_into_the_reset_form_breaks_it(acme, stranger, email):
    assert stranger("acme.localhost").post("/password-reset/", {"email": email}).status_code == 422


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
    assert enter(browser, "ann@acme.example", NEW).status_code == 302


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
