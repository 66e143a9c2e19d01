"""Child programs that can be found again after the process that started them was killed.

Each program inherits a locked file that holds its process id. The lock lives exactly as long as the program, so a held
lock proves that the id in the file is still this program and not a stranger that the system gave the same number.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from complere.embedded import locks

LOG_LIMIT = 10_000_000
POLL = 0.02
LAST_RESORT = 2.0


class Busy(Exception):
    """A program of this name still runs in this data folder."""


@dataclass(frozen=True)
class Account:
    """The system account that a program runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """What to run; `folder` is its working directory, `log` takes what it prints."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    folder: Path
    log: Path
    account: Account | None = None


def launch(data_dir: Path, program: Program) -> "subprocess.Popen[bytes]":
    """Start `program` in its own session, so that a Ctrl-C at the terminal reaches only the process that supervises.

    Raises Busy when its last run is still there.
    """
    descriptor = _taken(lock_of(data_dir, program.name))
    if descriptor is None:
        raise Busy(f"{program.name} of an earlier run still ends in {data_dir}: try again in a moment.")
    try:
        process = _spawn(program, descriptor)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(process.pid).encode(), 0)
    finally:
        os.close(descriptor)
    return process


def running(data_dir: Path, name: str) -> int | None:
    """The process id of the program called `name`, or None when it does not run."""
    path = lock_of(data_dir, name)
    if not locks.is_held(path):
        return None
    written = path.read_text(encoding="ascii").strip()
    return int(written) if written else None


def stop(data_dir: Path, name: str, *, by: signal.Signals = signal.SIGTERM, patience: float = 8.0) -> None:
    """Ask the program called `name` to end; after `patience` seconds kill it with all that it started."""
    pid = running(data_dir, name)
    if pid is None:
        return
    _reap(pid)
    try:
        os.kill(pid, by)
    except ProcessLookupError:
        # Only what it forked is left, and nobody there to end it in order.
        patience = 0
    gone = _gone(data_dir, name, pid, patience)
    # What a program leaves in its session must not outlive it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if not gone:
        _gone(data_dir, name, pid, LAST_RESORT)


def lock_of(data_dir: Path, name: str) -> Path:
    """The file whose lock is the life of the program called `name`."""
    return data_dir / "run" / f"{name}.lock"


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for an error message."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _taken(path: Path) -> int | None:
    # Somebody who asks running() holds the lock for a moment, and is no reason to give up.
    for _ in range(10):
        descriptor = locks.take(path)
        if descriptor is not None:
            return descriptor
        time.sleep(POLL)
    return None


def _spawn(program: Program, descriptor: int) -> "subprocess.Popen[bytes]":
    account = program.account
    _rotate(program.log)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=program.environment,
            cwd=program.folder,
            start_new_session=True,
            pass_fds=(descriptor,),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".1.log"))


def _gone(data_dir: Path, name: str, pid: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        _reap(pid)
        if running(data_dir, name) is None:
            return True
        time.sleep(POLL)
    return False


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
