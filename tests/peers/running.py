"""Peers that we did not write: identity providers as real processes, installed once and started for a test."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from complere import env as environment
from complere.embedded import locks, services

PEERS = Path(__file__).resolve().parent
PATIENCE = 30.0
NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


@contextlib.contextmanager
def start(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], ready_url: str, patience: float = PATIENCE
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `command` with `env` beside our own environment until the block ends; enter it once `ready_url` answers.

    Any answer counts, an error page too. What the process said is in the failure when it does not come up.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment.child(**env), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_until_ready(process, ready_url, patience, said)
            yield process
        finally:
            _stop(process)


def npm_folder(name: str) -> Path:
    """A folder with the files of tests/peers/<name>/ and its node_modules, as its lock file has them.

    Kept in the data folder by the checksum of the lock file: installed once, whatever number of sessions ask.
    """
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, and this peer comes from there")
    source = PEERS / name
    lock = (source / "package-lock.json").read_bytes()
    shelf = services.data_folder() / "test" / "peers" / name
    shelf.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(shelf / "install.lock"):
        folder = shelf / hashlib.sha256(lock).hexdigest()[:16]
        if not (folder / "installed").exists():
            _install(source, folder)
        _copy(source, folder)
    return folder


def _install(source: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _copy(source, folder)
    done = subprocess.run(NPM, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"npm ci failed for {source.name}:\n{done.stdout}\n{done.stderr}"
    (folder / "installed").touch()


def _copy(source: Path, folder: Path) -> None:
    """Modules look for their packages beside themselves, so the peer's own files stand there, too."""
    for file in source.iterdir():
        if file.is_file() and file.suffix != ".py":
            part = folder / f".{file.name}.{os.getpid()}"
            shutil.copy(file, part)
            part.replace(folder / file.name)


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, patience: float, said: object) -> None:
    until = time.monotonic() + patience
    while not _answers(url):
        assert process.poll() is None, f"the peer ended with {process.returncode}:\n{_text(said)}"
        assert time.monotonic() < until, f"the peer did not answer at {url}:\n{_text(said)}"
        time.sleep(0.05)


def _answers(url: str) -> bool:
    # No proxy of the machine stands between us and our own loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as answer:
        answer.close()
        return True
    except OSError:
        return False


def _text(said: object) -> str:
    said.seek(0)  # type: ignore[attr-defined]
    return str(said.read()[-4000:].decode(errors="replace"))  # type: ignore[attr-defined]


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """The process and those it started, by their group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
