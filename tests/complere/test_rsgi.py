"""The web server as it runs: Granian, two processes, the product on a database whose commits are real."""

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from complere import env
from complere.embedded import ports
from tests import cast
from tests.trust_center import publishing
from trust_center.claims import actions, queries
from trust_center.claims.states import State
from trust_center.updates.adapters import page_store

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def one(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


@dataclass(frozen=True)
class Server:
    port: int

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers={"Host": "localhost", **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(request)
            answer = b""
            with contextlib.suppress(TimeoutError, ConnectionError):
                while part := line.recv(65536):
                    answer += part
        return answer


@contextlib.contextmanager
def serving(database: str, folder: Path) -> Iterator[Server]:
    port = ports.free_port()
    url = urlsplit(env.secret("DATABASE_URL"))._replace(path=f"/{database}").geturl()
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "complere.rsgi:application", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--no-ws",
    ]  # fmt: skip
    values = {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PLATFORM_ORIGIN": "http://localhost:8000",
    }
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env.child(**values), stdout=log, stderr=subprocess.STDOUT)
        try:
            server = Server(port)
            await_answer(server, folder / f"{port}.log")
            yield server
        finally:
            process.terminate()
            process.wait(20)


def await_answer(server: Server, log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if server.get("/healthz").status == 200:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def database(committed_db: str) -> str:
    call_command("load_content", verbosity=0)
    publishing.publish_all(NOW)
    return committed_db


def until_kept(server: Server, path: str = "/") -> Answer:
    """Wait until the listener hears, let Django render the page once, and give what the store answers then."""
    time.sleep(1.2)
    server.get(path)
    return server.get(path)


def test_a_publication_is_seen_at_once_in_every_process(database: str, tmp_path: Path) -> None:
    with serving(database, tmp_path) as one, serving(database, tmp_path) as other:
        before = [until_kept(server) for server in (one, other)]
        assert [answer.status for answer in before] == [200, 200]
        etag = before[0].one("etag") or ""
        assert [server.get("/", If_None_Match=etag).status for server in (one, other)] == [304, 304]

        publish_new_text("C04", "TLS 1.3 only, from this very moment on.")
        end = time.monotonic() + 5
        seen = [False, False]
        while time.monotonic() < end and not all(seen):
            seen = [b"from this very moment on" in server.get("/").body for server in (one, other)]
        assert seen == [True, True]
        assert [server.get("/", If_None_Match=etag).status for server in (one, other)] == [200, 200]


def publish_new_text(code: str, text: str) -> None:
    actor = cast.person("tess").actor
    public = queries.in_state(code, State.PUBLISHED)
    assert public is not None
    seen = queries.wording_digest([public])
    draft = actions.edit(code, wording={"text": text}, seen=seen, actor=actor, now=NOW, reason="Raise the floor")
    publishing.publish([draft], now=NOW)


def test_a_kept_page_asks_the_database_nothing(database: str, tmp_path: Path) -> None:
    with serving(database, tmp_path) as server:
        kept = until_kept(server)
        from tests.database import admin

        # No connection may be opened: a page from the store needs none.
        admin(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
        try:
            assert server.get("/").body == kept.body
            assert server.get("/?utm_source=letter").body == kept.body
            assert server.get("/deadlines/").status == 500
        finally:
            admin(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")


def test_the_door_speaks_http(database: str, tmp_path: Path) -> None:
    """One server for many small claims, as starting one takes seconds."""
    with serving(database, tmp_path) as server:
        kept = until_kept(server)

        head = server.ask("HEAD", "/")
        assert (head.status, head.body) == (200, b"")
        assert head.one("content-length") == str(len(kept.body))
        assert head.one("content-security-policy") == kept.one("content-security-policy")

        packed = server.get("/", Accept_Encoding="gzip, br")
        assert (packed.one("content-encoding"), packed.one("vary")) == ("br", "Accept-Encoding")
        assert len(packed.body) < 12_000

        form = server.get("/sub-processors/subscribe/")
        assert form.status == 200
        assert form.one("x-request-id")
        assert len(form.all("set-cookie")) == 1

        assert server.get("/no-such-page/").status == 404
        assert server.get("/", Host="nobody.example").status == 404
        assert server.get("/sub-processors/%F0%9F%98%80/").status == 404
        assert server.get("/sub-processors/%ff%fe/").status == 404

        too_large = server.raw(
            b"POST /sub-processors/subscribe/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
        )
        assert too_large.startswith(b"HTTP/1.1 413")
        two_hosts = server.raw(
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: acme.localhost\r\nConnection: close\r\n\r\n"
        )
        assert two_hosts.startswith(b"HTTP/1.1 400")
        chunked = server.raw(
            b"POST /sub-processors/subscribe/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
        )
        assert chunked.startswith(b"HTTP/1.1 403"), "Django read the body and refused the form without its token"

        page_store.announce()
        time.sleep(0.5)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n")
            time.sleep(0.2)
            assert server.get("/").status == 200, "nobody waits for one who never finishes to ask"


def test_a_form_goes_through_with_its_cookie_and_the_address_of_its_sender(database: str, tmp_path: Path) -> None:
    import re
    from urllib.parse import urlencode

    from trust_center.updates.models import Subscription

    with serving(database, tmp_path) as server:
        form = server.get("/sub-processors/subscribe/")
        fields = dict(re.findall(rb'name="(csrfmiddlewaretoken|opened)" value="([^"]+)"', form.body))
        time.sleep(2.1)
        sent = {name.decode(): value.decode() for name, value in fields.items()} | {"email": "Eva@example.com"}
        answer = server.ask(
            "POST",
            "/sub-processors/subscribe/",
            {
                "Cookie": (form.one("set-cookie") or "").split(";")[0],
                "Content-Type": "application/x-www-form-urlencoded",
                # An underscore would reach Django under the name of the real header.
                "Content_Length": "7",
            },
            urlencode(sent).encode(),
        )
        assert (answer.status, answer.one("location")) == (302, "/sub-processors/subscribe/sent/")
    assert [row.email for row in Subscription.objects.select_related("subject_key")] == ["Eva@example.com"]
