"""The embedded services of one data folder, shared by every process that needs them.

Who uses them holds a shared lock on `users.lock`; the last one out, who can take it alone, stops them. Starting and
stopping happen under `start.lock`, one process at a time.
"""

import atexit
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from complere import env
from complere.embedded import credentials, locks, place, postgres, processes, roles, valkey
from complere.embedded.credentials import Credentials

# Commands that read no row: they run on a machine where nothing can be started, and in the build of an image.
NO_SERVICES: Final = frozenset(
    {"", "check", "clock_vectors", "collectstatic", "compilemessages", "demo", "diffsettings", "draw_states", "help",
     "makemessages", "prepare_database", "startapp", "version"}
)  # fmt: skip
NEEDS_SERVICES: Final = frozenset({"--database", "--databases"})
HELP: Final = frozenset({"-h", "--help", "--version"})
# Nothing can listen there, so a query that should not have been made fails at once.
NOWHERE: Final = "127.0.0.1:1"
SERVERS: Final = ("DATABASE_URL", "REDIS_URL")
# Names that this process was given for a command that reads nothing.
_stand_ins: Final[set[str]] = set()


@dataclass(frozen=True)
class Ports:
    """Where the servers of a data folder listen, or listened last."""

    postgres: int | None = None
    valkey: int | None = None


class Use:
    """This process's share in the services of `data_dir`."""

    def __init__(self, data_dir: Path, descriptor: int) -> None:
        self.data_dir = data_dir
        self.descriptor = descriptor
        self.pid = os.getpid()

    def release(self) -> None:
        """Give the share back; the last one stops the servers. A second call does nothing, nor one in a fork."""
        if self.descriptor < 0 or os.getpid() != self.pid:
            return
        with locks.exclusive(self.data_dir / "start.lock"):
            self.leave()

    def leave(self) -> None:
        """As release(), for a caller that holds `start.lock`."""
        os.close(self.descriptor)
        self.descriptor = -1
        alone = locks.take(self.data_dir / "users.lock")
        if alone is not None:
            _stop_all(self.data_dir)
            os.close(alone)


def data_folder() -> Path:
    """DATA_DIR, or `var` in the checkout, from wherever a command is called."""
    if env.given("DATA_DIR"):
        return env.folder("DATA_DIR", "var")
    return Path(__file__).resolve().parents[2] / "var"


def attach(argv: Sequence[str] | None = None) -> Use | None:
    """Make DATABASE_URL and REDIS_URL point to servers: the first line of every entry point, before Django's settings.

    With both set it does nothing. With neither, the embedded services are used, and started when they do not run, until
    this process ends; a command in NO_SERVICES, told by `argv`, gets addresses where nothing answers.
    Raises SettingRefused when only one is set, or in production (DEMO=0).
    """
    if all(map(is_chosen, SERVERS)):
        return None
    if argv is not None and not needs_services(argv):
        _stand_in()
        return None
    _refuse_half()
    return use(data_folder())


def attach_or_exit(argv: Sequence[str] | None = None) -> Use | None:
    """As attach(), but ends the process with one clear line and exit code 2 when there are no services to be had."""
    try:
        return attach(argv)
    except FAILURES as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(2)


def needs_services(argv: Sequence[str]) -> bool:
    """Whether the management command in `argv` (as sys.argv) may read a database or a queue."""
    words = argv[1:]
    command = words[0] if words else ""
    if command in HELP or HELP & set(words):
        return False
    return command not in NO_SERVICES or (command == "check" and bool(NEEDS_SERVICES & set(words)))


def use(data_dir: Path, *, durable: bool = True) -> Use:
    """Use the services of `data_dir` until release() or the end of this process, and export their addresses.

    `durable=False` is for tests: an abrupt end of the machine may lose data then.
    """
    share = enter(data_dir, durable=durable)
    drop_stand_ins()
    _export(addresses(data_dir))
    atexit.register(share.release)
    _end_orderly()
    return share


def use_for_tests(data_dir: Path) -> Use:
    """As use(), not durable, and with DATABASE_ADMIN_URL, so that a test session can make databases of its own."""
    share = use(data_dir, durable=False)
    env.put({"DATABASE_ADMIN_URL": admin_url(data_dir)})
    return share


def enter(data_dir: Path, *, durable: bool = True) -> Use:
    """Start what does not run, and hold a share; the caller releases it."""
    for folder in ("run", "logs"):
        (data_dir / folder).mkdir(parents=True, exist_ok=True)
    with locks.exclusive(data_dir / "start.lock"):
        share = Use(data_dir, locks.share(data_dir / "users.lock"))
        try:
            _start_missing(data_dir, durable=durable)
        except BaseException:
            share.leave()
            raise
    return share


def drop_stand_ins() -> bool:
    """Forget addresses where nothing answers; whether there were any, and so the embedded services are wanted."""
    env.drop(*_stand_ins)
    found = bool(_stand_ins)
    _stand_ins.clear()
    return found


