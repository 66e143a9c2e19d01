"""The whole product on one machine for one person: prepare, start, say where, keep alive, stop."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Final

from complere import env
from complere.embedded import locks, ports, processes, services
from complere.embedded.fingerprint import fingerprint
from complere.embedded.processes import Program
from complere.embedded.supervisor import DiesAgainAndAgain, Supervisor

ROOT: Final = Path(__file__).resolve().parents[2]
CHILDREN: Final = ("beat", "worker", "web")
# A web process or a worker that is broken into must find no stronger key than its own.
NOT_FOR_CHILDREN: Final = frozenset({"DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE", "DATABASE_ADMIN_URL"})
WEB_PATIENCE: Final = 60.0


class CannotStart(Exception):
    """The demo cannot run here now; the message is one line."""


class Failed(Exception):
    """A part of the demo failed; the message says where to look."""


@dataclass(frozen=True)
class Demo:
    """One run: where it keeps things, where it listens, whether it uses the embedded services, and when to end."""

    data_dir: Path
    port: int
    embedded: bool
    ended: Event


def run(commands: Sequence[str]) -> int:
    """Run until a signal; the exit code. `commands` are the management commands that prepare the database, in order."""
    demo = Demo(services.data_folder(), env.number("PORT", 8000, minimum=1, maximum=65535), _is_embedded(), Event())
    with _signals_end(demo.ended):
        try:
            with _alone(demo.data_dir):
                return _run_alone(demo, commands)
        except (CannotStart, *services.FAILURES) as refusal:
            sys.stderr.write(f"{refusal}\n")
            return 2
        except (Failed, DiesAgainAndAgain) as failure:
            sys.stderr.write(f"{failure}\n")
            return 1


def erase() -> int:
    """Remove all that a demo kept; the exit code."""
    data_dir = services.data_folder()
    try:
        with _alone(data_dir):
            services.erase(data_dir)
    except CannotStart as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    say(f"Removed {data_dir}.")
    return 0


def web_command(port: int, host: str = ports.LOOPBACK) -> list[str]:
    """The web server's command line."""
    rsgi = (ROOT / "complere" / "rsgi.py").exists()
    target = ["--interface", "rsgi", "complere.rsgi:application"] if rsgi else [
        "--interface", "wsgi", "complere.wsgi:application"]  # fmt: skip
    return [
        sys.executable, "-m", "granian", *target, "--host", host, "--port", str(port), "--workers", "2", "--no-ws",
        "--respawn-failed-workers", "--workers-kill-timeout", "2",
    ]  # fmt: skip


def worker_command() -> list[str]:
    """The worker's command line."""
    return [
        sys.executable, "-m", "celery", "-A", "complere.celery", "worker", "--pool", "threads", "--concurrency", "4",
        "--loglevel", "INFO", "--without-gossip", "--without-mingle",
    ]  # fmt: skip


def beat_command(schedule: Path) -> list[str]:
    """The timer's command line."""
    return [
        sys.executable, "-m", "celery", "-A", "complere.celery", "beat", "--loglevel", "INFO",
        "--schedule", str(schedule), "--pidfile", "",
    ]  # fmt: skip


