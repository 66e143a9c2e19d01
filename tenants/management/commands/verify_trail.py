"""Hash every event of every book anew and compare it with tiles, signed heads, the log of logs and the records.

Names each event that was altered, inserted, taken away, swapped or cut off. Exit status 1 when something is found.

manage.py verify_trail                       every book
manage.py verify_trail --tenant "Acme Pharma"   by name, host or schema
manage.py verify_trail --json                one JSON object a book, a line each
"""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.verification.adapters import checker
from tenants import schemas
from tenants.books import queries
from tenants.tenancy.models import Tenant

DAMAGED = 1
UNKNOWN = 2
BAR = 30


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="name, host or schema of one tenant; “public” is Complere")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, tenant: str, **options: Any) -> None:
        wanted = [each for each in queries.keepers() if tenant in {"", each.name, each.host, each.schema_name}]
        if not wanted:
            raise CommandError(f"--tenant: nobody is called {tenant}", returncode=UNKNOWN)
        reports = [self._check(each, as_json=options["json"]) for each in wanted]
        if not all(report.is_sound for report in reports):
            raise SystemExit(DAMAGED)

    def _check(self, tenant: Tenant, *, as_json: bool) -> checker.Report:
        bar = None if as_json else _Bar(tenant.name)
        known = queries.known_heads(tenant.schema_name)
        with schemas.inside(tenant):
            report = checker.check(schema=tenant.schema_name, now=timezone.now(), known=known, progress=bar)
        if bar is not None:
            bar.end()
        self.stdout.write(_as_json(tenant, report) if as_json else _as_text(tenant, report))
        return report


class _Bar:
    """How far it is, where somebody looks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.shown = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        if self.shown:
            filled = BAR * done // max(total, 1)
            sys.stderr.write(f"\r{self.name} [{'#' * filled}{'.' * (BAR - filled)}] {done:,} of {total:,} events")
            sys.stderr.flush()

    def end(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")


def _as_text(tenant: Tenant, report: checker.Report) -> str:
    verdict = "whole" if report.is_sound else f"{len(report.findings)} findings"
    head = (
        f"{tenant.name} ({tenant.schema_name}): {verdict}. {report.size:,} events, {report.heads:,} signed heads, "
        f"{report.seconds:.1f} s, {report.events_a_second:,.0f} events a second"
    )
    return "\n".join([head, *(f"  {finding}" for finding in report.findings)])


def _as_json(tenant: Tenant, report: checker.Report) -> str:
    findings = [{"kind": each.kind, "record": each.record, "text": each.text} for each in report.findings]
    said = {"tenant": tenant.name, "schema": tenant.schema_name, "sound": report.is_sound, "size": report.size}
    said |= {"root": report.root, "heads": report.heads, "seconds": round(report.seconds, 3), "findings": findings}
    return json.dumps(said, ensure_ascii=False)
