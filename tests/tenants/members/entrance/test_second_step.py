"""The second step: who is asked for it, what it takes, and that nothing opens before."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.entrance import catalogue
from tenants.members.factors import hashing, queries
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.safeguards.models import Safeguard
from tests import cast
from tests.signing_desk import code_of
from tests.tenants.members import mails
from tests.tenants.members.entrance.steps import (
    SECOND,
    begin,
    challenge,
    come_in,
    enter,
    go_on,
    rules,
    with_app,
    with_codes,
    with_handle,
    with_passkey,
    without_factors,
)  # fmt: skip

pytestmark = pytest.mark.django_db
HOME = "/"


@pytest.fixture
def browser(acme, stranger) -> Client:
    return stranger("acme.localhost")


def is_in(client: Client, prefix: str = "") -> bool:
    return client.get(f"{prefix}/account/").status_code == 200


@pytest.mark.req("ASVS-6.3.3")
def test_nothing_of_the_workspace_opens_between_the_two_steps(acme, browser):
    begin(browser, "ann")
    for page in (
        "/",
        "/account/",
        "/people/",
        "/account/signing/",
        "/account/prove/",
        "/account/signing/recovery-codes/",
    ):
        answer = browser.get(page)
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in/"), page
    assert browser.get(SECOND).status_code == 200
    assert go_on(browser, "ann").headers["Location"] == HOME
    assert is_in(browser)


@pytest.mark.req("ASVS-6.3.3")
@pytest.mark.parametrize(
    ("rule", "key", "has_factor", "leads_to"),
    [
        ("optional", "cay", False, "in"),
        ("optional", "ann", True, "second"),
        ("by_role", "cay", False, "in"),
        ("by_role", "ann", False, "set up"),
        ("by_role", "ann", True, "second"),
        ("required", "cay", False, "set up"),
        ("required", "ann", False, "set up"),
        ("required", "ann", True, "second"),
        ("staff", "sup", False, "set up"),
        ("staff", "tess", True, "second"),
    ],
)
def test_who_shows_a_second_factor_and_who_sets_one_up_first(acme, platform, stranger, rule, key, has_factor, leads_to):
    host, prefix = ("localhost", "/console") if rule == "staff" else ("acme.localhost", "")
    if rule in ("by_role", "required"):
        rules(key, second_factor=rule, second_factor_roles=["tenant_admin"] if rule == "by_role" else [])
    if not has_factor:
        without_factors(key)
    there = stranger(host)
    first = enter(there, {**cast.ACME, **cast.PLATFORM}[key].email, prefix=prefix)
    if leads_to == "second":
        assert first.headers["Location"] == f"{prefix}{SECOND}"
        assert not is_in(there, prefix)
        return
    assert first.headers["Location"] == f"{prefix}/"
    opened = there.get(f"{prefix}/account/")
    if leads_to == "in":
        assert opened.status_code == 200
    else:
        assert (opened.status_code, opened.headers["Location"]) == (302, f"{prefix}/account/signing/")
        assert "Set up a second factor first" in there.get(f"{prefix}/account/signing/").content.decode()


@pytest.mark.req("ASVS-6.3.3")
def test_who_must_set_up_a_factor_first_goes_on_once_it_is_set_up(acme, browser):
    rules("cay", second_factor="required")
    enter(browser, "cay@acme.example")
    add = "/account/signing/authenticators/"
    begun = browser.post(f"{add}add/", {"name": "Phone", "password": cast.PASSWORD})
    assert begun.headers["Location"] == f"{add}confirm/"
    with schemas.inside(acme):
        now = timezone.now()
        factor = queries.begun(cast.person("cay"), now)
        code = hashing.code_at(queries.secret_of(factor), hashing.step_at(now))
    before = browser.cookies["sid"].value
    done = browser.post(f"{add}confirm/", {"code": code})
    assert done.status_code == 200
    assert done.content.decode().count("<li><code>") == 10
    assert browser.cookies["sid"].value != before
    assert is_in(browser)


def test_the_last_factor_stays_where_the_rules_ask_for_one(acme, sign_in):
    rules("ann", second_factor="required")
    ann = sign_in("ann")
    with schemas.inside(acme):
        factor = cast.person("ann").factors.get()
    path = f"/account/signing/factors/{factor.pk}/remove/"
    said = {"code": code_of("ann", timezone.now()), "reason": "Phone was replaced"}
    answer = ann.post(path, said)
    assert (answer.status_code, "Set up another before you remove this one." in answer.content.decode()) == (422, True)


@pytest.mark.req("ASVS-7.2.4")
def test_the_session_has_a_new_key_after_each_step(acme, browser):
    browser.get("/sign-in/")
    begin(browser, "ann")
    first = browser.cookies["sid"].value
    go_on(browser, "ann")
    second = browser.cookies["sid"].value
    browser.post(
        "/account/prove/", {"password": cast.PASSWORD, "code": code_of("ann", timezone.now() + timedelta(seconds=30))}
    )
    assert len({first, second, browser.cookies["sid"].value}) == 3
    old = Client(headers={"host": "acme.localhost"})
    for key in (first, second):
        old.cookies["sid"] = key
        assert old.get("/account/").status_code == 302


@pytest.mark.req("ASVS-6.5.1")
def test_a_code_is_good_once_also_in_another_browser(acme, browser, stranger):
    code = code_of("ann", timezone.now())
    begin(browser, "ann")
    assert browser.post(SECOND, {"code": code}).status_code == 302
    other = stranger("acme.localhost")
    begin(other, "ann")
    answer = other.post(SECOND, {"code": code})
    assert (answer.status_code, "This does not hold." in answer.content.decode()) == (422, True)
    assert code not in answer.content.decode()


@pytest.mark.req("ASVS-6.5.1")
def test_a_recovery_code_lets_in_once_and_the_person_is_told(acme, browser, stranger):
    code = with_codes("ann")[0]
    begin(browser, "ann")
    assert browser.post(SECOND, {"code": code.upper()}).headers["Location"] == HOME
    with schemas.inside(acme):
        told = mails.newest("recovery-code-used")
        assert (told.to, "9 are left" in told.body) == ("ann@acme.example", True)
    other = stranger("acme.localhost")
    begin(other, "ann")
    assert other.post(SECOND, {"code": code}).status_code == 422


@pytest.mark.req("ASVS-6.3.1")
def test_after_five_wrong_codes_the_right_one_must_wait_and_the_person_is_warned(acme, browser, stranger):
    begin(browser, "ann")
    answers = [browser.post(SECOND, {"code": "000000"}).status_code for _ in range(catalogue.GUESSES)]
    assert answers == [422] * catalogue.GUESSES
    late = go_on(browser, "ann")
    assert (late.status_code, late.headers["Retry-After"]) == (429, "900")
    other = stranger("acme.localhost")
    begin(other, "ann")
    assert go_on(other, "ann").status_code == 429
    with schemas.inside(acme):
        warning = mails.newest("second-step-lock")
        assert "somebody knows your password" in warning.body
        assert Email.objects.filter(template="second-step-lock").count() == 1


@pytest.mark.req("ASVS-6.3.1")
def test_who_fails_at_the_second_step_keeps_the_person_out_of_no_browser_they_are_known_in(acme, browser, stranger):
    come_in(browser, "ann")
    browser.post("/sign-out/")
    other = stranger("acme.localhost")
    begin(other, "ann")
    for _ in range(catalogue.GUESSES + 1):
        other.post(SECOND, {"code": "000000"})
    begin(browser, "ann")
    assert go_on(browser, "ann", turn=1).headers["Location"] == HOME


def test_failures_at_the_second_step_do_not_lock_signing(acme, browser):
    begin(browser, "ann")
    for _ in range(catalogue.GUESSES + 1):
        browser.post(SECOND, {"code": "000000"})
    with schemas.inside(acme):
        assert not Safeguard.objects.filter(pk=cast.person("ann").pk, locked_until__isnull=False).exists()


@pytest.mark.parametrize("what", ["time", "password", "account", "sign out everywhere"])
def test_what_ends_a_sign_in_ends_one_that_is_half_done_too(acme, browser, monkeypatch, what):
    begin(browser, "ann")
    code = code_of("ann", timezone.now())
    with schemas.inside(acme):
        ann, now = cast.person("ann"), timezone.now()
        if what == "password":
            accounts.set_password(ann, password="a quite different one", actor=ann.actor, now=now, reason="Changed")
        elif what == "sign out everywhere":
            accounts.sign_out_everywhere(ann, now=now)
        elif what == "account":
            roles.grant(cast.person("ben"), role="tenant_admin", actor=cast.DIRECTOR, now=now, reason="Stands in")
            roles.deactivate(ann, actor=cast.DIRECTOR, now=now, reason="Left the company")
    if what == "time":
        monkeypatch.setattr("tenants.members.entrance.queries.PENDING_LIVES", timedelta(seconds=-1))
    answer = browser.post(SECOND, {"code": code})
    assert answer.headers["Location"] == "/sign-in/"
    assert not is_in(browser)


def test_without_a_first_step_there_is_no_second(acme, browser):
    for answer in (browser.get(SECOND), browser.post(SECOND, {"code": "123456"})):
        assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")


def test_a_first_step_counts_in_its_own_browser_and_workspace_only(acme, globex, browser, stranger):
    begin(browser, "ann")
    other = stranger("globex.localhost")
    other.cookies["sid"] = browser.cookies["sid"].value
    assert other.get(SECOND).headers["Location"] == "/sign-in/"


@pytest.mark.parametrize("code", ["", " ", "x" * 41, "😀" * 6, "<script>", "a\x00b", "１２３４５６"])
def test_nothing_typed_into_the_second_step_breaks_it(acme, browser, code):
    begin(browser, "ann")
    answer = browser.post(SECOND, {"code": code})
    assert (answer.status_code, "<script>" in answer.content.decode()) == (422, False)


def test_where_the_person_wanted_to_go_is_kept_over_both_steps(acme, browser):
    assert come_in(browser, "ann", next="/people/?state=active").headers["Location"] == "/people/?state=active"


def test_who_signs_in_as_somebody_else_is_no_longer_who_they_were(acme, sign_in):
    browser = sign_in("ann")
    browser.post("/sign-out/")
    enter(browser, "cay@acme.example")
    assert "cay@acme.example" in browser.get("/account/").content.decode()


@pytest.mark.req("ASVS-6.4.3")
def test_a_password_reset_by_mail_does_not_switch_the_second_factor_off(acme, browser):
    browser.post("/password-reset/", {"email": "ann@acme.example"})
    with schemas.inside(acme):
        path = mails.path_in(mails.newest("password-reset"))
    new = "eleven purple umbrellas"
    browser.post(path, {"password": new, "again": new})
    assert not is_in(browser)
    assert enter(browser, "ann@acme.example", new).headers["Location"] == SECOND
    assert browser.get("/account/").status_code == 302
    assert go_on(browser, "ann").headers["Location"] == HOME


@pytest.mark.req("ASVS-6.3.5")
def test_a_browser_not_known_before_is_told_of_and_a_known_one_is_not(acme, browser, stranger):
    def told() -> int:
        with schemas.inside(acme):
            return Email.objects.filter(template="new-browser").count()

    come_in(browser, "ann")
    first = told()
    browser.post("/sign-out/")
    come_in(browser, "ann", turn=1)
    assert told() == first
    with schemas.inside(acme):
        User.objects.filter(pk=cast.person("ann").pk).update(last_sign_in_at=timezone.now())
        cast.person("ann").factors.update(last_step=None)
    come_in(stranger("acme.localhost"), "ann")
    assert told() == first + 1


def test_who_has_only_a_passkey_changes_factors_without_a_code_they_cannot_have(acme, sign_in):
    with_passkey("cay")
    cay, add = sign_in("cay"), "/account/signing/authenticators/add/"
    assert "One-time code" not in cay.get(add).content.decode()
    assert cay.post(add, {"name": "Phone", "password": "wrong password"}).status_code == 422
    assert cay.post(add, {"name": "Phone", "password": cast.PASSWORD}).status_code == 302
    with schemas.inside(acme):
        factor = queries.passkeys(queries.factors_of(cast.person("cay")))[0]
    removed = cay.post(f"/account/signing/factors/{factor.pk}/remove/", {"reason": "Device was replaced"})
    assert removed.status_code == 302


def test_a_passkey_serves_as_the_second_step(acme, browser):
    device = with_passkey("ann")
    begin(browser, "ann")
    asked = challenge(browser, seen="second")
    assert [one["id"] for one in asked["allowCredentials"]] != []
    with schemas.inside(acme):
        answer = with_handle(device.get(asked), cast.person("ann").pk)
    assert browser.post(SECOND, {"key-passkey": answer}).headers["Location"] == HOME
    assert is_in(browser)


def test_another_persons_passkey_does_not(acme, browser):
    device = with_passkey("ben")
    begin(browser, "ann")
    answer = device.get(challenge(browser, seen="second"))
    with schemas.inside(acme):
        sent = browser.post(SECOND, {"key-passkey": with_handle(answer, cast.person("ben").pk)})
    assert (sent.status_code, "This does not hold." in sent.content.decode()) == (422, True)
    assert not is_in(browser)


def test_who_has_only_a_passkey_may_use_a_recovery_code_and_who_has_an_app_sees_its_field(acme, browser, stranger):
    without_factors("cay")
    with_passkey("cay")
    begin(browser, "cay")
    page = browser.get(SECOND).content.decode()
    assert ("Recovery code" in page, "Use a passkey" in page, "authenticator app shows" in page) == (True, True, False)
    with_app("aud")
    other = stranger("acme.localhost")
    begin(other, "aud")
    page = other.get(SECOND).content.decode()
    assert ("Use a passkey" in page, "authenticator app shows" in page) == (False, True)
