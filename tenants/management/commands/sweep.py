"""Do by hand what beat asks for every few seconds: one sweep over all schemas in which something is due."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from tenants.wakeups import actions, queries


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=actions.SWEEP_SECONDS, help="stop after so long (20)")
        parser.add_argument("--reconcile", action="store_true", help="first work out each schema's wake-up anew")

    def handle(self, *args: Any, seconds: float, reconcile: bool, **options: Any) -> None:
        if reconcile:
            lost = [actions.reconcile(tenant, now=timezone.now()) for tenant in queries.sleepers()]
            self.stdout.write(f"lost wake-ups set again: {sum(lost)} of {len(lost)}")
        swept = actions.sweep(clock=timezone.now, seconds=seconds)
        self.stdout.write(
            f"schemas visited: {swept.schemas}; work done: {swept.done}; chores failed: {swept.failed}; "
            f"latest: {swept.latest:.1f} s after its moment"
        )
        if swept.failed:
            raise SystemExit(1)
