"""The embedded PostgreSQL: make its cluster, start it, know its state, stop it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from complere.embedded import ports, processes
from complere.embedded.credentials import Credentials
from complere.embedded.place import Place
from complere.embedded.processes import Account, Program

NAME = "postgres"
DATABASE = "complere"
START_PATIENCE = 30.0

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": ports.LOOPBACK,
    # A path in a deep checkout is longer than a socket's 103 bytes, so TCP with passwords it is.
    "unix_socket_directories": "",
    "max_connections": "200",
    # A dump or a drop of a tenant locks each of its relations.
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_checkpoints": "off",
}
# Only for tests, whose data may go with the power.
NOT_DURABLE: Final[Mapping[str, str]] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresFailed(Exception):
    """The embedded PostgreSQL could not be made or started."""


def url(port: int, user: str, password: str, database: str = DATABASE) -> str:
    """A connection URL of the embedded server."""
    return f"postgresql://{user}:{quote(password, safe='')}@{ports.LOOPBACK}:{port}/{database}"


def start(data_dir: Path, place: Place, credentials: Credentials, *, port: int | None, durable: bool) -> int:
    """Start the server, on `port` when it is free, and return the port. Raises PostgresFailed with the log's end."""
    if not place.data.exists():
        _make_cluster(place, credentials.superuser_password)
    _check_version(place)
    for chosen in ports.near(port):
        if _try_start(data_dir, place, credentials, chosen, durable=durable):
            return chosen
    raise PostgresFailed(
        f"PostgreSQL did not start. The end of {log_of(data_dir)}:\n{processes.tail(log_of(data_dir))}"
    )


def stop(data_dir: Path) -> None:
    """Fast shutdown: open transactions roll back, everything committed is kept."""
    processes.stop(data_dir, NAME, by=signal.SIGINT)


def log_of(data_dir: Path) -> Path:
    """Where the server writes."""
    return data_dir / "logs" / "postgres.log"


def _try_start(data_dir: Path, place: Place, credentials: Credentials, port: int, *, durable: bool) -> bool:
    # Nothing of ours holds the lock, so a pid file here is of a killed run; its number may be a stranger's by now.
    if processes.running(data_dir, NAME) is None:
        (place.data / "postmaster.pid").unlink(missing_ok=True)
    settings = {**SETTINGS, **({} if durable else NOT_DURABLE)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [str(place.binaries / "postgres"), "-D", str(place.data), "-p", str(port), *options]
    process = processes.launch(
        data_dir,
        Program(NAME, command, _environment(), place.data, log_of(data_dir), place.account),
    )
    return _answers(process, url(port, "postgres", credentials.superuser_password, "postgres"))


def _answers(process: "subprocess.Popen[bytes]", admin_url: str) -> bool:
    until = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(admin_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(processes.POLL)
        else:
            return True
    if process.poll() is None:
        process.kill()
        process.wait()
    return False


def _make_cluster(place: Place, password: str) -> None:
    """Make it under another name first: a run killed half-way leaves no half cluster to stumble over."""
    draft = place.data.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _give(draft, place.account)
    with tempfile.TemporaryDirectory(dir=place.data.parent) as folder:
        _give(Path(folder), place.account)
        password_file = Path(folder) / "password"
        password_file.write_text(password, encoding="ascii")
        password_file.chmod(0o600)
        _give(password_file, place.account)
        _initdb(place, draft, password_file)
    draft.rename(place.data)


def _initdb(place: Place, draft: Path, password_file: Path) -> None:
    command = [
        str(place.binaries / "initdb"),
        f"--pgdata={draft}",
        "--username=postgres",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # Built in since PostgreSQL 17: sorts alike on every system, whatever locales it has.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
    ]
    account = place.account
    done = subprocess.run(
        command,
        cwd=draft,
        env=_environment(),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresFailed(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")


def _check_version(place: Place) -> None:
    written = (place.data / "PG_VERSION").read_text(encoding="ascii").strip()
    shown = subprocess.run(
        [str(place.binaries / "postgres"), "--version"], capture_output=True, text=True, check=True, env=_environment()
    )
    brought = shown.stdout.split()[-1].partition(".")[0]
    if written != brought:
        raise PostgresFailed(
            f"The data folder was written by PostgreSQL {written} and the installed one is {brought}: "
            "dump it with the old release, or run `manage.py demo --erase` to begin again."
        )


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _environment() -> dict[str, str]:
    """Nothing of ours: the server's account must not read our keys from its environment."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