def revive(data_dir: Path) -> list[str]:
    """Start again, on the same ports, the servers that died; their names. The caller holds a share."""
    with locks.exclusive(data_dir / "start.lock"):
        return _start_missing(data_dir, durable=True)


def are_running(data_dir: Path) -> bool:
    """Whether both servers of `data_dir` run."""
    return all(processes.running(data_dir, name) is not None for name in (postgres.NAME, valkey.NAME))


def addresses(data_dir: Path) -> dict[str, str]:
    """What the running services of `data_dir` export."""
    known, where = credentials.of(data_dir), _ports(data_dir)
    assert where.postgres is not None and where.valkey is not None  # noqa: S101, PT018  enter() set both
    return {
        "DATABASE_URL": postgres.url(where.postgres, roles.RUNTIME, known.runtime_password),
        "DATABASE_OWNER_URL": postgres.url(where.postgres, roles.OWNER, known.owner_password),
        "REDIS_URL": valkey.url(where.valkey, known),
        **_demo_settings(known),
    }


def admin_url(data_dir: Path) -> str:
    """The superuser's address of the running database: for tests and drills, never for a web process."""
    port = _ports(data_dir).postgres
    assert port is not None  # noqa: S101  enter() set it
    return postgres.url(port, "postgres", credentials.of(data_dir).superuser_password, "postgres")


def erase(data_dir: Path) -> None:
    """Remove everything that the services keep for `data_dir`. The caller made sure that nobody uses it."""
    _stop_all(data_dir)
    place.erase(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)


def _start_missing(data_dir: Path, *, durable: bool) -> list[str]:
    known, where = credentials.of(data_dir), _ports(data_dir)
    started = []
    if processes.running(data_dir, valkey.NAME) is None:
        where = Ports(where.postgres, valkey.start(data_dir, known, port=where.valkey))
        _remember(data_dir, where)
        started.append(valkey.NAME)
    if processes.running(data_dir, postgres.NAME) is None:
        where = Ports(_start_postgres(data_dir, known, where.postgres, durable=durable), where.valkey)
        _remember(data_dir, where)
        started.append(postgres.NAME)
    return started


def _remember(data_dir: Path, where: Ports) -> None:
    draft = data_dir / "services.new"
    draft.write_text(json.dumps(asdict(where)), encoding="utf-8")
    draft.replace(data_dir / "services.json")


def _start_postgres(data_dir: Path, known: Credentials, port: int | None, *, durable: bool) -> int:
    chosen = postgres.start(data_dir, place.settle(data_dir), known, port=port, durable=durable)
    admin = postgres.url(chosen, "postgres", known.superuser_password, "postgres")
    # At each start, not only the first: a run killed while preparing is finished by the next.
    roles.prepare(
        admin, postgres.DATABASE, owner_password=known.owner_password, runtime_password=known.runtime_password
    )
    return chosen


def _stop_all(data_dir: Path) -> None:
    valkey.stop(data_dir)
    postgres.stop(data_dir)


def _ports(data_dir: Path) -> Ports:
    path = data_dir / "services.json"
    if not path.exists():
        return Ports()
    try:
        known = Ports(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return Ports()
    whole = all(port is None or isinstance(port, int) for port in (known.postgres, known.valkey))
    return known if whole else Ports()


def _refuse_half() -> None:
    if not env.flag("DEMO", default=True):
        missing = next(name for name in SERVERS if not is_chosen(name))
        raise env.SettingRefused(missing, "the address of a server in production (DEMO=0)")
    for name, other in (SERVERS, SERVERS[::-1]):
        if is_chosen(name):
            raise env.SettingRefused(other, f"set when {name} is (set both, or neither for the embedded services)")


def _stand_in() -> None:
    """Let settings load for a command that reads nothing. Production gets no stand-ins: it must name what it lacks."""
    if any(map(is_chosen, SERVERS)) or not env.flag("DEMO", default=True):
        return
    known = credentials.generated()
    nowhere = {"DATABASE_URL": f"postgresql://nobody@{NOWHERE}/none", "REDIS_URL": f"redis://{NOWHERE}/0"}
    values = nowhere | _demo_settings(known)
    _stand_ins.update(name for name in values if not is_chosen(name))
    _export(values)


def _demo_settings(known: Credentials) -> dict[str, str]:
    return {"DEMO": "1", **known.settings()}


def _export(values: dict[str, str]) -> None:
    """Addresses always; keys and flags only where the user chose none."""
    env.put({name: value for name, value in values.items() if name.endswith("_URL") or not is_chosen(name)})


def is_chosen(name: str) -> bool:
    """Whether NAME is set, itself or through NAME_FILE."""
    return env.given(name) or env.given(f"{name}_FILE")


def _end_orderly() -> None:
    """A plain kill would skip atexit and leave the servers behind."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit_on_signal)


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


FAILURES: Final = (
    env.SettingRefused,
    place.PlaceRefused,
    postgres.PostgresFailed,
    processes.Busy,
    valkey.ValkeyFailed,
)
