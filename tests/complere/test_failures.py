"""When a part fails, the page tells nothing of the inside, and nothing passes (ASVS 16.5)."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from complere.embedded.ports import free_port
from tenants import schemas
from tenants.members.sessions.models import Session
from tests import cast

pytestmark = pytest.mark.django_db
INSIDE = ("Traceback", "psycopg", "OperationalError", "redis", "settings", "SELECT", "127.0.0.1", "File ")


def tells_nothing(answer: Any) -> None:
    page = answer.content.decode()
    assert answer.status_code == 500
    assert [word for word in INSIDE if word in page] == []
    assert "<h1" in page


@pytest.fixture
def lenient() -> Client:
    return Client(headers={"host": "acme.localhost"}, raise_request_exception=False)


@pytest.mark.req("ASVS-16.5.1", "ASVS-16.5.3")
def test_without_the_cache_that_counts_attempts_nobody_comes_in(acme: Any, lenient: Client) -> None:
    with pytest.MonkeyPatch.context() as gone:
        gone.setattr(cache._cache, "_servers", [f"redis://127.0.0.1:{free_port()}/0"])
        gone.setattr(cache._cache, "_pools", {})
        answer = lenient.post("/sign-in/", {"email": cast.ACME["ann"].email, "password": cast.PASSWORD})
    tells_nothing(answer)
    with schemas.inside(acme):
        assert Session.objects.filter(user_id__isnull=False).count() == 0


@pytest.mark.req("ASVS-16.5.1", "ASVS-16.5.3")
def test_a_database_that_fails_shows_a_page_that_tells_nothing(
    acme: Any, sign_in: Any, lenient: Client, monkeypatch: Any
) -> None:
    lenient.cookies = sign_in("ann").cookies

    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return (
            execute("SELECT 1 / 0", None, False, context)
            if "members_user" in sql
            else execute(sql, params, many, context)
        )

    with connection.execute_wrapper(broken):
        answer = lenient.get("/people/")
    tells_nothing(answer)


@pytest.mark.req("ASVS-13.4.5", "ASVS-13.4.2")
@pytest.mark.parametrize("path", ["/metrics", "/admin/", "/debug/", "/__debug__/", "/.env", "/.git/config", "/status/"])
@pytest.mark.parametrize("host", ["localhost", "acme.localhost"])
def test_no_page_about_the_inside_is_open(stranger: Any, acme: Any, platform: Any, host: str, path: str) -> None:
    answer = stranger(host).get(path)
    assert answer.status_code == 404
    assert "urlpatterns" not in answer.content.decode()
