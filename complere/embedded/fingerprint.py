"""Whether the database must be prepared again: a hash over all files that preparing reads."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PATTERNS: Final = (
    "*/migrations/*.py",
    "*/*/migrations/*.py",
    "*/migrations/*.sql",
    "*/*.sql",
    "*/*/*.sql",
    "*/management/commands/load_*.py",
    "*/*/management/commands/load_*.py",
    "*/demo*.py",
    "*/*/demo*.py",
    "*/content/**/*",
    "*/*/content/**/*",
    "*/*/*.yaml",
    "*/*/*/*.yaml",
    "static/**/*",
)
APPS: Final = frozenset({"audit", "complere", "privacy", "static", "tenants", "trust_center"})


def fingerprint(root: Path, database: str) -> str:
    """One hash for the checkout in `root` and the database that it prepares."""
    digest = hashlib.sha256(database.encode())
    for path in sorted(set(_files(root))):
        digest.update(f"\0{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for app in APPS:
        for pattern in PATTERNS:
            first, _, rest = pattern.partition("/")
            if first in {"*", app}:
                yield from (path for path in (root / app).glob(rest) if path.is_file())
