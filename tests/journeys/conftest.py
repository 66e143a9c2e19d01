"""The real product, started once as a person would, and people at real browsers."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from complere.embedded import place, ports, services
from tests.complere.embedded import processes
from tests.journeys.person import Faults, Person

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_PATIENCE = 300.0
READY = "Ctrl-C stops it"
# A click that leads nowhere fails a test in time that a person would wait.
CLICK_PATIENCE = 15_000


@dataclass(frozen=True)
class Product:
    """The running demonstration: where it listens, what it said, and where it keeps things.

    `peers`: ports kept free for other people's identity providers, which it may reach over plain http.
    """

    port: int
    said: list[str]
    folder: Path
    peers: tuple[int, ...]

    def origin(self, host: str = "localhost") -> str:
        return f"http://{host}:{self.port}"


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """`manage.py demo` in a folder of its own; Ctrl-C at the end, which it must obey with exit code 0."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"Chromium is not installed at {CHROMIUM}, and journeys are made in a browser")
    above = Path(tempfile.mkdtemp(dir=place.OPEN_FOLDER))
    above.chmod(0o755)
    folder, port = above / "var", ports.free_port()
    peers = tuple(ports.free_port() for _ in range(4))
    allowed = ",".join(f"127.0.0.1:{peer}" for peer in peers)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo"], cwd=processes.ROOT, start_new_session=True, text=True,
        env=processes.environment(
            DATA_DIR=str(folder), PORT=str(port), PLATFORM_ORIGIN=f"http://localhost:{port}", OUTBOUND_ALLOWED=allowed
        ),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said: list[str] = []
    listener = threading.Thread(target=_listen, args=(process, said), daemon=True)
    listener.start()
    try:
        _wait_until_ready(process, said)
        yield Product(port, said, folder, peers)
        # Ctrl-C at a terminal reaches the process that supervises; its children have sessions of their own.
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, "\n".join(said)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)
        listener.join(timeout=10)
        process.stdout.close()
        services.erase(folder)
        shutil.rmtree(above)


def _listen(process: "subprocess.Popen[str]", said: list[str]) -> None:
    said.extend(line.rstrip() for line in process.stdout)


def _wait_until_ready(process: "subprocess.Popen[str]", said: list[str]) -> None:
    until = time.monotonic() + START_PATIENCE
    while not any(READY in line for line in said):
        assert process.poll() is None, "\n".join(said)
        assert time.monotonic() < until, "\n".join(said)
        time.sleep(0.1)


@pytest.fixture(scope="module")
def browser(product: Product) -> Iterator[Browser]:
    """One Chromium a module: Playwright's loop must not run while other modules use the database."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def javascript() -> bool:
    """Whether browsers run scripts; the test that makes the whole of a journey overrides it to go without, too."""
    return True


@pytest.fixture
def mark(javascript: bool, request: pytest.FixtureRequest) -> str:
    """A word that tells the records of this run from those of every other."""
    letters = re.sub(r"[^a-z]", "", request.node.name)[:3]
    return f"{letters}{'js' if javascript else 'plain'}{time.time_ns() // 10**6 % 10**6}"


@pytest.fixture
def somebody(browser: Browser, product: Product, javascript: bool) -> Iterator[Callable[..., Person]]:
    """`somebody("acme.localhost")` is a person at a fresh browser there; `somebody("localhost", "legal@…")` signs in.

    Whatever any page complained about, an error in the console or a breach of the content security policy, fails
    the test at its end.
    """
    faults, contexts = Faults(others=tuple(f"http://127.0.0.1:{port}/" for port in product.peers)), []

    def sits_down(host: str = "localhost", email: str = "") -> Person:
        context = browser.new_context(java_script_enabled=javascript, accept_downloads=True)
        context.set_default_timeout(CLICK_PATIENCE)
        contexts.append(context)
        context.on("page", faults.watch)
        person = Person(context.new_page(), product.origin(host), f"{product.origin()}/demo/mail/")
        return person.signs_in(email) if email else person

    yield sits_down
    for context in contexts:
        context.close()
    assert faults.found == []
