"""The one way out to an address that somebody typed in: https to the public internet, short, small and looked up once.

What an admin of a tenant types is fetched from inside our network. So every address of the name must be public, the
connection goes to the address that was checked (a second look-up could answer otherwise), nothing is redirected, and
the whole exchange, look-up and TLS included, ends at a moment set when it began (ASVS 1.3.6).
"""

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

MAX_BYTES: Final = 256 * 1024
SECONDS: Final = 6.0
PORT: Final = 443
LONGEST_URL: Final = 2000
# All that is routed worldwide; what embeds an IPv4 address (mapped, NAT64, compatible) lies outside.
GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
# A name, or an address of version 6 without its brackets. Anything else is a trick or a mistake.
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")
# Look-ups cannot be broken off: few at a time may hang.
_lookups: Final = ThreadPoolExecutor(max_workers=32, thread_name_prefix="lookup")

Resolve = Callable[[str, int], list[str]]
Connect = Callable[[str, int, float], socket.socket]


class OutboundRefused(Exception):
    """Not sent, or no usable answer. `code` names what was wrong, `words` say it to whoever typed the address."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    kind: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """Raises OutboundRefused for what is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as wrong:
            raise OutboundRefused("no_json", "It answered with something that is no JSON.") from wrong


def lookup(host: str, port: int) -> list[str]:
    """Every address of the name, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """How the exchange is made; tests bring their own look-up, clock (in seconds), connection and roots of trust.

    `allowed`: host:port pairs that are reached over plain http, whatever their address.
    """

    resolve: Resolve = lookup
    connect: Connect = connect
    clock: Callable[[], float] = time.monotonic
    allowed: frozenset[str] = field(default_factory=lambda: frozenset(settings.OUTBOUND_ALLOWED))
    verify: bool | str = True
    seconds: float = SECONDS
    max_bytes: int = MAX_BYTES

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises OutboundRefused, whatever goes wrong."""
        return self._send("GET", url, headers or {}, None, None)

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str],
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A form, with HTTP Basic `auth` if given. Raises OutboundRefused, whatever goes wrong."""
        return self._send("POST", url, headers or {}, data, auth)

    def check(self, url: str) -> SplitResult:
        """The parts of an address that may be asked; no name is looked up. Raises OutboundRefused."""
        return _parts(url, self.allowed)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: Mapping[str, str] | None,
        auth: tuple[str, str] | None,
    ) -> Answer:
        until = self.clock() + self.seconds
        parts = self.check(url)
        asked = requests.Request(method, url, headers=_headers(parts, headers), data=data, auth=auth)
        refusal = OutboundRefused("unreachable", f"{parts.hostname} cannot be reached.")
        for address in self._addresses(parts, until):
            try:
                return self._exchange(asked, parts, address, until)
            except _Unconnected as failed:
                refusal = failed.refusal
        raise refusal

    def _addresses(self, parts: SplitResult, until: float) -> list[str]:
        """Looked up once. One address that is not public refuses the name."""
        host, port = parts.hostname or "", parts.port or PORT
        found = self._resolved(host, port, until)
        if parts.scheme == "https" and not all(is_public(address) for address in found):
            raise OutboundRefused("address", f"{host} leads to an address that is not public.")
        return found

    def _resolved(self, host: str, port: int, until: float) -> list[str]:
        pending: Future[list[str]] = _lookups.submit(self.resolve, host, port)
        try:
            found = pending.result(timeout=max(until - self.clock(), 0))
        except TimeoutError as late:
            pending.cancel()
            raise self._late(host) from late
        except (OSError, UnicodeError) as unknown:
            raise OutboundRefused("dns", f"The name {host} is not known in the DNS.") from unknown
        if not found:
            raise OutboundRefused("dns", f"The name {host} has no address in the DNS.")
        return found

    def _exchange(self, asked: requests.Request, parts: SplitResult, address: str, until: float) -> Answer:
        left = until - self.clock()
        if left <= 0:
            raise self._late(parts.hostname)
        line = _Line(partial(self.connect, address))
        with _cut_at(line, left), requests.Session() as session:
            # Proxies, .netrc and certificate bundles of the environment do not count.
            session.trust_env = False
            session.mount(f"{parts.scheme}://", _ToAddress(address, parts, line))
            prepared = session.prepare_request(asked)
            try:
                answer = session.send(
                    prepared, stream=True, timeout=left, verify=self.verify, allow_redirects=False, proxies={}
                )
                body = answer.raw.read(self.max_bytes + 1, decode_content=False)
            except (requests.RequestException, HTTPError, OSError, ValueError) as failed:
                raise self._refusal(failed, parts, line, until) from failed
        if line.cut:
            raise self._late(parts.hostname)
        return self._answer(answer, body, parts)

    def _answer(self, answer: requests.Response, body: bytes, parts: SplitResult) -> Answer:
        if 300 <= answer.status_code < 400:
            raise OutboundRefused("redirect", f"{parts.hostname} answers with a redirect. Give the final address.")
        if len(body) > self.max_bytes:
            raise OutboundRefused("large", f"{parts.hostname} answers with more than {self.max_bytes // 1024} KiB.")
        # We asked for none: something small could unfold to something that fills the memory.
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise OutboundRefused("encoded", f"{parts.hostname} answers compressed, which was not asked for.")
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(answer.status_code, kind, body, dict(answer.headers))

    def _refusal(self, failed: Exception, parts: SplitResult, line: "_Line", until: float) -> Exception:
        """As what a failure of the libraries is told; before a connection stands, the next address may be tried."""
        host = parts.hostname
        if line.cut or self.clock() >= until or isinstance(failed, requests.Timeout):
            return self._late(host)
        if isinstance(failed, requests.exceptions.SSLError | ssl.SSLError):
            return OutboundRefused("tls", f"The certificate of {host} is not valid for this name, or not trusted.")
        refusal = OutboundRefused("unreachable", f"{host} cannot be reached, or breaks off.")
        return refusal if line.connected else _Unconnected(refusal)

    def _late(self, host: str | None) -> OutboundRefused:
        return OutboundRefused("late", f"{host} took longer than {self.seconds:g} seconds.")


def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    return Client().get(url, headers=headers)


def post(
    url: str,
    *,
    data: Mapping[str, str],
    auth: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    return Client().post(url, data=data, auth=auth, headers=headers)


def check(url: str) -> None:
    """Raises OutboundRefused for an address that would never be asked; for forms, without a look-up."""
    Client().check(url)


def is_public(address: str) -> bool:
    """Whether this address belongs to the public internet, and to nobody's inside by way of another one."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    if isinstance(known, IPv4Address):
        return known.is_global and not known.is_multicast and not known.is_reserved
    return _is_public_6(known)


