"""`manage.py prepare_database`: roles, database, extensions and rights on a real server, by its administrator."""

import secrets
from argparse import ArgumentParser
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError

from complere import env
from complere.embedded import roles, services

LOGINS = {"DATABASE_URL": roles.RUNTIME, "DATABASE_OWNER_URL": roles.OWNER}


class Command(BaseCommand):
    """Make a server of PostgreSQL 15 or newer ready; running it again changes nothing."""

    help = (
        "Make roles, database and extensions on a PostgreSQL server. Passwords are those in DATABASE_URL and "
        "DATABASE_OWNER_URL (or their _FILE); without them new ones are made and printed once."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--admin-url or DATABASE_ADMIN_URL, and --database."""
        parser.add_argument("--admin-url", help="a superuser's address; else DATABASE_ADMIN_URL (or its _FILE)")
        parser.add_argument("--database", default="complere", help="the database to make (complere)")

    def handle(self, *_args: Any, admin_url: str | None, database: str, **_options: Any) -> None:
        """Prepare, then print the two addresses that settings read."""
        services.drop_stand_ins()
        try:
            admin = admin_url or env.secret("DATABASE_ADMIN_URL")
            given = {login: password_in(name, login) for name, login in LOGINS.items()}
            passwords = with_new_ones(given, roles.existing(admin))
            roles.prepare(
                admin, database, owner_password=passwords[roles.OWNER], runtime_password=passwords[roles.RUNTIME]
            )
        except (env.SettingRefused, roles.ServerRefused) as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        except psycopg.Error as failure:
            raise CommandError(f"The server refused: {str(failure).strip()}") from failure
        for name, login in LOGINS.items():
            if given[login] is None:
                self.stdout.write(f"{name}={address(admin, login, passwords[login], database)}")


def password_in(name: str, login: str) -> str | None:
    """The password in the address that NAME holds; None when it is not set. Raises SettingRefused for another login."""
    url = env.secret(name, None)
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.username != login or not parts.password:
        raise env.SettingRefused(name, f"an address with the login {login} and a password", f"for {parts.username}")
    return unquote(parts.password)


def with_new_ones(given: dict[str, str | None], existing: frozenset[str]) -> dict[str, str | None]:
    """Passwords as given; new ones for logins that do not exist yet; None, which keeps it, for the others."""
    return {
        login: password if password or login in existing else secrets.token_urlsafe(32)
        for login, password in given.items()
    }


def address(admin_url: str, login: str, password: str | None, database: str) -> str:
    """The administrator's address with another login; a password that was kept is not known here."""
    parts = urlsplit(admin_url)
    place = f"{parts.hostname or 'localhost'}:{parts.port or 5432}"
    known = quote(password, safe="") if password else "<unchanged>"
    return parts._replace(netloc=f"{login}:{known}@{place}", path=f"/{database}").geturl()
