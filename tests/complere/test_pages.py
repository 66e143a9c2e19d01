"""The page store, and the listener on a Valkey of its own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from complere import pages
from complere.embedded import credentials, valkey
from trust_center.updates.adapters import page_store

HTML = b"<!doctype html><title>Trust</title>" + b"<p>The same for everybody.</p>" * 200
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Last-Modified", "Mon, 23 Nov 2026 10:00:00 GMT"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("X-Request-Id", "of-one-request"),
    ("Vary", "Cookie"),
]


@pytest.fixture
def page() -> pages.Page:
    return pages.Page(HEADERS, HTML)


def header(answer: pages.Answer, name: str) -> str | None:
    return dict(answer[1]).get(name)


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("GZIP", "gzip"),
        ("br;q=nonsense", None),
        (",;,=", None),
    ],
)
def test_the_smallest_encoding_that_the_browser_takes_is_sent(
    page: pages.Page, accepts: str, encoding: str | None
) -> None:
    answer = page.answer(accepts, None, None)
    assert (answer[0], header(answer, "content-encoding")) == (200, encoding)
    assert header(answer, "content-length") == str(len(answer[2]))
    assert header(answer, "vary") == "Accept-Encoding"


def test_each_encoding_has_an_etag_of_its_own(page: pages.Page) -> None:
    tags = {header(page.answer(accepts, None, None), "etag") for accepts in ("", "gzip", "br")}
    assert len(tags) == 3


@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"other", {0}', "*"])
def test_an_unchanged_page_answers_304_without_a_body(page: pages.Page, form: str) -> None:
    etag = header(page.answer("gzip", None, None), "etag")
    status, headers, body = page.answer("gzip", form.format(etag), None)
    assert (status, body) == (304, b"")
    assert dict(headers)["etag"] == etag
    assert "content-length" not in dict(headers)
    assert dict(headers)["content-security-policy"] == "default-src 'none'"


def test_another_etag_answers_200_whatever_the_date_says(page: pages.Page) -> None:
    assert page.answer("", '"other"', "Mon, 23 Nov 2026 10:00:00 GMT")[0] == 200


@pytest.mark.parametrize(
    ("date", "status"),
    [
        ("Mon, 23 Nov 2026 10:00:00 GMT", 304),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 304),
        ("Mon, 23 Nov 2026 09:59:59 GMT", 200),
        ("yesterday", 200),
        ("", 200),
    ],
)
def test_a_date_answers_304_from_the_last_change_on(page: pages.Page, date: str, status: int) -> None:
    assert page.answer("", None, date)[0] == status


def test_what_belongs_to_one_request_is_not_kept(page: pages.Page) -> None:
    assert header(page.answer("", None, None), "x-request-id") is None


def test_nothing_is_kept_before_the_listener_hears(page: pages.Page) -> None:
    store = pages.Store()
    assert store.put("/", page, begun_at=store.generation) is False
    assert store.get("/") is None


def test_a_kept_page_is_not_served_on_a_stale_proof(page: pages.Page) -> None:
    store = pages.Store()
    store.trust(0.05)
    assert store.put("/", page, begun_at=store.generation) is True
    assert store.get("/") is page
    time.sleep(0.06)
    assert store.get("/") is None


def test_a_page_rendered_before_a_drop_is_not_kept_after_it(page: pages.Page) -> None:
    store = pages.Store()
    store.trust(60)
    begun_at = store.generation
    store.drop()
    assert store.put("/", page, begun_at=begun_at) is False
    assert store.get("/") is None


def test_a_drop_forgets_every_page(page: pages.Page) -> None:
    store = pages.Store()
    store.trust(60)
    store.put("/", page, begun_at=store.generation)
    store.put("/compliance/", page, begun_at=store.generation)
    store.drop()
    assert [store.get("/"), store.get("/compliance/")] == [None, None]


def test_the_store_is_bounded(page: pages.Page) -> None:
    store = pages.Store()
    store.trust(60)
    kept = [store.put(f"/{n}", page, begun_at=store.generation) for n in range(pages.MOST_PAGES + 1)]
    assert kept == [True] * pages.MOST_PAGES + [False]


@pytest.mark.parametrize(
    ("host", "secure", "ours"),
    [("localhost", False, True), ("acme.localhost", False, False), ("", False, False), ("evil.example", True, False)],
)
def test_only_the_platform_host_is_answered_from_the_store(host: str, secure: bool, ours: bool) -> None:
    assert pages.is_ours(host, secure=secure) is ours


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """Address, stop and start of a Valkey that only this test uses."""
    for folder in ("run", "logs"):
        (tmp_path / folder).mkdir()
    known = credentials.generated()
    port = valkey.start(tmp_path, known, port=None)
    url = f"redis://:{known.valkey_password}@127.0.0.1:{port}/0"
    yield url, lambda: valkey.stop(tmp_path), lambda: void(valkey.start(tmp_path, known, port=port))
    valkey.stop(tmp_path)


def void(_: object) -> None:
    return None


def until(condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_the_listener_drops_on_a_message_and_on_a_lost_connection(
    page: pages.Page,
    own_valkey: tuple[str, Callable[[], None], Callable[[], None]],
) -> None:
    url, stop, start = own_valkey
    store = pages.Store()
    listener = pages.Listener(store, url)
    listener.start()
    try:
        assert until(lambda: store.put("/", page, begun_at=store.generation)), "it begins to keep pages"
        with redis.Redis.from_url(url) as publisher:
            publisher.publish(page_store.channel(), "drop")
        assert until(lambda: store.get("/") is None), "a message drops"

        assert until(lambda: store.put("/", page, begun_at=store.generation))
        with redis.Redis.from_url(url) as publisher:
            # The version alone, as if the message was lost on its way.
            publisher.incr(page_store.version_key())
        assert until(lambda: store.get("/") is None, 3.0), "a new version drops without a message"

        assert until(lambda: store.put("/", page, begun_at=store.generation))
        stop()
        assert until(lambda: store.get("/") is None), "a lost connection drops"
        assert store.put("/", page, begun_at=store.generation) is False, "and nothing is kept until it is back"
        start()
        assert until(lambda: store.put("/", page, begun_at=store.generation)), "then pages are kept again"
    finally:
        listener.end()
        listener.join(5)
