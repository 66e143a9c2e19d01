import re

import pytest
from django.conf import settings
from django.test import Client

from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.sessions import queries
from tenants.members.sessions.models import Session
from tests import cast

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
WHY = "The laptop was left on a train"


@pytest.fixture
def ann(acme):
    """Three browsers of Ann: the first has Firefox and came from another address."""
    with schemas.inside(acme):
        user = cast.person("ann")
        return [
            cast.browser(user, acme, browser=FIREFOX, address="203.0.113.9"),
            cast.browser(user, acme),
            cast.browser(user, acme),
        ]


def key_of(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def mark_of(tenant, browser) -> str:
    with schemas.inside(tenant):
        return queries.mark_of(key_of(browser))


@pytest.mark.req("ASVS-7.5.2")
def test_one_sees_where_one_is_signed_in_and_which_is_this_one(acme, ann):
    page = ann[1].get("/account/sessions/").content.decode()
    assert page.count("This one") == 1
    assert "Firefox on Linux" in page
    assert "203.0.113.9" in page
    assert page.count("Password, authenticator app") == 3
    assert mark_of(acme, ann[0]) in page
    assert not any(key_of(browser) in page for browser in ann)
    # The browser that looks stands first and has no button of its own.
    assert page.index("This one") < page.index("Firefox on Linux")
    assert mark_of(acme, ann[1]) not in page


@pytest.mark.req("ASVS-7.5.2")
def test_one_browser_is_signed_out_and_the_others_stay(acme, ann):
    answer = ann[1].post("/account/sessions/end/", {"session": mark_of(acme, ann[0])}, follow=True)
    assert "That browser is signed out" in answer.content.decode()
    assert [browser.get("/account/").status_code for browser in ann] == [302, 200, 200]


@pytest.mark.req("ASVS-7.4.3")
def test_every_other_browser_is_signed_out_at_once(acme, ann):
    assert ann[1].post("/account/sessions/end-others/").status_code == 302
    assert [browser.get("/account/").status_code for browser in ann] == [302, 200, 302]
    assert "You are signed in nowhere else" in ann[1].get("/account/sessions/").content.decode()


def test_sessions_of_others_are_neither_shown_nor_ended(acme, globex, ann, sign_in):
    ben, dov = sign_in("ben"), sign_in("dov")
    page = ann[0].get("/account/sessions/").content.decode()
    for other, tenant in ((ben, acme), (dov, globex)):
        mark = mark_of(tenant, other)
        assert mark not in page
        answer = ann[0].post("/account/sessions/end/", {"session": mark}, follow=True)
        assert "had ended already" in answer.content.decode()
        assert other.get("/account/").status_code == 200


@pytest.mark.parametrize("said", ["", "x", "0" * 64, "\x00", "ä"])
def test_a_session_that_is_nobodys_is_not_ended(acme, ann, said):
    assert ann[0].post("/account/sessions/end/", {"session": said}).status_code == 302
    assert [browser.get("/account/").status_code for browser in ann] == [200, 200, 200]


def test_the_session_that_asks_is_not_ended_this_way(acme, ann):
    ann[0].post("/account/sessions/end/", {"session": mark_of(acme, ann[0])})
    assert ann[0].get("/account/").status_code == 200


@pytest.mark.req("ASVS-3.5.1")
@pytest.mark.parametrize("path", ["/account/sessions/end/", "/account/sessions/end-others/"])
def test_sessions_are_not_ended_by_a_link_or_a_foreign_form(acme, ann, path):
    assert ann[0].get(path).status_code == 405
    strict = Client(headers={"host": "acme.localhost"}, enforce_csrf_checks=True)
    strict.cookies[settings.SESSION_COOKIE_NAME] = key_of(ann[0])
    assert strict.post(path, {"session": mark_of(acme, ann[1])}).status_code == 403
    assert [browser.get("/account/").status_code for browser in ann] == [200, 200, 200]


def test_the_account_page_leads_there(acme, ann):
    page = ann[0].get("/account/").content.decode()
    assert "In 3 browsers, this one among them." in page
    assert 'href="/account/sessions/"' in page


def test_only_who_manages_people_sees_and_ends_sessions_of_others(acme, sign_in):
    cay = sign_in("cay")
    with schemas.inside(acme):
        pk = cast.person("cay").pk
    seen = ["End all sessions" in sign_in(key).get(f"/people/{pk}/").content.decode() for key in ("ann", "ben", "aud")]
    assert seen == [True, False, False]
    for key in ("ben", "aud", "cay"):
        assert sign_in(key).post(f"/people/{pk}/end-sessions/", {"reason": WHY}).status_code == 403
    assert cay.get("/account/").status_code == 200
    assert sign_in("ann").get(f"/people/{pk}/end-sessions/").status_code == 200
    assert cay.get("/account/").status_code == 200


@pytest.mark.req("ASVS-7.4.3")
def test_an_administrator_ends_every_session_of_a_person_for_a_reason(acme, sign_in):
    first, second, ann = sign_in("cay"), sign_in("cay"), sign_in("ann")
    with schemas.inside(acme):
        person = cast.person("cay")
    path = f"/people/{person.pk}/end-sessions/"
    assert ann.post(path, {"reason": "x"}).status_code == 422
    assert first.get("/account/").status_code == 200
    assert "Every session of Cay Member has ended" in ann.post(path, {"reason": WHY}, follow=True).content.decode()
    assert [browser.get("/account/").status_code for browser in (first, second, ann)] == [302, 302, 200]
    with schemas.inside(acme):
        assert not Session.objects.filter(user_id=person.pk).exists()
        assert User.objects.get(pk=person.pk).session_epoch == person.session_epoch + 1


def test_nobody_ends_sessions_of_another_tenant_or_their_own_this_way(acme, globex, sign_in):
    ann, dov = sign_in("ann"), sign_in("dov")
    with schemas.inside(globex):
        foreign = cast.person("dov").pk
    with schemas.inside(acme):
        own = cast.person("ann").pk
    assert ann.post(f"/people/{foreign}/end-sessions/", {"reason": WHY}).status_code == 404
    assert ann.post(f"/people/{own}/end-sessions/", {"reason": WHY}).status_code == 404
    assert (ann.get("/account/").status_code, dov.get("/account/").status_code) == (200, 200)


def test_what_a_browser_says_of_itself_is_text(acme):
    with schemas.inside(acme):
        browser = cast.browser(cast.person("ann"), acme, browser="<b>Firefox</b> on Windows", address="<i>here</i>")
    page = browser.get("/account/sessions/").content.decode()
    assert "&lt;i&gt;here" in page
    assert re.search(r"<[bi]>", page) is None
