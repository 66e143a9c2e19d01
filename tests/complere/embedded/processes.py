"""Other processes, as a person would start them: each prints one line of JSON and, when told so, waits."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from complere import env

ROOT = Path(__file__).resolve().parents[3]
OF_THE_SESSION = {
    "DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "DEMO", "SECRET_KEY", "COMPLERE_ROOT_KEY",
    "COMPLERE_TASK_KEY", "DATA_DIR", "DJANGO_SETTINGS_MODULE", "PORT",
}  # fmt: skip

USE = """
import json, sys
from pathlib import Path
from complere.embedded import services
share = services.use(Path(sys.argv[1]), durable=sys.argv[2] == "durable")
print(json.dumps(services.addresses(Path(sys.argv[1]))), flush=True)
sys.stdin.readline()
"""


def environment(**values: str) -> dict[str, str]:
    """That of a fresh shell: nothing of the test session's services."""
    return env.child(without=OF_THE_SESSION, PYTHONPATH=str(ROOT), **values)


@contextlib.contextmanager
def user_of(data_dir: Path, *, durable: bool = False) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """A process that uses the services of `data_dir` until the block ends; and the addresses it got."""
    process = subprocess.Popen(
        [sys.executable, "-c", USE, str(data_dir), "durable" if durable else "fast"],
        cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write("\n")
            process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def run(*command: str, timeout: float = 60, **values: str) -> "subprocess.CompletedProcess[str]":
    """A command to its end, in the checkout, with a fresh environment plus `values`."""
    return subprocess.run(
        command, cwd=ROOT, env=environment(**values), capture_output=True, text=True, timeout=timeout, check=False
    )
