"""After a restore: compare every log with the heads that were published before.

Give the newest copy of /transparency/heads.json that anybody kept. A log that does not continue its published head
begins a new epoch under a name of its own; its first event names the old head. Run it before anybody writes again.

manage.py adopt_heads heads.json
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.context import service
from audit.log_keys.queries import SigningRefused
from tenants.books import actions


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a copy of heads.json")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            begun = actions.adopt_heads(file.read_text(), actor=service("adopt_heads"), now=timezone.now())
        except (OSError, ValueError, SigningRefused) as refused:
            raise CommandError(f"{file}: {refused}", returncode=2) from refused
        placed = actions.sequence_all(clock=timezone.now).placed
        self.stdout.write("\n".join([f"logs that begin anew: {len(begun)}; events placed: {placed}", *begun]))
