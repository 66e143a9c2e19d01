"""The web server's entry point: kept public pages from memory, everything else through Django.

RSGI is Granian's own interface. A kept page leaves from the event loop without a thread, a query or a
middleware; any other request runs Django's WSGI application in a thread, as it would under a WSGI server.
"""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

import structlog

from complere.wsgi import application as django

from complere import pages  # isort: skip  Django must be set up first

log = structlog.get_logger(__name__)

THREADS: Final = 8
# More than any form of ours takes; Django's own limits are lower and answer with a page.
# The largest form carries a file of 5 MB.
LARGEST_BODY: Final = 12 * 1024 * 1024
TEXT: Final = [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")]
Headers = list[tuple[str, str]]


class Scope(Protocol):
    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


class Transport(Protocol):
    async def send_bytes(self, data: bytes) -> None: ...


class Proto(Protocol):
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_stream(self, status: int, headers: Headers) -> Transport: ...


class Refused(Exception):
    """The request is not passed on."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Answered:
    """What Django's WSGI application said before its body."""

    __slots__ = ("headers", "status")

    def __init__(self) -> None:
        self.status = 500
        self.headers: Headers = []

    def start(self, status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
        self.status = int(status[:3])
        # A list, not a mapping: several cookies are several headers.
        self.headers = [(name.lower(), value) for name, value in headers]
        return _no_write


def _no_write(data: bytes) -> object:
    """PEP 3333 hands out a function for writing past the iterable; Django never calls it."""
    raise RuntimeError("write() is not offered")


class Application:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="django")
        # Pages being rendered anew, each with what the others who ask for it wait for.
        self._rendering: dict[str, asyncio.Event] = {}

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        pages.listen()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __rsgi__(self, scope: Scope, proto: Proto) -> None:
        # Each look at the scope crosses into Rust: the fast path looks once at what it needs.
        method = scope.method
        if method in ("GET", "HEAD"):
            path, sent = scope.path, scope.headers
            page = pages.store.get(path)
            if sent.get("host", scope.authority) in pages.HOSTS and (not pages.NEEDS_TLS or _is_over_tls(scope)):
                if page is not None:
                    _answer(page, sent, method, proto)
                    return
                if pages.store.knows(path):
                    await self._once(path, scope, proto)
                    return
        await self._through_django(scope, proto)

    async def _once(self, path: str, scope: Scope, proto: Proto) -> None:
        """A page that was dropped and is asked for by many is rendered once; the others wait for it."""
        # Received whole before anybody waits for it: else one who sends slowly would hold the page from all.
        environ = await _received(scope, proto)
        if environ is None:
            return
        rendered = self._rendering.get(path)
        if rendered is None:
            rendered = self._rendering[path] = asyncio.Event()
            try:
                await self._answered(environ, proto)
            finally:
                del self._rendering[path]
                rendered.set()
            return
        await rendered.wait()
        page = pages.store.get(path)
        if page is not None:
            _answer(page, scope.headers, scope.method, proto)
        else:
            await self._answered(environ, proto)

    async def _through_django(self, scope: Scope, proto: Proto) -> None:
        environ = await _received(scope, proto)
        if environ is not None:
            await self._answered(environ, proto)

    async def _answered(self, environ: dict[str, Any], proto: Proto) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, _run, environ, proto, loop)
        except Exception:
            # Without the path, which may hold a personal link.
            log.exception("the request could not be answered")
            proto.response_bytes(500, TEXT, b"Something went wrong on our side.\n")


async def _received(scope: Scope, proto: Proto) -> dict[str, Any] | None:
    """The whole request as Django takes it; None when it is refused, which the client has then been told."""
    try:
        return environ_of(scope, await _body(scope, proto))
    except Refused as refused:
        proto.response_bytes(refused.status, TEXT, f"{refused}\n".encode())
        return None


def _answer(page: pages.Page, sent: Any, method: str, proto: Proto) -> None:
    status, headers, body = page.answer(
        sent.get("accept-encoding", ""), sent.get("if-none-match"), sent.get("if-modified-since")
    )
    if body and method == "GET":
        proto.response_bytes(status, headers, body)
    else:
        proto.response_empty(status, headers)


def environ_of(scope: Scope, body: bytes) -> dict[str, Any]:
    """The WSGI environment of a request (PEP 3333). Raises `Refused`."""
    client, _, _ = scope.client.rpartition(":")
    server, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server.strip("[]") or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client.strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    _add_headers(environ, scope)
    # Of a chunked body only the bytes tell the length.
    environ["CONTENT_LENGTH"] = str(len(body)) if body else environ.get("CONTENT_LENGTH", "")
    return environ


def _add_headers(environ: dict[str, Any], scope: Scope) -> None:
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    hosts = 0
    for name, value in scope.headers.items():
        # `X_Forwarded_For` would arrive under the same key as `X-Forwarded-For`.
        if "_" in name:
            continue
        hosts += name == "host"
        if name in ("content-type", "content-length"):
            environ[name.replace("-", "_").upper()] = value
            continue
        key = f"HTTP_{name.replace('-', '_').upper()}"
        joint = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ and name != "host" else value
    if hosts > 1:
        raise Refused(400, "The request names more than one host.")


async def _body(scope: Scope, proto: Proto) -> bytes:
    """The whole body, read on the event loop: a slow sender holds no thread. Raises `Refused`."""
    length = scope.headers.get("content-length")
    if length is None and scope.headers.get("transfer-encoding") is None and scope.http_version.startswith("1"):
        return b""
    if length is not None and (not length.isdigit() or int(length) > LARGEST_BODY):
        raise Refused(413, "The request is too large.")
    chunks, size = [], 0
    async for chunk in proto:
        size += len(chunk)
        if size > LARGEST_BODY:
            raise Refused(413, "The request is too large.")
        chunks.append(chunk)
    if length is not None and size < int(length):
        raise Refused(400, "The request ended before its body did.")
    return b"".join(chunks)


def _run(environ: dict[str, Any], proto: Proto, loop: asyncio.AbstractEventLoop) -> None:
    """In a thread: let Django answer and hand the answer over. The thread stays the same until the body is closed."""
    answered = Answered()
    result = django(environ, answered.start)
    try:
        if getattr(result, "streaming", True):
            _stream(result, answered, environ, proto, loop)
            return
        body = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    if body and environ["REQUEST_METHOD"] != "HEAD":
        proto.response_bytes(answered.status, answered.headers, body)
    else:
        proto.response_empty(answered.status, answered.headers)


def _stream(
    result: Iterable[bytes], answered: Answered, environ: dict[str, Any], proto: Proto, loop: asyncio.AbstractEventLoop
) -> None:
    if environ["REQUEST_METHOD"] == "HEAD" or answered.status in (204, 304):
        proto.response_empty(answered.status, answered.headers)
        return
    transport = proto.response_stream(answered.status, answered.headers)
    for chunk in result:
        if chunk:
            # Waits for the browser to take it, so that a large answer never stands in memory whole.
            asyncio.run_coroutine_threadsafe(_send(transport, chunk), loop).result()


async def _send(transport: Transport, chunk: bytes) -> None:
    await transport.send_bytes(chunk)


def _is_over_tls(scope: Scope) -> bool:
    return bool(scope.scheme == "https" or (pages.TLS_HEADER and scope.headers.get(pages.TLS_HEADER) == "https"))


application = Application()
