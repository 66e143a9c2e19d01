"""Databases for tests: one migrated and cast template for each state of the code, cloned for each session."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connections

from complere import env
from complere.embedded import locks, place, roles, services

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "*/migrations/*.py",
    "*/*/migrations/*.py",
    "tenants/postgresql/*",
    "tenants/tenancy/*",
    "tests/cast.py",
    "tests/database.py",
    "complere/settings.py",
    "audit/**/*.py",
    "audit/**/*.sql",
    "complere/embedded/roles.py",
    "tenants/management/**/*.py",
)


def fingerprint() -> str:
    """Changes whenever a template made before would differ from one made now."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def admin(statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(env.secret("DATABASE_ADMIN_URL"), autocommit=True) as server:
        cursor = server.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def program(name: str) -> Path:
    """pg_dump or pg_restore of the server's own version: what a newer one writes, an older server does not read."""
    version = int(str(admin("SHOW server_version_num")[0][0])) // 10_000
    packaged = Path("/usr/lib/postgresql") / str(version) / "bin" / name
    return packaged if packaged.exists() else place.installed() / name


def template() -> str:
    """The name of the template database, made when it is missing."""
    name = f"tpl_{fingerprint()}"
    folder = services.data_folder() / "test"
    folder.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(folder / "template.lock"):
        if not admin(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            draft = f"{name}_new"
            admin(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
            _build(draft)
            admin(f"ALTER DATABASE {draft} RENAME TO {name}")
    return name


def _build(name: str) -> None:
    # Passwords of the login roles stay as they are: other sessions use them at the same time.
    roles.prepare(env.secret("DATABASE_ADMIN_URL"), name, owner_password=None, runtime_password=None)
    owner = urlsplit(env.secret("DATABASE_OWNER_URL"))._replace(path=f"/{name}").geturl()
    subprocess.run(
        [sys.executable, "manage.py", "migrate_schemas", "-v0"],
        cwd=ROOT,
        env=env.child(DATABASE_OWNER_URL=owner, DJANGO_SETTINGS_MODULE="complere.settings"),
        check=True,
    )
    with pointed_at(name):
        from tests import cast

        cast.assemble()


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Every connection of this process goes to database `name` within the block."""
    before = settings.DATABASES["default"]["NAME"]
    _point(name)
    try:
        yield
    finally:
        _point(before)


def _point(name: str) -> None:
    connections["default"].close()
    connections.settings["default"]["NAME"] = name
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


@contextmanager
def clone(prefix: str, source: str) -> Iterator[str]:
    """A copy of database `source`, dropped at the end."""
    import uuid

    name = f"{prefix}_{uuid.uuid4().hex[:10]}"
    admin(f"CREATE DATABASE {name} TEMPLATE {source}")
    for statement in roles.DATABASE_RIGHTS:
        admin(statement.replace("{database}", name))
    try:
        yield name
    finally:
        admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
