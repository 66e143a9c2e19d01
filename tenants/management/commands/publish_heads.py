"""Do by hand what beat asks for: place what waits, collect all heads into the log of logs, have that time-stamped."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.log_keys.queries import SigningRefused
from audit.sequencer.actions import SequencingRefused
from tenants.books import actions
from tenants.books.adapters.timestamping import StampRefused


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        done = actions.sequence_all(clock=timezone.now)
        self.stdout.write(f"schemas: {done.schemas}; events placed: {done.placed}; failed: {done.failed}")
        try:
            self.stdout.write(f"heads collected: {actions.collect_heads(now=timezone.now())}")
            if settings.TSA_URL:
                self.stdout.write(f"time-stamped: {'yes' if actions.stamp(now=timezone.now()) else 'was already'}")
        except (SigningRefused, SequencingRefused, StampRefused) as refused:
            raise CommandError(str(refused)) from refused
        if done.failed:
            raise SystemExit(1)
