"""Compare ledger, history, records and the database's structure in every schema, and keep what does not agree.

Exit status 1 when something is found. Runs each night; by hand after an upgrade or a repair.

manage.py check_trail                          every schema
manage.py check_trail --tenant "Acme Pharma"   by name, host or schema
manage.py check_trail --json                   one JSON object a schema, a line each
"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.reconciliation.catalogue import Difference
from tenants import schemas
from tenants.books import actions, queries
from tenants.tenancy.models import Tenant

DIFFERENT = 1
UNKNOWN = 2


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="name, host or schema of one tenant; “public” is Complere")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, tenant: str, **options: Any) -> None:
        wanted = [each for each in queries.keepers() if tenant in {"", each.name, each.host, each.schema_name}]
        if not wanted:
            raise CommandError(f"--tenant: nobody is called {tenant}", returncode=UNKNOWN)
        clean = True
        for each in wanted:
            with schemas.inside(each):
                found = actions.compare(now=timezone.now())
            self.stdout.write(_as_json(each, found) if options["json"] else _as_text(each, found))
            clean = clean and not found
        if not clean:
            raise SystemExit(DIFFERENT)


def _as_text(tenant: Tenant, found: list[Difference]) -> str:
    verdict = f"{len(found)} findings" if found else "everything agrees"
    lines = [f"  {each.kind}: {each.place}: {each.text}" for each in found]
    return "\n".join([f"{tenant.name} ({tenant.schema_name}): {verdict}.", *lines])


def _as_json(tenant: Tenant, found: list[Difference]) -> str:
    findings = [{"kind": each.kind.value, "place": each.place, "text": each.text} for each in found]
    return json.dumps({"tenant": tenant.name, "schema": tenant.schema_name, "findings": findings}, ensure_ascii=False)