def say(line: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run_alone(demo: Demo, commands: Sequence[str]) -> int:
    for name in CHILDREN:
        # Left by a run that was killed.
        processes.stop(demo.data_dir, name)
    if not ports.is_free(demo.port):
        raise CannotStart(f"Port {demo.port} is taken: stop what listens there, or choose another with PORT=8001.")
    share = services.use(demo.data_dir) if demo.embedded else None
    supervisor = Supervisor(demo.data_dir, say)
    try:
        _export_origin(demo)
        _prepare(demo, commands)
        _start(demo, supervisor)
        if not demo.ended.is_set():
            _announce(demo)
        supervisor.watch(demo.ended, lambda: _mend(demo))
    finally:
        say("Stopping.")
        supervisor.stop()
        if share is not None:
            share.release()
    return 0


def _is_embedded() -> bool:
    return services.drop_stand_ins() or not services.is_chosen("DATABASE_URL")


def _export_origin(demo: Demo) -> None:
    values = {"DEMO": "1", "PORT": str(demo.port), "DATA_DIR": str(demo.data_dir), "LOG_FORMAT": "text"}
    values["PLATFORM_ORIGIN"] = f"http://localhost:{demo.port}"
    env.put({name: value for name, value in values.items() if not env.given(name)})


def _prepare(demo: Demo, commands: Sequence[str]) -> None:
    """Migrate and load what the product starts with, unless exactly this was done before."""
    database = "embedded" if demo.embedded else env.secret("DATABASE_URL")
    # The port is part of every stored origin.
    stamp, now = demo.data_dir / "prepared", fingerprint(ROOT, f"{database} {demo.port}")
    if stamp.exists() and stamp.read_text(encoding="ascii") == now:
        return
    log = demo.data_dir / "logs" / "prepare.log"
    for command in commands:
        say(f"Preparing: {command} …")
        if demo.ended.is_set() or not _completes(demo, [sys.executable, "manage.py", *command.split()], log):
            break
    else:
        stamp.write_text(now, encoding="ascii")


def _completes(demo: Demo, command: list[str], log: Path) -> bool:
    """Run to the end, or until the demo shall end. Raises Failed."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env.child(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    while process.poll() is None:
        if demo.ended.wait(0.05):
            process.terminate()
            process.wait()
            return False
    if process.returncode != 0:
        raise Failed(f"{' '.join(command[1:])} failed. The end of {log}:\n{processes.tail(log, 20)}")
    return True


def _start(demo: Demo, supervisor: Supervisor) -> None:
    """The web first and alone, as somebody waits for it."""
    supervisor.start(_program(demo, "web", web_command(demo.port)), patience=3)
    _wait_for_web(demo)
    supervisor.start(_program(demo, "worker", worker_command()), patience=3)
    supervisor.start(_program(demo, "beat", beat_command(demo.data_dir / "run" / "beat-schedule")), patience=2)


def _program(demo: Demo, name: str, command: list[str]) -> Program:
    log = demo.data_dir / "logs" / f"{name}.log"
    return Program(name, command, env.child(without=NOT_FOR_CHILDREN), ROOT, log)


def _wait_for_web(demo: Demo) -> None:
    until = time.monotonic() + WEB_PATIENCE
    while not demo.ended.wait(0.05):
        if _answers(demo.port):
            return
        dead = processes.running(demo.data_dir, "web") is None
        if dead or time.monotonic() > until:
            log = demo.data_dir / "logs" / "web.log"
            raise Failed(f"The web server did not start. The end of {log}:\n{processes.tail(log, 20)}")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _mend(demo: Demo) -> list[str]:
    if not demo.embedded or services.are_running(demo.data_dir):
        return []
    return services.revive(demo.data_dir)


def _announce(demo: Demo) -> None:
    origin = env.text("PLATFORM_ORIGIN")
    say(f"\nComplere Trust Center   {origin}/")
    say(f"Mailbox of the demo     {origin}/demo/mail/")
    say("One-time codes          /demo/codes/ on the host you sign in at")
    say(f"Logs                    {demo.data_dir / 'logs'}")
    accounts = demo.data_dir / "demo-accounts.json"
    if accounts.exists():
        for line in table(json.loads(accounts.read_text(encoding="utf-8"))):
            say(line)
    say("\nCtrl-C stops it; what you did is kept.")


def table(rows: Sequence[dict[str, object]]) -> list[str]:
    """Rows of equal keys as lines of aligned columns, under the keys as headings."""
    if not rows:
        return []
    cells = [
        [name.replace("_", " ").capitalize() for name in rows[0]],
        *([str(v) for v in row.values()] for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return ["", *lines]


@contextlib.contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    (data_dir / "run").mkdir(parents=True, exist_ok=True)
    (data_dir / "logs").mkdir(exist_ok=True)
    descriptor = locks.take(data_dir / "demo.lock")
    if descriptor is None:
        raise CannotStart(f"Another demo uses {data_dir}: stop it, or choose another folder with DATA_DIR.")
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _signals_end(ended: Event) -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
