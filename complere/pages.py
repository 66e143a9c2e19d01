"""Finished public pages, kept in the process and dropped in every process when something is published.

A kept page is answered before tenant look-up, session and database: by path, from bytes that were compressed
once. It is kept only while a listener hears Valkey: when the connection is lost everything is dropped
and pages are rendered anew until it is back. A page whose rendering began before a drop is never kept.
"""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, TypeGuard
from urllib.parse import urlsplit

import brotli
import redis
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from trust_center.updates.adapters import page_store

log = structlog.get_logger(__name__)

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]

MOST_PAGES: Final = 64
# Some pages tell of dates: none is shown longer than this without being rendered anew.
PAGE_LIVES: Final = 3600.0
# The listener proves each second that it hears; a page is not served on a proof older than this.
LEASE: Final = 5.0
CHECK_EVERY: Final = 1.0
# Of one request only, or written by the server for each answer.
NOT_KEPT: Final = frozenset(
    {"x-request-id", "date", "server", "connection", "content-length", "content-encoding", "etag"}
)
OF_A_BODY: Final = frozenset({"content-type", "content-length", "content-encoding"})


@dataclass(frozen=True, slots=True)
class Form:
    """A page in one encoding."""

    etag: str
    full: Headers
    unchanged: Headers
    body: bytes


class Page:
    """A finished answer in every encoding that a browser may ask for."""

    __slots__ = ("_forms", "changed_at", "kept_until")

    def __init__(self, headers: Headers, body: bytes) -> None:
        kept = [(name.lower(), value) for name, value in headers if name.lower() not in NOT_KEPT]
        kept = _varying(kept)
        self.changed_at = next((_timestamp(value) for name, value in kept if name == "last-modified"), None)
        self.kept_until = time.monotonic() + PAGE_LIVES
        self._forms = {name: _form(kept, name, packed) for name, packed in _encoded(body)}

    def answer(self, accepts: str, if_none_match: str | None, if_modified_since: str | None) -> Answer:
        """Status, headers and body for what the browser sent."""
        form = self._forms.get(_preferred(accepts)) or self._forms["identity"]
        if if_none_match is not None:
            known = if_none_match == form.etag or _names(if_none_match, form.etag)
        else:
            known = if_modified_since is not None and self._is_as_of(if_modified_since)
        return (304, form.unchanged, b"") if known else (200, form.full, form.body)

    def _is_as_of(self, date: str) -> bool:
        seen = _timestamp(date)
        return seen is not None and self.changed_at is not None and self.changed_at <= seen


class Store:
    """The pages of this process."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._lock = threading.Lock()
        self._lease_until = 0.0
        self._known: set[str] = set()
        self.generation = 0

    def get(self, path: str) -> Page | None:
        page = self._pages.get(path)
        if page is None:
            return None
        now = time.monotonic()
        return page if now < self._lease_until and now < page.kept_until else None

    def put(self, path: str, page: Page, *, begun_at: int) -> bool:
        """Keep a page whose rendering began at generation `begun_at`; not if something was dropped since."""
        with self._lock:
            if begun_at != self.generation or time.monotonic() >= self._lease_until or len(self._pages) >= MOST_PAGES:
                return False
            self._pages[path] = page
            self._known.add(path)
            return True

    def knows(self, path: str) -> bool:
        """Whether this path was kept before: when it is asked for by many at once, one rendering serves them all."""
        return path in self._known and time.monotonic() < self._lease_until

    def drop(self) -> None:
        with self._lock:
            self.generation += 1
            self._pages = {}

    def trust(self, seconds: float) -> None:
        """The listener hears: pages may be served for so long."""
        self._lease_until = time.monotonic() + seconds

    def distrust(self) -> None:
        self._lease_until = 0.0
        self.drop()


class Listener(threading.Thread):
    """Hears what is published. One a process."""

    def __init__(self, store: Store, url: str) -> None:
        super().__init__(name="page-listener", daemon=True)
        self._store = store
        self._url = url
        self._ended = threading.Event()

    def run(self) -> None:
        wait = 0.1
        while not self._ended.is_set():
            try:
                self._listen()
                wait = 0.1
            except Exception as failure:  # noqa: BLE001  whatever it is, the thread must go on listening
                log.warning("page store is off: Valkey is not heard", failure=repr(failure))
                wait = min(wait * 2, 2.0)
            finally:
                self._store.distrust()
            self._ended.wait(wait)

    def end(self) -> None:
        self._ended.set()

    def _listen(self) -> None:
        with redis.Redis.from_url(self._url, socket_timeout=2, socket_connect_timeout=2) as valkey:
            heard = valkey.pubsub(ignore_subscribe_messages=True)
            try:
                heard.subscribe(page_store.channel())
                # Subscribed before the version is read: what is published in between is heard.
                version = valkey.get(page_store.version_key())
                self._store.drop()
                while not self._ended.is_set():
                    self._store.trust(LEASE)
                    if heard.get_message(timeout=CHECK_EVERY) is not None:
                        self._store.drop()
                    now_at = valkey.get(page_store.version_key())
                    if now_at != version:
                        version = now_at
                        self._store.drop()
            finally:
                heard.close()


store = Store()
_listener: Listener | None = None


def listen() -> Listener:
    """Begin to keep pages in this process. Called by the servers' entry points, once in each worker."""
    global _listener  # noqa: PLW0603  one a process
    if _listener is None or not _listener.is_alive():
        _listener = Listener(store, settings.REDIS_URL)
        _listener.start()
    return _listener


