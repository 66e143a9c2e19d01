"""Which passwords are taken, and how they are kept (ASVS 6.2, 11.4.2)."""

import hashlib
import io
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from complere import settings as shipped  # noqa: TID251  the product's own hashers, not the quick ones of the suite
from tenants import schemas
from tenants.members import passwords
from tenants.members.accounts import actions
from tenants.members.accounts.adapters import breaches
from tenants.outbound import Answer, Client, OutboundRefused
from tests import cast
from tests.tenants.members.entrance.steps import enter, rules

pytestmark = pytest.mark.django_db
ABOUT = pytest.mark.req("ASVS-6.2.11")
DIGITS = st.text("0123456789ABCDEF", min_size=4, max_size=4)
GOOD = "eleven purple umbrellas"
CHANGE = "/account/password/"


def refusals(password: str, user=None) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as refused:
        return [error.code for error in refused.error_list]
    return []


@pytest.mark.parametrize(
    ("password", "why"),
    [
        pytest.param("zebra lamp 9", [], marks=pytest.mark.req("ASVS-6.2.1"), id="twelve characters"),
        pytest.param("zebra lamp9", ["too_short"], marks=pytest.mark.req("ASVS-6.2.1"), id="eleven characters"),
        pytest.param("password1234", ["password_too_common"], marks=pytest.mark.req("ASVS-6.2.4"), id="common"),
        pytest.param("PASSWORD1234", ["password_too_common"], marks=pytest.mark.req("ASVS-6.2.4"), id="in capitals"),
        pytest.param("qwertyuiopasdf", ["password_too_common"], marks=pytest.mark.req("ASVS-6.2.4"), id="keyboard"),
        pytest.param("20102010201020", ["password_too_common"], marks=pytest.mark.req("ASVS-6.2.4"), id="repeated"),
        pytest.param("P@ssw0rd12345", ["password_too_common"], marks=pytest.mark.req("ASVS-6.2.4"), id="disguised"),
        pytest.param("onlysmallletterswithoutspace", [], marks=pytest.mark.req("ASVS-6.2.5"), id="small letters only"),
        pytest.param("ONLY CAPITALS IN HERE", [], marks=pytest.mark.req("ASVS-6.2.5"), id="capitals only"),
        pytest.param("73105862947718", [], marks=pytest.mark.req("ASVS-6.2.5"), id="digits only"),
        pytest.param("слон играет на трубе", [], marks=pytest.mark.req("ASVS-6.2.5"), id="another script"),
        pytest.param("elephant 🐘 tuba parade", [], marks=pytest.mark.req("ASVS-6.2.5"), id="a picture"),
        pytest.param("  spaces at both ends  ", [], marks=pytest.mark.req("ASVS-6.2.8"), id="spaces"),
        pytest.param("long " + "walk through wet forests, " * 7, [], marks=pytest.mark.req("ASVS-6.2.9"), id="187"),
        pytest.param(
            "walk through wet forests, " * 8, ["password_too_long"], marks=pytest.mark.req("ASVS-6.2.9"), id="208"
        ),
        pytest.param("my complere vault 77", ["password_about_you"], marks=ABOUT, id="product"),
        pytest.param("the Trust Center lamp", ["password_about_you"], marks=ABOUT, id="page"),
        pytest.param("acmes green lantern", ["password_about_you"], marks=ABOUT, id="tenant"),
        pytest.param("admin of the night owls", ["password_about_you"], marks=ABOUT, id="name"),
    ],
)
def test_what_is_taken_and_what_is_not(in_acme, password, why):
    assert refusals(password, cast.person("ann")) == why


@pytest.mark.req("ASVS-6.2.1")
def test_staff_need_fifteen_characters_and_a_tenant_may_ask_for_more_never_for_less(platform, acme):
    with schemas.on_platform():
        assert (refusals("zebra lamp 9"), refusals("zebra lamp 9 owl")) == (["too_short"], [])
    rules("ann", password_length=20)
    with schemas.inside(acme):
        assert (refusals("zebra lamp 9 owl"), passwords.shortest()) == (["too_short"], 20)


@pytest.mark.req("ASVS-6.2.1")
def test_below_twelve_no_rule_counts(acme):
    rules("ann", password_length=4)
    with schemas.inside(acme):
        assert passwords.shortest() == 12


