"""`manage.py demo`: the whole product from one command."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand

from complere.embedded import demo

PREPARING = (
    "collectstatic --noinput --verbosity 0",
    "migrate_schemas",
    "install_platform",
    "load_content",
    "load_demo",
)


class Command(BaseCommand):
    """Start PostgreSQL, Valkey, web, worker and beat; stop them at Ctrl-C or SIGTERM."""

    help = "Run the whole product on this machine, with its own PostgreSQL and Valkey, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--erase removes what a demo kept."""
        parser.add_argument("--erase", action="store_true", help="remove the data of the demo instead")

    def handle(self, *_args: Any, erase: bool, **_options: Any) -> None:
        """Run, and end the process with the demo's exit code: 0 stopped, 1 broke, 2 cannot start."""
        sys.exit(demo.erase() if erase else demo.run(preparing()))


def preparing() -> list[str]:
    """The commands that make a database ready, of those that are installed."""
    known = get_commands()
    wanted = PREPARING if settings.STATIC_ROOT else PREPARING[1:]
    return [command for command in wanted if command.split()[0] in known]
