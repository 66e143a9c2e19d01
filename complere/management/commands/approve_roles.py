"""`manage.py approve_roles`: who can do what, as the code has it, into docs/roles.csv, the approved matrix."""

from argparse import ArgumentParser
from difflib import unified_diff
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.members.roles import catalogue, presenters, queries

TARGET = Path("docs") / "roles.csv"


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the code differs from it")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        target, wanted = settings.BASE_DIR / TARGET, matrix()
        approved = target.read_bytes().decode() if target.exists() else ""
        if check and approved != wanted:
            raise CommandError(_difference(approved, wanted))
        if not check:
            target.write_bytes(wanted.encode())
            print(TARGET)


def matrix() -> str:
    """Every role of the catalogue: those of tenants first, then those of Complere's staff."""
    roles = [*queries.shipped(platform=False), *queries.shipped(platform=True)]
    return "".join(presenters.csv_lines(roles, catalogue.PERMISSIONS))


def _difference(approved: str, wanted: str) -> str:
    lines = unified_diff(approved.splitlines(), wanted.splitlines(), "approved", "in the code", n=0, lineterm="")
    return "\n".join(
        [
            f"Who can do what differs from {TARGET}.",
            "To approve it: run `manage.py approve_roles`, have somebody else read the change, and commit it.",
            *lines,
        ]
    )