@pytest.mark.req("ASVS-6.2.4")
def test_the_lists_that_come_with_the_product_are_whole():
    assert len(passwords.common()) > 40_000
    assert {"qwertyuiop", "dragon", "letmein"} <= passwords.common()


@pytest.mark.req("ASVS-6.2.4")
def test_every_common_password_of_the_least_length_is_refused(in_acme):
    long_enough = [one for one in sorted(passwords.common()) if len(one) >= passwords.LEAST]
    assert len(long_enough) > 100
    assert [one for one in long_enough if "password_too_common" not in refusals(one)] == []


@pytest.mark.req("ASVS-6.2.2")
@pytest.mark.req("ASVS-6.2.3")
def test_one_changes_ones_own_with_the_present_one_and_no_other(acme, sign_in):
    ann = sign_in("ann")
    wrong = ann.post(CHANGE, {"current": "wrong password", "password": GOOD, "again": GOOD})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["current"])
    assert ann.post(CHANGE, {"current": cast.PASSWORD, "password": GOOD, "again": GOOD}).status_code == 302


@pytest.mark.parametrize("path", ["/sign-in/", CHANGE, "/account/prove/"])
@pytest.mark.req("ASVS-6.2.6")
@pytest.mark.req("ASVS-6.2.7")
def test_fields_hide_what_is_typed_and_let_managers_and_paste_in(acme, sign_in, stranger, path):
    browser = stranger("acme.localhost") if path == "/sign-in/" else sign_in("cay")
    page = browser.get(path).content.decode()
    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page or 'autocomplete="new-password"' in page
    assert "onpaste" not in page


@pytest.mark.req("ASVS-6.2.8")
@pytest.mark.parametrize("typed", [GOOD.upper(), f" {GOOD}", f"{GOOD} ", GOOD[:-1], f"{GOOD}x" * 9])
def test_a_password_is_compared_as_it_was_typed(acme, stranger, typed):
    with schemas.inside(acme):
        cay = cast.person("cay")
        actions.set_password(cay, password=GOOD, actor=cay.actor, now=cay.created_at, reason="Changed")
    assert enter(stranger("acme.localhost"), "cay@acme.example", typed).status_code == 422
    assert enter(stranger("acme.localhost"), "cay@acme.example", GOOD).status_code == 302


@pytest.mark.req("ASVS-6.2.10")
def test_no_password_ends_by_itself(acme, stranger):
    with schemas.inside(acme):
        cay, long_ago = cast.person("cay"), datetime(2016, 1, 1, tzinfo=UTC)
        actions.set_password(cay, password=cast.PASSWORD, actor=cay.actor, now=long_ago, reason="Set the stage")
    assert enter(stranger("acme.localhost"), "cay@acme.example").headers["Location"] == "/"


def test_the_present_password_and_the_five_before_it_are_refused_and_an_older_one_is_taken(acme, sign_in):
    ann, used = sign_in("ann"), [cast.PASSWORD, *(f"{GOOD} no. {number}" for number in range(6))]
    for before, after in itertools.pairwise(used):
        assert ann.post(CHANGE, {"current": before, "password": after, "again": after}).status_code == 302
    with schemas.inside(acme):
        assert [refusals(one, cast.person("ann")) for one in used] == [[], *[["password_used_before"]] * 6]
    page = ann.post(CHANGE, {"current": used[-1], "password": used[2], "again": used[2]})
    assert (page.status_code, "one of your last five before it" in page.content.decode()) == (422, True)


def test_the_account_page_shows_when_the_password_was_set(acme, sign_in):
    ann = sign_in("ann")
    ann.post(CHANGE, {"current": cast.PASSWORD, "password": GOOD, "again": GOOD})
    assert "Last set" in ann.get("/account/").content.decode()


# --- Leaked passwords --------------------------------------------------------------------------


@pytest.fixture
def leaks(tmp_path):
    """A file as Pwned Passwords orders it, with 2,000 digests; three are of known passwords."""
    known = ["zebra lamp 9 owl", "first of all passwords here", "the very last one of them"]
    made = [hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper() for word in known]
    made += [hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest().upper() for number in range(1997)]
    path = tmp_path / "pwned.txt"
    path.write_bytes("".join(f"{digest}:{number}\r\n" for number, digest in enumerate(sorted(made), 1)).encode())
    return path


