"""What leaves the database, bound to its schema: cache keys, sessions, signed tokens."""

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing as django_signing
from django.core.cache import cache, caches
from django.test import Client

from tenants import schemas, signing
from tenants.members.accounts.models import User
from tests import cast

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
