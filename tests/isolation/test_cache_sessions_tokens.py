"""What leaves the database, bound to its schema: cache keys, sessions, signed tokens."""

import json
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.core import signing as django_signing
from django.core.cache import cache, caches
from django.test import Client

from complere import env
from tenants import schemas, signing
from tenants.members.accounts.models import User
from tenants.members.sessions.adapters.store import SessionStore
from tenants.members.sessions.models import Session
from tests import cast
from tests.architecture import routes

pytestmark = pytest.mark.django_db


def test_what_one_tenant_caches_no_other_reads(acme, globex):
    with schemas.inside(acme):
        cache.set("answer", {"for": "acme"})
        assert cache.get("answer") == {"for": "acme"}
    with schemas.inside(globex):
        assert cache.get("answer") is None
        cache.set("answer", "globex")
    with schemas.on_platform():
        assert cache.get("answer") is None
    with schemas.inside(acme):
        assert cache.get("answer") == {"for": "acme"}


def test_every_cache_binds_its_keys_to_the_schema(acme):
    with schemas.inside(acme):
        for alias in settings.CACHES:
            assert acme.schema_name in caches[alias].make_key("answer")


@pytest.mark.req("ASVS-1.5.2")
def test_a_cache_holds_data_and_never_code(acme):
    with schemas.inside(acme):
        with pytest.raises(TypeError, match="not JSON serializable"):
            cache.set("answer", object())
        server = cache._cache.get_client(write=True)
        server.set(cache.make_and_validate_key("answer"), b"cos\nsystem\n(S'true'\ntR.")
        with pytest.raises(ValueError, match="Expecting value"):
            cache.get("answer")
        cache.delete("answer")


def test_a_session_counts_only_where_it_was_opened(sign_in, acme, globex):
    ann = sign_in("ann")
    assert ann.get("/account/").status_code == 200
    for host in ("globex.localhost", "localhost"):
        path = "/console/account/" if host == "localhost" else "/account/"
        away = Client(headers={"host": host})
        away.cookies[settings.SESSION_COOKIE_NAME] = ann.cookies[settings.SESSION_COOKIE_NAME].value
        answer = away.get(path)
        assert (answer.status_code, "sign-in/" in answer["Location"]) == (302, True)


@pytest.mark.parametrize("says", ["acme", "globex"])
def test_a_copied_session_opens_nothing_even_for_the_same_id_and_password(sign_in, acme, globex, says):
    """A tenant restored from another's backup: same person, same hash, same session row."""
    ann = sign_in("ann")
    key = ann.cookies[settings.SESSION_COOKIE_NAME].value
    with schemas.inside(acme):
        person = cast.person("ann")
        data = dict(SessionStore(key).items())
    with schemas.inside(globex):
        twin = cast.person("dov")
        User.objects.filter(pk=twin.pk).update(password=person.password)
        data["schema"] = {"acme": acme, "globex": globex}[says].schema_name
        copy = SessionStore(key)
        # The twin's own id stands for Ann's: ids are random, so only a copy could make them the same.
        copy.update(data | {"_auth_user_id": str(twin.pk)})
        copy.save(must_create=True)
    away = Client(headers={"host": "globex.localhost"})
    away.cookies[settings.SESSION_COOKIE_NAME] = key
    assert away.get("/account/").status_code == 302
    assert ann.get("/account/").status_code == 200


def test_the_row_of_a_session_copied_as_it_is_opens_nothing(sign_in, acme, globex):
    """As for the table of engines in the specification: of ours, not even the row itself is worth anything there."""
    ann = sign_in("ann")
    key = ann.cookies[settings.SESSION_COOKIE_NAME].value
    with schemas.inside(acme):
        person, row = cast.person("ann"), Session.objects.get(session_key=key)
    with schemas.inside(globex):
        # A clone of the tenant: the same person under the same id, with the same password.
        twin = cast.person("dov")
        User.objects.filter(pk=twin.pk).update(password=person.password)
        row.user_id = twin.pk
        row.save(force_insert=True)
        assert dict(SessionStore(key).items()) == {}
    away = Client(headers={"host": "globex.localhost"})
    away.cookies[settings.SESSION_COOKIE_NAME] = key
    assert away.get("/account/").status_code == 302


def test_the_same_person_and_password_hash_differently_in_each_schema(acme, globex):
    with schemas.inside(acme):
        ann = cast.person("ann")
        here = ann.get_session_auth_hash()
    with schemas.inside(globex):
        assert ann.get_session_auth_hash() != here


def test_a_token_opens_in_its_schema_and_for_its_purpose_only(acme, globex):
    with schemas.inside(acme):
        token = signing.sign({"id": 7}, purpose="invite")
        assert signing.unsign(token, purpose="invite", max_age_seconds=60) == {"id": 7}
        with pytest.raises(django_signing.BadSignature):
            signing.unsign(token, purpose="reset", max_age_seconds=60)
        with pytest.raises(django_signing.SignatureExpired):
            signing.unsign(token, purpose="invite", max_age_seconds=-1)
        with pytest.raises(django_signing.BadSignature):
            signing.unsign(token[:-1] + ("a" if token[-1] != "a" else "b"), purpose="invite", max_age_seconds=60)
    for elsewhere in (globex, cast.tenant("localhost")):
        with schemas.inside(elsewhere), pytest.raises(django_signing.BadSignature):
            signing.unsign(token, purpose="invite", max_age_seconds=60)


# --- Forged forms ------------------------------------------------------------------------------


