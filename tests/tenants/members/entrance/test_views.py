from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts import actions
from tenants.members.accounts.models import PasswordReset, User
from tenants.members.roles import actions as roles
from tests import cast
from tests.tenants.members.entrance.steps import come_in, enter, same

pytestmark = pytest.mark.django_db
HOSTS = {
    "acme": ("acme.localhost", "", "ann"),
    "platform": ("localhost", "/console", "tess"),
}
NASTY = ["", " ", "😀" * 50, "<script>alert(1)</script>", "'; DROP TABLE members_user; --", "x" * 100_000, "a\x00b"]


@pytest.mark.parametrize("place", HOSTS)
def test_somebody_signs_in_lands_on_the_overview_and_signs_out(acme, platform, stranger, place):
    host, prefix, key = HOSTS[place]
    browser = stranger(host)
    assert browser.get(f"{prefix}/").headers["Location"] == f"{prefix}/sign-in/?next={prefix.replace('/', '%2F')}%2F"
    answer = come_in(browser, key, prefix)
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
    come_in(browser, "ann")
    with schemas.inside(acme):
        session = browser.session
        assert session.session_key != planted
        assert session["schema"] == acme.schema_name


def test_a_session_ends_twelve_hours_after_signing_in_however_much_it_is_used(acme, stranger):
    browser = stranger("acme.localhost")
    come_in(browser, "ann")
    with schemas.inside(acme):
        before = browser.session.get_expiry_date()
    browser.post("/account/", {"full_name": "Ann Admin", "job_title": "QA"})
    with schemas.inside(acme):
        assert browser.session.get_expiry_date() == before
        assert timedelta(hours=11, minutes=59) < before - timezone.now() <= timedelta(hours=12)


def test_a_session_of_one_tenant_is_nothing_in_another(acme, globex, stranger):
    browser = stranger("acme.localhost")
    come_in(browser, "ann")
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


@pytest.mark.req("ASVS-6.3.8")
def test_whoever_does_not_come_in_gets_the_very_same_page(acme, stranger):
    with schemas.inside(acme):
        now, reason = timezone.now(), "Set the stage"
        roles.deactivate(cast.person("cay"), actor=cast.DIRECTOR, now=now, reason=reason)
        said = {"actor": cast.DIRECTOR, "now": now, "reason": reason}
        actions.create_user(email="new@acme.example", full_name="Nia New", **said)
        User.objects.filter(pk=cast.person("ben").pk).update(locked_until=now + timedelta(minutes=9))
    tries = {
        "unknown": ("nobody@acme.example", "wrong password"),
        "wrong": ("ann@acme.example", "wrong password"),
        "deactivated": ("cay@acme.example", cast.PASSWORD),
        "never accepted": ("new@acme.example", "wrong password"),
        "resting": ("ben@acme.example", cast.PASSWORD),
        "of another tenant": ("dov@globex.example", cast.PASSWORD),
    }
    answers = {name: enter(stranger("acme.localhost"), *typed) for name, typed in tries.items()}
    assert {answer.status_code for answer in answers.values()} == {422}
    assert len({same(answer).replace(tries[name][0], "") for name, answer in answers.items()}) == 1
    assert len({(*sorted(answer.headers), *sorted(answer.cookies)) for answer in answers.values()}) == 1


def test_a_deactivated_person_is_refused_like_a_stranger(acme, stranger):
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
    answer = come_in(stranger("acme.localhost"), "ann", next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (302, leads_to)


def test_too_many_tries_from_one_address_answer_429_with_the_time_to_wait(acme, stranger, monkeypatch):
    monkeypatch.setattr(actions.catalogue, "ATTEMPTS_PER_ADDRESS", 1)
    browser = stranger("acme.localhost")
    assert enter(browser, "nobody@acme.example", "wrong").status_code == 422
    answer = enter(browser, "ann@acme.example")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")


def test_a_browser_that_signed_in_before_is_let_past_the_rest_of_the_account(acme, stranger):
    known = stranger("acme.localhost")
    come_in(known, "ann")
    known.post("/sign-out/")
    with schemas.inside(acme):
        User.objects.filter(pk=cast.person("ann").pk).update(locked_until=timezone.now() + timedelta(minutes=1))
    assert enter(stranger("acme.localhost"), "ann@acme.example").status_code == 422
    assert enter(known, "ann@acme.example").status_code == 302


def test_a_forged_or_foreign_browser_mark_counts_for_nothing(acme, globex, stranger):
    browser = stranger("acme.localhost")
    come_in(browser, "ann")
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
