"""What stands before every door: other sites' pages, and strangers who knock too often."""

from typing import Any

import pytest
from django.test import Client

from tests.architecture import routes

pytestmark = pytest.mark.django_db
CROSS = {"Sec-Fetch-Site": "cross-site"}
FOLLOWED = {**CROSS, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.req("ASVS-3.5.8")
@pytest.mark.parametrize("dest", ["image", "script", "iframe", "embed", "empty", "style"])
def test_another_sites_page_embeds_and_fetches_nothing_of_the_workspace(sign_in: Any, dest: str) -> None:
    mode = "navigate" if dest == "iframe" else "no-cors"
    headers = {**CROSS, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    assert sign_in("ann").get("/people/", headers=headers).status_code == 403


@pytest.mark.req("ASVS-3.5.8")
def test_another_sites_page_posts_nothing_into_the_workspace(sign_in: Any) -> None:
    answer = sign_in("ann").post("/account/sign-out-everywhere/", headers=FOLLOWED)
    assert (answer.status_code, "Another site" in answer.content.decode()) == (403, True)


@pytest.mark.parametrize("path", ["/", "/people/", "/requests/"])
def test_a_link_in_a_mail_is_followed(sign_in: Any, path: str) -> None:
    assert sign_in("ann").get(path, headers=FOLLOWED).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_pages_of_our_own_and_addresses_typed_in_pass(sign_in: Any, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    assert sign_in("ann").get("/people/", headers=headers).status_code == 200


def test_public_pages_are_open_to_other_sites(stranger: Any, platform: Any) -> None:
    headers = {**CROSS, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    assert stranger("localhost").get("/", headers=headers).status_code == 200


@pytest.mark.req("ASVS-2.4.1")
def test_who_sends_too_much_without_signing_in_is_asked_to_wait(stranger: Any, acme: Any, settings: Any) -> None:
    settings.ANONYMOUS_SENDINGS_A_MINUTE = 3
    client: Client = stranger("acme.localhost")
    answers = [client.post("/password-reset/", {"email": "not an address"}).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 429, 429]
    assert client.post("/password-reset/", {"email": "x"}).headers["Retry-After"] == "60"


@pytest.mark.req("ASVS-2.4.1")
def test_one_tenants_strangers_are_not_counted_at_another(stranger: Any, acme: Any, globex: Any, settings: Any) -> None:
    settings.ANONYMOUS_SENDINGS_A_MINUTE = 1
    for host in ("acme.localhost", "globex.localhost"):
        assert stranger(host).post("/password-reset/", {"email": "x"}).status_code == 422
    assert stranger("acme.localhost").post("/password-reset/", {"email": "x"}).status_code == 429


def test_who_is_signed_in_is_not_counted_as_a_stranger(sign_in: Any, settings: Any) -> None:
    settings.ANONYMOUS_SENDINGS_A_MINUTE = 1
    client = sign_in("ann")
    answers = {client.post("/csp-reports/", "{}", content_type="application/csp-report").status_code for _ in range(3)}
    assert answers == {204}


@pytest.mark.req("ASVS-2.4.1")
def test_who_guesses_at_links_is_asked_to_wait_and_a_page_without_a_link_still_opens(
    stranger: Any, acme: Any, settings: Any
) -> None:
    settings.UNKNOWN_LINKS_IN_TEN_MINUTES = 2
    client: Client = stranger("acme.localhost")
    answers = [client.get(f"/invitation/guess-{number}/").status_code for number in range(5)]
    assert answers == [404, 404, 404, 429, 429]
    assert client.get("/sign-in/").status_code == 200


@pytest.mark.req("ASVS-2.4.1")
def test_every_public_door_that_takes_something_stands_behind_the_count() -> None:
    """The count goes by what a view declares; a door that declares nothing fails elsewhere."""
    public = [route for route in routes.every() if routes.permission_of(route.view) == "public"]
    assert len(public) > 20
    assert [route.path for route in public if getattr(route.view, "permission", None) != "public"] == []


@pytest.mark.req("ASVS-3.4.4", "ASVS-3.4.5", "ASVS-3.4.6", "ASVS-3.4.8", "ASVS-3.4.3")
@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("acme.localhost", "/", 302),
        ("acme.localhost", "/sign-in/", 200),
        ("acme.localhost", "/nothing-here/", 404),
        ("localhost", "/", 200),
        ("localhost", "/healthz", 200),
        ("localhost", "/feeds/none", 404),
        ("nobody.localhost", "/", 404),
    ],
)
def test_every_answer_carries_the_headers(
    stranger: Any, acme: Any, platform: Any, host: str, path: str, status: int
) -> None:
    answer = stranger(host).get(path)
    assert answer.status_code == status
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]
    policy = answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.req("ASVS-3.4.1")
def test_strict_transport_is_for_two_years_on_every_answer_of_an_https_origin(
    stranger: Any, acme: Any, settings: Any
) -> None:
    settings.SECURE_HSTS_SECONDS = 63072000
    for host, path in (("acme.localhost", "/sign-in/"), ("nobody.localhost", "/"), ("acme.localhost", "/nothing/")):
        answer = stranger(host).get(path)
        assert answer["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload", (host, path)


@pytest.mark.req("ASVS-8.2.2")
def test_what_is_not_there_and_what_is_anothers_look_the_same(sign_in: Any, globex: Any) -> None:
    """A 404 tells nobody whether a record exists elsewhere."""
    from tenants import schemas
    from tests import cast

    with schemas.inside(globex):
        theirs = cast.person("dov").pk
    ann = sign_in("ann")
    pages = {}
    for name, path in {
        "foreign": f"/people/{theirs}/",
        "nobody": "/people/00000000-0000-4000-8000-000000000000/",
        "nothing": "/no-such-page/",
    }.items():
        answer = ann.get(path)
        pages[name] = (answer.status_code, answer.content.decode().split("<main", 1)[1])
    assert pages["foreign"] == pages["nobody"] == pages["nothing"]
    assert pages["foreign"][0] == 404