class KeepPages:
    """The outermost middleware: answers kept pages, and keeps what a view marked with `keep_ready`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD") or not is_ours(_host(request), secure=request.is_secure()):
            return self.get_response(request)
        page = store.get(request.path)
        if page is None:
            begun_at = store.generation
            response = self.get_response(request)
            if not may_be_kept(response):
                return response
            page = Page(list(response.items()), response.content)
            store.put(request.path, page, begun_at=begun_at)
        sent = request.headers
        answer = page.answer(sent.get("Accept-Encoding", ""), sent.get("If-None-Match"), sent.get("If-Modified-Since"))
        return _response(answer)


def may_be_kept(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    """Only what a view marked, went well, and is the same for everybody."""
    return (
        isinstance(response, HttpResponse)
        and getattr(response, "keep_ready", False)
        and response.status_code == 200
        and not response.cookies
    )


_ORIGIN = urlsplit(settings.PLATFORM_ORIGIN)
HOST: Final = (_ORIGIN.hostname or "").lower()
# What browsers send for the platform: compared as it stands on the fast path.
HOSTS: Final = frozenset({HOST, _ORIGIN.netloc.lower()})
NEEDS_TLS: Final = bool(settings.SECURE_ORIGIN)
# The header by which the proxy says so, where there is one.
TLS_HEADER: Final = "x-forwarded-proto" if settings.SECURE_PROXY_SSL_HEADER else ""


def is_ours(host: str, *, secure: bool) -> bool:
    """Whether a kept page may answer: the platform's host, and over TLS where the platform speaks TLS."""
    return host == HOST and (secure or not NEEDS_TLS)


def _host(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_HOST", "")).split(":")[0].lower()


def _response(answer: Answer) -> HttpResponse:
    status, headers, body = answer
    response = HttpResponse(body, status=status)
    del response.headers["Content-Type"]
    for name, value in headers:
        response.headers[name] = value
    return response


def _encoded(body: bytes) -> list[tuple[str, bytes]]:
    forms = [("identity", body), ("gzip", gzip.compress(body, 9, mtime=0)), ("br", brotli.compress(body, quality=11))]
    return [(name, packed) for name, packed in forms if name == "identity" or len(packed) < len(body)]


def _form(headers: Headers, encoding: str, body: bytes) -> Form:
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    full = [*headers, ("etag", etag), ("content-length", str(len(body)))]
    if encoding != "identity":
        full.append(("content-encoding", encoding))
    return Form(etag, full, [(name, value) for name, value in full if name not in OF_A_BODY], body)


def _varying(headers: Headers) -> Headers:
    """Exactly `Vary: Accept-Encoding`: a kept page depends on nothing else."""
    return [*((name, value) for name, value in headers if name != "vary"), ("vary", "Accept-Encoding")]


_preferences: dict[str, str] = {}


def _preferred(accepts: str) -> str:
    """The smallest encoding that the browser takes. Remembered, as browsers send few different headers."""
    found = _preferences.get(accepts)
    if found is None:
        found = _choose(accepts)
        if len(_preferences) < 1000:
            _preferences[accepts] = found
    return found


def _choose(accepts: str) -> str:
    weights: dict[str, float] = {}
    for item in accepts.lower().split(","):
        name, _, parameters = item.partition(";")
        weights[name.strip()] = _weight(parameters)
    for encoding in ("br", "gzip"):
        if weights.get(encoding, weights.get("*", 0.0)) > 0:
            return encoding
    return "identity"


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _names(if_none_match: str, etag: str) -> bool:
    """Whether one of the tags is this one. A proxy may have made it weak (RFC 9110 13.1.2)."""
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return any(tag in (etag, "*") for tag in tags)


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
