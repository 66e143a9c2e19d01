"""An installation of a test's own: data folder, PostgreSQL, Valkey, mailbox, and real worker and beat processes."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg

from complere.embedded import demo, place, postgres, processes, services, valkey
from tests.complere.embedded.processes import environment

ROOT = Path(__file__).resolve().parent.parent
NOT_FOR_CHILDREN = ("DATABASE_OWNER_URL",)
SETUP = "import django; django.setup()\n"


class Deployment:
    """Started by `with`; everything that it started is ended and removed at the end.

    `durable=False` builds large things faster; `make_durable()` before anything is measured.
    """

    def __init__(self, *, durable: bool = True, **settings: str) -> None:
        self.durable = durable
        # Under a folder that every account may enter: PostgreSQL does not run as root.
        self.above = Path(tempfile.mkdtemp(prefix="complere-test-", dir=place.OPEN_FOLDER))
        self.above.chmod(0o755)
        self.folder = self.above / "var"
        self.settings = settings
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.open: psycopg.Connection[Any] | None = None

    def __enter__(self) -> Self:
        self.share = services.enter(self.folder, durable=self.durable)
        try:
            self.environment = environment(
                DJANGO_SETTINGS_MODULE="complere.settings",
                DATA_DIR=str(self.folder),
                LOG_FORMAT="json",
                **services.addresses(self.folder),
                **self.settings,
            )
            self.manage("migrate_schemas", "-v0")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for name in list(self.running):
            self.kill(name)
        self._disconnect()
        self.share.release()
        services.erase(self.folder)
        shutil.rmtree(self.above)

    def make_durable(self) -> None:
        """Stop the servers in order and start them, on their ports, as they run in production."""
        self._disconnect()
        before = services.addresses(self.folder)
        self.share.release()
        self.share = services.enter(self.folder, durable=True)
        assert services.addresses(self.folder) == before

    # --- Commands that run to their end ---------------------------------------------------------

    def manage(self, *words: str) -> str:
        """What a management command prints."""
        return self._run("manage.py", *words)

    def python(self, code: str, *words: str) -> Any:
        """What `code`, run with Django set up, prints as JSON in its last line."""
        return json.loads(self._run("-c", SETUP + code, *words).splitlines()[-1])

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words[:2]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    # --- Processes that go on -------------------------------------------------------------------

    def start_worker(self) -> None:
        self._start("worker", demo.worker_command())

    def start_beat(self) -> None:
        self._start("beat", demo.beat_command(self.folder / "run" / "beat-schedule"))

    def _start(self, name: str, command: list[str]) -> None:
        own = {key: value for key, value in self.environment.items() if key not in NOT_FOR_CHILDREN}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self, name: str) -> None:
        """As the power would: no chance to finish anything."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def lines_of(self, name: str, message: str) -> list[dict[str, Any]]:
        """The JSON lines that a process logged with this message."""
        lines = [json.loads(line) for line in self.log_of(name).splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("message") == message]

    # --- Servers --------------------------------------------------------------------------------

    def crash_postgres(self) -> None:
        """Immediate shutdown: every backend is killed, nothing is written out; then start again and recover."""
        self._disconnect()
        pid = processes.running(self.folder, postgres.NAME)
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        self._ended(postgres.NAME, pid)
        assert services.revive(self.folder) == [postgres.NAME]

    def restart_valkey(self, *, down: float = 0.5) -> None:
        """Kill the broker with all messages, and start it again on its port."""
        pid = processes.running(self.folder, valkey.NAME)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._ended(valkey.NAME, pid)
        time.sleep(down)
        assert services.revive(self.folder) == [valkey.NAME]

    def _ended(self, name: str, pid: int) -> None:
        def gone() -> bool:
            # We started it, so we take note of its end.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            return processes.running(self.folder, name) is None

        until(gone, 10, f"{name} did not end")

    # --- What the database and the mailbox hold ---------------------------------------------------

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """As the administrator, past all roles."""
        cursor = self.connected().execute(statement, values)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []

    def everywhere(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of `statement` in the schema of each tenant, the platform's included."""
        found = []
        for (name,) in self.sql("SELECT schema_name FROM public.tenants_tenant"):
            self.sql(f'SET search_path = "{name}"')
            found += self.sql(statement)
        self.sql("SET search_path = public")
        return found

    def connected(self) -> "psycopg.Connection[Any]":
        """One connection as the administrator, made anew when the server dropped it."""
        if self.open is None or self.open.closed:
            address = urlsplit(services.admin_url(self.folder))._replace(path=f"/{postgres.DATABASE}").geturl()
            self.open = psycopg.connect(address, autocommit=True)
        return self.open

    def _disconnect(self) -> None:
        if self.open is not None:
            self.open.close()

    def mails(self) -> list["Message[str, str]"]:
        """What stands in the mailbox."""
        return [message_from_bytes(path.read_bytes()) for path in sorted((self.folder / "mail").glob("*.eml"))]


def until(true: Callable[[], object], seconds: float, otherwise: str | Callable[[], str]) -> float:
    """Wait until `true()`, and return how long it took; fail after `seconds`."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise AssertionError(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(0.1)
    return time.monotonic() - began
