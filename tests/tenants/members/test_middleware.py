"""What every request of a signed-in browser is held to."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.ledger.models import Event
from tenants import schemas
from tenants.members.access_policies import actions as policies
from tenants.members.access_policies import queries as queries_of_rules
from tenants.members.access_policies.catalogue import STAFF, TENANT, SecondFactor
from tenants.members.accounts.models import User
from tenants.members.entrance.presenters import ENDED
from tenants.members.roles import actions as roles
from tenants.members.sessions import queries
from tenants.members.sessions.catalogue import DOOR, SCHEMA, Ended, Method
from tenants.members.sessions.models import Session
from tests import cast
from tests.tenants.members.clocks import stopped

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WHY = {"reason": "Decided by the security officer"}


@pytest.fixture
def clock(monkeypatch):
    return stopped(monkeypatch, MORNING)


def set_rules(tenant, key="ann", **said):
    with schemas.inside(tenant):
        policies.change(replace(TENANT, **said), address="127.0.0.1", actor=cast.person(key).actor, now=MORNING, **WHY)


def told(answer) -> str:
    """Why the browser was sent to sign in; empty when it was not, or was told nothing."""
    if answer.status_code != 302 or "/sign-in/" not in answer["Location"]:
        return ""
    return parse_qs(urlsplit(answer["Location"]).query).get("ended", ["nothing"])[0]


def main(answer) -> str:
    return answer.content.decode().split("<main")[1]


def key_of(browser) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def with_cookie(host: str, key: str) -> Client:
    browser = Client(headers={"host": host})
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    return browser


# --- Time --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "minutes"), [("cay", 8 * 60), ("ann", 30), ("ben", 8 * 60)])
@pytest.mark.req("ASVS-7.3.1")
def test_a_rest_ends_a_session_sooner_for_who_manages_people(acme, sign_in, clock, who, minutes):
    browser, used = sign_in(who), sign_in(who)
    clock.on(minutes=minutes - 1)
    assert used.get("/account/").status_code == 200
    clock.on(minutes=1)
    assert used.get("/account/").status_code == 200
    answer = browser.get("/account/?tab=1")
    assert told(answer) == "idle"
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == ["/account/?tab=1"]
    with schemas.inside(acme):
        assert [row.session_key for row in Session.objects.filter(user_id=cast.person(who).pk)] == [key_of(used)]
    assert "Your session ended, as it was not used for a while." in browser.get(answer["Location"]).content.decode()


@pytest.mark.req("ASVS-7.3.2")
def test_use_does_not_lengthen_a_session(acme, sign_in, clock):
    browser = sign_in("cay")
    for _ in range(23):
        clock.on(minutes=30)
        assert browser.get("/account/").status_code == 200
    clock.on(minutes=30)
    assert told(browser.get("/account/")) == "over"


@pytest.mark.req("ASVS-7.3.1")
@pytest.mark.req("ASVS-7.3.2")
def test_each_tenant_has_its_own_limits(acme, globex, sign_in, clock):
    set_rules(acme, idle=timedelta(minutes=5), admin_idle=timedelta(minutes=5), absolute=timedelta(minutes=15))
    cay, gil = sign_in("cay"), sign_in("gil")
    clock.on(minutes=5)
    assert (told(cay.get("/account/")), gil.get("/account/").status_code) == ("idle", 200)
    cay = sign_in("cay")
    for _ in range(3):
        assert cay.get("/account/").status_code == 200
        clock.on(minutes=4, seconds=55)
    clock.on(seconds=30)
    assert (told(cay.get("/account/")), gil.get("/account/").status_code) == ("over", 200)


@pytest.mark.req("ASVS-7.3.1")
def test_staff_rest_for_a_quarter_of_an_hour_and_stay_for_eight(platform, sign_in, clock):
    browser = sign_in("leo")
    clock.on(minutes=15)
    assert told(browser.get("/console/account/")) == "idle"
    browser = sign_in("leo")
    for _ in range(8 * 5):
        clock.on(minutes=12)
        last = browser.get("/console/account/")
    assert STAFF.absolute == timedelta(hours=8)
    assert told(last) == "over"


@pytest.mark.req("ASVS-7.3.2")
def test_tightened_rules_hold_for_sessions_that_are_open_already(acme, sign_in, clock):
    browser = sign_in("cay")
    clock.on(hours=3)
    assert browser.get("/account/").status_code == 200
    set_rules(acme, idle=timedelta(hours=1), admin_idle=timedelta(minutes=30), absolute=timedelta(hours=2))
    assert told(browser.get("/account/")) == "over"


def test_use_is_written_once_a_minute_by_one_statement(acme, sign_in, clock):
    browser = sign_in("cay")
    browser.get("/account/")

    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/account/").status_code == 200
        return [one["sql"] for one in captured if "members_session" in one["sql"] and "UPDATE" in one["sql"]]

    clock.on(seconds=59)
    assert asked() == []
    clock.on(seconds=1)
    assert len(asked()) == 1
    assert asked() == []
    with schemas.inside(acme):
        assert Session.objects.get(session_key=key_of(browser)).seen_at == clock.at


# --- Networks ----------------------------------------------------------------------------------


def test_a_session_is_open_from_the_networks_of_the_tenant_only(acme, globex, sign_in):
    set_rules(acme, networks=("127.0.0.0/8", "203.0.113.0/24"))
    ann = sign_in("ann")
    assert ann.get("/account/").status_code == 200
    assert ann.get("/account/", REMOTE_ADDR="203.0.113.9").status_code == 200
    assert sign_in("gil").get("/account/", REMOTE_ADDR="198.51.100.7").status_code == 200
    key = key_of(ann)
    assert told(ann.get("/account/", REMOTE_ADDR="198.51.100.7")) == "network"
    # The session is gone, also for where it would have been allowed.
    assert told(with_cookie("acme.localhost", key).get("/account/")) == "elsewhere"


@pytest.mark.req("ASVS-4.1.3")
def test_an_address_that_the_browser_claims_counts_only_behind_our_proxies(acme, sign_in, settings):
    set_rules(acme, networks=("127.0.0.0/8",))
    claims = {"X-Forwarded-For": "127.0.0.1"}
    assert told(sign_in("ann").get("/account/", headers=claims, REMOTE_ADDR="198.51.100.7")) == "network"
    settings.TRUSTED_PROXIES = 1
    assert sign_in("ann").get("/account/", headers=claims, REMOTE_ADDR="198.51.100.7").status_code == 200
    spoofed = {"X-Forwarded-For": "127.0.0.1, 198.51.100.7"}
    assert told(sign_in("ann").get("/account/", headers=spoofed, REMOTE_ADDR="10.0.0.1")) == "network"


@pytest.mark.parametrize("address", ["", "unix:", "999.1.1.1", "127.0.0.1'--", "::ffff:198.51.100.7"])
def test_an_address_that_cannot_be_read_is_nowhere(acme, sign_in, address):
    set_rules(acme, networks=("127.0.0.0/8",))
    assert told(sign_in("ann").get("/account/", REMOTE_ADDR=address)) == "network"


def test_an_address_in_the_clothes_of_ipv6_counts_as_what_it_is(acme, sign_in):
    set_rules(acme, networks=("127.0.0.0/8",))
    assert sign_in("ann").get("/account/", REMOTE_ADDR="::ffff:127.0.0.1").status_code == 200


# --- Second factor -----------------------------------------------------------------------------


def bare(key, tenant, **changes):
    """A browser whose session never saw a second factor."""
    with schemas.inside(tenant):
        return cast.browser(cast.person(key), tenant, second_at=None, second="", **changes)


@pytest.mark.req("ASVS-6.3.3")
def test_who_lacks_a_required_second_factor_comes_to_its_set_up_and_nowhere_else(acme):
    browser = bare("cay", acme)
    assert browser.get("/requests/").status_code == 200
    set_rules(acme, second_factor=SecondFactor.REQUIRED)
    for path in ("/", "/requests/", "/account/", "/account/sessions/"):
        answer = browser.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/account/signing/")
    assert browser.post("/account/", {"full_name": "Cay"}).status_code == 302
    assert browser.get("/account/signing/").status_code == 200
    assert browser.get("/account/signing/app/").status_code in (200, 404)


@pytest.mark.req("ASVS-6.3.3")
def test_who_has_a_second_factor_shows_it_at_a_new_sign_in(acme):
    browser = bare("ben", acme)
    assert browser.get("/requests/").status_code == 200
    set_rules(acme, second_factor=SecondFactor.REQUIRED)
    assert told(browser.get("/requests/")) == "second"
    with schemas.inside(acme):
        assert cast.browser(cast.person("ben"), acme).get("/requests/").status_code == 200


@pytest.mark.req("ASVS-6.3.3")
def test_a_rule_for_some_roles_holds_for_those_roles(acme):
    set_rules(acme, second_factor=SecondFactor.BY_ROLE, second_factor_roles=("tenant_admin",))
    assert told(bare("ann", acme).get("/requests/")) == "second"
    assert bare("cay", acme).get("/requests/").status_code == 200


@pytest.mark.req("ASVS-6.3.3")
@pytest.mark.req("ASVS-8.4.2")
def test_staff_always_show_a_second_factor(platform):
    with schemas.on_platform():
        browser = cast.browser(cast.person("sup"), platform, second_at=None, second="")
    answer = browser.get("/console/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/console/account/signing/")


def test_pages_for_anybody_stay_open_to_who_lacks_a_second_factor(acme):
    browser = bare("cay", acme)
    set_rules(acme, second_factor=SecondFactor.REQUIRED)
    assert browser.get("/data-request/").status_code == 200
    assert browser.post("/sign-out/").status_code == 302


# --- Ends --------------------------------------------------------------------------------------


@pytest.mark.req("ASVS-7.4.1")
def test_the_old_cookie_is_dead_after_signing_out(acme, sign_in):
    browser = sign_in("ann")
    old = key_of(browser)
    assert browser.post("/sign-out/").status_code == 302
    assert told(with_cookie("acme.localhost", old).get("/account/")) == "elsewhere"


@pytest.mark.req("ASVS-7.4.2")
def test_deactivation_ends_every_session_with_its_next_request(acme, sign_in):
    cay, other = sign_in("cay"), sign_in("cay")
    with schemas.inside(acme):
        roles.deactivate(cast.person("cay"), actor=cast.person("ann").actor, now=MORNING, **WHY)
        assert not Session.objects.filter(user_id=cast.person("cay").pk).exists()
    assert [told(browser.get("/account/")) for browser in (cay, other)] == ["elsewhere", "elsewhere"]


@pytest.mark.req("ASVS-8.3.2")
def test_a_role_taken_away_opens_nothing_with_the_next_request(acme, sign_in):
    ben = sign_in("ben")
    assert ben.get("/requests/").status_code == 200
    with schemas.inside(acme):
        roles.change_roles(cast.person("ben"), roles=["auditor"], actor=cast.person("ann").actor, now=MORNING, **WHY)
    assert ben.get("/incidents/log/").status_code == 403
    with schemas.inside(acme):
        roles.revoke(cast.person("ben"), role="auditor", actor=cast.person("ann").actor, now=MORNING, **WHY)
    assert ben.get("/requests/").status_code == 403
    assert ben.get("/account/").status_code == 200


@pytest.mark.req("ASVS-7.4.2")
def test_a_new_password_ends_every_other_session(acme, sign_in):
    here, there = sign_in("ann"), sign_in("ann")
    said = {"current": cast.PASSWORD, "password": "seven green bicycles uphill", "again": "seven green bicycles uphill"}
    before = key_of(here)
    assert here.post("/account/password/", said).status_code == 302
    assert (here.get("/account/").status_code, told(there.get("/account/"))) == (200, "elsewhere")
    assert key_of(here) != before


# --- What is not a session of ours -------------------------------------------------------------


BROKEN = {
    "no schema": {SCHEMA: None},
    "another schema": {SCHEMA: "public"},
    "no door": {DOOR: None},
    "half a door": {DOOR: {"method": "password"}},
    "a door of another shape": {DOOR: ["password"]},
    "a door of an unknown kind": {DOOR: {"method": "window", "opened_at": MORNING.isoformat()}},
    "no such person": {"_auth_user_id": str(uuid4())},
    "a person who is no id": {"_auth_user_id": "1 OR 1=1"},
    "a person who is a list": {"_auth_user_id": []},
    "another backend": {"_auth_user_backend": "django.contrib.auth.backends.ModelBackend"},
    "a backend that is none": {"_auth_user_backend": 7},
    "no hash": {"_auth_user_hash": None},
    "a hash of another password": {"_auth_user_hash": "0" * 64},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
def test_half_a_session_opens_nothing_and_breaks_nothing(acme, sign_in, changes):
    browser = sign_in("ann")
    with schemas.inside(acme):
        row = Session.objects.get(session_key=key_of(browser))
        data = queries.opened(row.session_data) | changes
        Session.objects.filter(pk=row.pk).update(
            session_data=queries.sealed({name: value for name, value in data.items() if value is not None})
        )
    answer = browser.get("/account/")
    assert (answer.status_code, "/sign-in/" in answer["Location"]) == (302, True)


@pytest.mark.parametrize("kept", ["", "enc1:", "enc1:AAAA", "enc1:not base64", "{}", "eyJ9:1abc:xyz", "\ufffd" * 40])
def test_tampered_data_open_nothing_and_break_nothing(acme, sign_in, kept):
    browser = sign_in("ann")
    with schemas.inside(acme):
        Session.objects.filter(session_key=key_of(browser)).update(session_data=kept)
    answer = browser.get("/account/")
    assert (answer.status_code, "/sign-in/" in answer["Location"]) == (302, True)


@pytest.mark.parametrize("content", [[1, 2], "text", 7, None, {"_auth_user_id": 5}])
def test_data_of_another_shape_open_nothing_and_break_nothing(acme, sign_in, content):
    browser = sign_in("ann")
    with schemas.inside(acme):
        Session.objects.filter(session_key=key_of(browser)).update(session_data=queries.sealed(content))
    assert browser.get("/account/").status_code == 302


def test_a_row_that_names_another_person_than_its_data_opens_nothing(acme, sign_in):
    browser = sign_in("cay")
    with schemas.inside(acme):
        Session.objects.filter(session_key=key_of(browser)).update(user_id=cast.person("ann").pk)
    assert told(browser.get("/account/")) == "elsewhere"


@pytest.mark.parametrize(
    "cookie",
    [
        "x",
        "a" * 5000,
        "0" * 32,
        '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\000a"',
        "'; DROP TABLE members_session; --",
        "ÄÖÜäöüß" * 5,
    ],
)
def test_a_key_that_somebody_made_up_is_answered_like_one_that_is_over(acme, cookie):
    answer = Client(headers={"host": "acme.localhost", "cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}).get(
        "/account/"
    )
    assert told(answer) == "elsewhere"


def test_a_stranger_without_a_cookie_is_told_of_no_session(acme, stranger):
    answer = stranger("acme.localhost").get("/account/")
    assert told(answer) == "nothing"
    assert "ession" not in main(stranger("acme.localhost").get("/sign-in/"))


def test_the_door_has_words_for_every_end():
    assert ENDED.keys() == {*Ended}


def test_a_part_of_a_page_sends_the_whole_window_to_sign_in(acme, sign_in):
    browser = sign_in("ann")
    browser.cookies[settings.SESSION_COOKIE_NAME] = "0" * 32
    page = "http://acme.localhost/requests/?state=all"
    answer = browser.get("/requests/?words=x", headers={"HX-Request": "true", "Referer": page})
    assert answer.status_code == 204
    assert parse_qs(urlsplit(answer["HX-Redirect"]).query) == {"next": ["/requests/?state=all"], "ended": ["elsewhere"]}


@pytest.mark.req("ASVS-3.7.2")
def test_the_way_back_after_a_form_is_a_page_of_this_host(acme, sign_in):
    for page, back in (("http://acme.localhost/account/", ["/account/"]), ("https://evil.example/account/", None)):
        browser = sign_in("ann")
        browser.cookies[settings.SESSION_COOKIE_NAME] = "0" * 32
        answer = browser.post("/account/", {"full_name": "Ann"}, headers={"Referer": page})
        assert parse_qs(urlsplit(answer["Location"]).query).get("next") == back


# --- The trail ---------------------------------------------------------------------------------


def newest() -> dict:
    return json.loads(Event.objects.order_by("-seq").values_list("payload", flat=True)[0])


def test_the_trail_knows_how_the_person_had_proved_who_they_are(acme, sign_in):
    browser = sign_in("ann")
    assert browser.post("/account/", {"full_name": "Ann Admin", "job_title": "Head"}).status_code == 302
    with schemas.inside(acme):
        auth = newest()["auth"]
        row = Session.objects.get(session_key=key_of(browser))
        assert auth == {"session": queries.mark_of(row.session_key), "method": "password+totp"}
        assert row.session_key not in auth["session"]
        sso = cast.browser(cast.person("ann"), acme, method=Method.OIDC, second="", second_at=None)
        sso.post("/account/", {"full_name": "Ann Admin", "job_title": "Chief"})
        assert newest()["auth"]["method"] == "oidc"
        assert User.objects.get(pk=cast.person("ann").pk).job_title == "Chief"


# --- Step-up -----------------------------------------------------------------------------------


@pytest.mark.req("ASVS-7.5.1")
def test_a_dangerous_page_asks_for_a_fresh_proof(acme, sign_in, clock):
    browser = sign_in("ann")
    clock.on(minutes=10)
    assert browser.get("/access/rules/").status_code == 200
    clock.on(minutes=1)
    answer = browser.get("/access/rules/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/prove/?next=%2Faccess%2Frules%2F")
    # What was opened in time may be sent a little later.
    assert browser.post("/access/rules/", {}).status_code == 422
    clock.on(minutes=20)
    page = {"Referer": "http://acme.localhost/access/rules/"}
    answer = browser.post("/access/rules/", {}, headers=page)
    assert (answer.status_code, answer["Location"]) == (302, "/account/prove/?next=%2Faccess%2Frules%2F")


@pytest.mark.req("ASVS-14.3.2")
@pytest.mark.parametrize("path", ["/", "/account/", "/account/sessions/", "/people/", "/access/", "/access/rules/"])
def test_no_browser_keeps_a_page_of_somebody_who_is_signed_in(acme, sign_in, path):
    answer = sign_in("ann").get(path)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")


@pytest.mark.req("ASVS-7.4.2")
def test_where_the_provider_is_required_password_sessions_end_and_with_the_plan_the_rule_goes(acme, platform):
    from tenants.console import actions as console
    from tenants.members.access_policies.models import AccessPolicy
    from tenants.tenancy.states import Plan
    from tests.tenants.members import sso

    sso.enterprise(acme)
    said = {"actor": cast.DIRECTOR, "now": timezone.now(), "reason": "Set the stage"}
    with schemas.inside(acme):
        ben, ann = (cast.browser(cast.person(key), acme) for key in ("ben", "ann"))
        assert ben.get("/people/").status_code == 200
        with cast.context.regulated_write(actor=said["actor"], reason=said["reason"]):
            rescued = [cast.person("ann").pk]
            AccessPolicy.objects.create(
                sso_required=True, recovery_accounts=rescued, changed_at=said["now"], changed_by="Ann"
            )
        cache.delete(queries_of_rules.KEY)
    assert (ben.get("/people/").status_code, ann.get("/people/").status_code) == (302, 200)
    console.change_plan(acme, plan=Plan.STANDARD, **said)
    with schemas.inside(acme):
        assert not AccessPolicy.objects.get().sso_required
