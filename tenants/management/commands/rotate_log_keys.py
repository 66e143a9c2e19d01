"""Give the signed logs new keys. The old key announces the new one, and its private half is dropped.

manage.py rotate_log_keys                          every log, and the log of logs
manage.py rotate_log_keys --tenant "Acme Pharma"   by name, host or schema
manage.py rotate_log_keys --lost          the old keys cannot be opened any more, so nothing announces the new ones
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.context import service
from audit.log_keys.queries import SigningRefused
from tenants import schemas
from tenants.books import actions, queries


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="name, host or schema of one tenant; “public” is Complere")
        parser.add_argument("--reason", default="Regular change of keys", help="for the history")
        parser.add_argument("--lost", action="store_true", help="the old private keys cannot be opened")

    def handle(self, *args: Any, tenant: str, reason: str, lost: bool, **options: Any) -> None:
        wanted = [each for each in queries.keepers() if tenant in {"", each.name, each.host, each.schema_name}]
        if not wanted:
            raise CommandError(f"--tenant: nobody is called {tenant}", returncode=2)
        actor = service("rotate_log_keys")
        for each in wanted:
            with schemas.inside(each):
                try:
                    made = actions.rotate_keys(actor=actor, now=timezone.now(), reason=reason, lost=lost)
                except SigningRefused as refused:
                    raise CommandError(f"{each.name}: {refused}") from refused
            self.stdout.write("\n".join([f"{each.name}: {len(made)} new", *(f"  {vkey}" for vkey in made)]))