def _is_public_6(known: IPv6Address) -> bool:
    if known not in GLOBAL_UNICAST or known.scope_id:
        return False
    return known.is_global and known.sixtofour is None and known.teredo is None


def _parts(url: str, allowed: frozenset[str]) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as wrong:
        raise OutboundRefused("url", "This is no address.") from wrong
    if len(url) > LONGEST_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url) or not HOST.fullmatch(host):
        raise OutboundRefused("url", "This is no address of the form https://name.example/path.")
    if "@" in parts.netloc:
        raise OutboundRefused("url", "An address with a user name in it is not asked.")
    if parts.scheme == "http" and f"{host}:{port or 80}" in allowed:
        return parts
    if parts.scheme != "https":
        raise OutboundRefused("scheme", "Only addresses that begin with https:// are asked.")
    if port not in (None, PORT):
        raise OutboundRefused("port", f"Only port {PORT} is asked, the usual one of https.")
    return parts


def _headers(parts: SplitResult, wanted: Mapping[str, str]) -> dict[str, str]:
    own = {"Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "complere", "Connection": "close"}
    return {"Accept": "application/json", **wanted, **own}


class _Unconnected(Exception):
    def __init__(self, refusal: OutboundRefused) -> None:
        super().__init__()
        self.refusal = refusal


class _Line:
    """The connection of one exchange. It can be cut from outside, in whatever step it hangs."""

    def __init__(self, connect: Callable[[int, float], socket.socket]) -> None:
        self._connect = connect
        self._held: socket.socket | None = None
        self.cut = self.connected = False

    def open(self, port: int, seconds: float) -> socket.socket:
        opened = self._connect(port, seconds)
        self.connected = True
        # TLS takes the socket over; a second handle on it stays ours.
        self._held = opened.dup()
        return opened

    def end(self) -> None:
        self.cut = True
        if self._held is not None:
            with suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._held is not None:
            self._held.close()


@contextmanager
def _cut_at(line: _Line, seconds: float) -> Iterator[None]:
    """A server that sends a byte now and then never runs into a timeout of the socket: the line is cut instead."""
    timer = threading.Timer(seconds, line.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        line.close()


class _Plain(HTTPConnection):
    def __init__(self, *values: Any, line: _Line, **named: Any) -> None:
        super().__init__(*values, **named)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.open(self.port or PORT, float(self.timeout or SECONDS))


class _Secure(HTTPSConnection):
    def __init__(self, *values: Any, line: _Line, **named: Any) -> None:
        super().__init__(*values, **named)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.open(self.port or PORT, float(self.timeout or SECONDS))


class _ToAddress(HTTPAdapter):
    """Connects to the address that was checked; name, certificate and Host header stay those of the URL."""

    def __init__(self, address: str, parts: SplitResult, line: _Line) -> None:
        super().__init__(max_retries=0)
        self._pool = _pool(address, parts, line)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        return self._pool

    def close(self) -> None:
        self._pool.close()


def _pool(address: str, parts: SplitResult, line: _Line) -> HTTPConnectionPool:
    if parts.scheme == "http":
        plain = HTTPConnectionPool(address, parts.port or 80)
        plain.ConnectionCls = partial(_Plain, line=line)  # type: ignore[assignment]
        return plain
    host = parts.hostname
    secure = HTTPSConnectionPool(address, PORT, server_hostname=host, assert_hostname=host)
    secure.ConnectionCls = partial(_Secure, line=line)  # type: ignore[assignment]
    return secure