def form_of(host: str) -> tuple[str, str]:
    """The cookie that a host gave, and the token in its form."""
    browser = Client(headers={"host": host})
    page = browser.get("/sign-in/" if host != "localhost" else "/console/sign-in/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return browser.cookies[settings.CSRF_COOKIE_NAME].value, token[1]


def send(host: str, cookie: str, token: str) -> int:
    """Status of a form sent to sign in with nothing; 422 when it was read at all."""
    strict = Client(headers={"host": host}, enforce_csrf_checks=True)
    strict.cookies[settings.CSRF_COOKIE_NAME] = cookie
    path = "/sign-in/" if host != "localhost" else "/console/sign-in/"
    return strict.post(path, {"csrfmiddlewaretoken": token}).status_code


@pytest.mark.req("ASVS-3.5.1")
def test_a_token_against_forged_forms_counts_only_where_it_was_given(acme, globex, platform):
    """Cookie and token of one tenant, planted together at another: Django alone takes them."""
    hosts = ("acme.localhost", "globex.localhost", "localhost")
    for given in hosts:
        cookie, token = form_of(given)
        assert {host: send(host, cookie, token) for host in hosts} == {
            host: 422 if host == given else 403 for host in hosts
        }


@pytest.mark.req("ASVS-3.5.1")
def test_a_secret_that_we_did_not_give_is_none(acme):
    cookie, token = form_of("acme.localhost")
    secret, _, seal = cookie.partition(".")
    assert (len(secret), len(seal)) == (32, 64)
    for made_up in (
        "",
        secret,
        f"{secret}.",
        f"{secret}.{'0' * 64}",
        f"{seal}.{secret}",
        f"{'a' * 32}.{seal}",
        f"{cookie}.",
    ):
        assert send("acme.localhost", made_up, token) == 403, made_up
    assert send("acme.localhost", cookie, token) == 422
    assert send("acme.localhost", cookie, "a" * 64) == 403


def test_the_secret_is_renewed_at_sign_in_and_kept_else(acme):
    browser = Client(headers={"host": "acme.localhost"})
    browser.get("/sign-in/")
    before = browser.cookies[settings.CSRF_COOKIE_NAME].value
    browser.get("/sign-in/")
    assert browser.cookies[settings.CSRF_COOKIE_NAME].value.partition(".")[0] == before.partition(".")[0]


# --- Cookies -----------------------------------------------------------------------------------

NAMES = ("SESSION_COOKIE", "CSRF_COOKIE")
# Somebody who was signed out walks on as a stranger.
LEAVES = {"sign-out", "sign-out-everywhere"}
DECLARED = {"__Host-sid": "Lax", "__Host-csrf": "Lax", "__Host-known": "Lax", "__Host-sso": "None"}


def on_https() -> dict[str, object]:
    """What the product's own settings say of cookies when its origin is https."""
    code = (
        "import json; from complere import settings as s; "
        f"print(json.dumps({{k: getattr(s, k) for k in dir(s) if k.startswith({NAMES!r})}}))"
    )
    child = env.child(PLATFORM_ORIGIN="https://trust.example", DEBUG="1")
    done = subprocess.run([sys.executable, "-c", code], env=child, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def https(settings):
    for name, value in on_https().items():
        setattr(settings, name, value)
    return settings


def cookies_of(browser: Client, host: str) -> dict[str, object]:
    """Every cookie that any address without arguments sets, by name."""
    found = {}
    for route in routes.every():
        if route.host != host or route.converters or route.name in LEAVES:
            continue
        for verb in (browser.get, browser.post):
            answer = verb(f"/{route.path}", secure=True)
            found |= {name: morsel for name, morsel in answer.cookies.items() if morsel.value}
    return found


@pytest.mark.req("ASVS-3.3.1")
@pytest.mark.req("ASVS-3.3.2")
@pytest.mark.req("ASVS-3.3.3")
@pytest.mark.req("ASVS-3.3.4")
@pytest.mark.parametrize("who", ["a stranger", "ann", "pat"])
def test_every_cookie_is_bound_to_its_host_and_kept_from_scripts(acme, platform, https, who):
    host, route_host = ("localhost", "platform") if who == "pat" else ("acme.localhost", "tenant")
    browser = Client(headers={"host": host}, raise_request_exception=False)
    if who != "a stranger":
        with schemas.inside(cast.tenant(host.partition(".")[0])):
            browser = cast.browser(cast.person(who), cast.tenant(host.partition(".")[0]))
            browser.raise_request_exception = False
    found = cookies_of(browser, route_host)
    if who == "a stranger":
        with schemas.inside(acme):
            email = cast.person("cay").email
        answer = browser.post("/sign-in/", {"email": email, "password": cast.PASSWORD}, secure=True)
        found |= dict(answer.cookies.items())
        assert {"__Host-sid", "__Host-csrf", "__Host-known"} <= found.keys()
    assert found.keys() <= DECLARED.keys()
    assert "__Host-csrf" in found
    for name, morsel in found.items():
        said = (bool(morsel["secure"]), bool(morsel["httponly"]), morsel["path"], morsel["domain"], morsel["samesite"])
        assert said == (True, True, "/", "", DECLARED[name]), name


def test_on_a_plain_origin_cookies_have_plain_names(acme, stranger):
    """A browser would drop a __Host- cookie that is not Secure."""
    browser = stranger("acme.localhost")
    browser.get("/sign-in/")
    assert [*browser.cookies] == ["csrf"]
    assert (browser.cookies["csrf"]["httponly"], browser.cookies["csrf"]["path"]) == (True, "/")