@pytest.mark.req("ASVS-6.2.12")
def test_a_leaked_password_is_refused_where_a_file_of_them_is_at_hand(in_acme, settings, leaks):
    settings.BREACH_CHECK, settings.BREACH_FILE = "local-file", str(leaks)
    assert refusals("zebra lamp 9 owl") == ["password_leaked"]
    assert refusals(GOOD) == []


@pytest.mark.req("ASVS-6.2.12")
@given(
    st.sets(st.text("0123456789ABCDEF", min_size=4, max_size=4)), st.text("0123456789ABCDEF", min_size=4, max_size=4)
)
def test_halving_a_file_finds_exactly_what_stands_in_it(lines, sought):
    file = io.BytesIO("".join(f"{line}:1\r\n" for line in sorted(lines)).encode())
    assert breaches.in_file(file, sought.encode()) is (sought in lines)
    assert all(breaches.in_file(file, line.encode()) for line in lines)


@pytest.mark.req("ASVS-6.2.12")
@pytest.mark.parametrize(("count", "why"), [("7", ["password_leaked"]), ("0", [])])
def test_five_characters_of_the_digest_are_asked_of_a_range_api(in_acme, settings, monkeypatch, count, why):
    asked, digest = [], hashlib.sha1(GOOD.encode(), usedforsecurity=False).hexdigest().upper()
    settings.BREACH_CHECK, settings.BREACH_API = "range-api", "https://ranges.example/range/"

    def get(self, url, *, headers=None):
        asked.append((url, headers["Add-Padding"], self.seconds))
        return Answer(200, "text/plain", f"00000000000000000000000000000000000:3\r\n{digest[5:]}:{count}\r\n".encode())

    monkeypatch.setattr(Client, "get", get)
    assert refusals(GOOD) == why
    assert asked == [(f"https://ranges.example/range/{digest[:5]}", "true", 1.0)]


@pytest.mark.parametrize("broken", ["no file", "no answer", "an error"])
def test_what_cannot_be_asked_refuses_nobody(in_acme, settings, monkeypatch, broken):
    def get(self, url, *, headers=None):
        if broken == "no answer":
            raise OutboundRefused("late", "It took too long.")
        return Answer(503, "text/plain", b"")

    monkeypatch.setattr(Client, "get", get)
    settings.BREACH_FILE = "there/is/no/such/file"
    settings.BREACH_CHECK = "local-file" if broken == "no file" else "range-api"
    assert refusals(GOOD) == []
    # The bundled lists hold all the same.
    assert refusals("password1234") == ["password_too_common"]


# --- How they are kept -------------------------------------------------------------------------


@pytest.mark.req("ASVS-11.4.2")
def test_what_is_stored_is_argon2id_with_at_least_the_work_that_owasp_asks_for():
    """OWASP Password Storage Cheat Sheet: m=47104 (46 MiB), t=1, p=1, or less memory with more passes."""
    hasher = passwords.BoundedArgon2()
    kept = hasher.decode(hasher.encode(GOOD, "sixteen bytes of"))
    assert (kept["variety"], kept["memory_cost"], kept["time_cost"], kept["parallelism"]) == ("argon2id", 47_104, 2, 1)
    assert shipped.PASSWORD_HASHERS[0] == "tenants.members.passwords.BoundedArgon2"


@pytest.mark.req("ASVS-11.4.2")
def test_no_more_than_four_are_computed_at_once(monkeypatch):
    running, most, lock = 0, 0, threading.Lock()

    def slow(self, password, encoded):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr("django.contrib.auth.hashers.Argon2PasswordHasher.verify", slow)
    with ThreadPoolExecutor(12) as people:
        assert all(people.map(lambda _: passwords.BoundedArgon2().verify("x", "y"), range(24)))
    assert most == passwords.AT_ONCE


def test_an_unusable_password_is_never_one_of_the_former(in_acme):
    user = actions.create_user(
        email="new@acme.example", full_name="Nia New", actor=cast.DIRECTOR, now=cast.BEGINNING, reason="Hired"
    )
    fresh = actions.set_password(user, password=GOOD, actor=user.actor, now=cast.BEGINNING, reason="First")
    assert fresh.former_passwords == []
    assert make_password(None).startswith("!")
