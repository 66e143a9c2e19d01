"""Make a tenant and invite its first admin.

manage.py provision_tenant "Acme Pharma" --host acme.trust.example --region eu-central --admin-email ann@acme.example
"""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.context import service
from tenants import schemas
from tenants.console import actions, forms
from tenants.regions import catalogue
from tenants.tenancy import queries
from tenants.tenancy.actions import ProvisioningRefused
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import Plan

BAD_INPUT = 2


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the customer")
        parser.add_argument("--host", required=True, help="host name of the workspace, for example acme.trust.example")
        parser.add_argument("--region", required=True, help=f"one of: {', '.join(catalogue.REGIONS)}")
        parser.add_argument("--admin-email", required=True, help="address of the first admin, who is invited there")
        parser.add_argument("--admin-name", default="", help="name of the first admin")
        parser.add_argument("--plan", default=Plan.STANDARD.value, help=f"one of: {', '.join(Plan)}")
        parser.add_argument("--reason", default="Provisioned on the command line", help="for the history")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        with schemas.on_platform():
            tenant = provision(options)
        seconds = time.perf_counter() - began
        self.stdout.write(f"schema: {tenant.schema_name}\norigin: {tenant.origin}\nprovisioned in {seconds:.2f} s")


def provision(options: dict[str, Any]) -> Tenant:
    """One tenant from the options; bad input is one clear line and exit code 2."""
    try:
        own_region = queries.platform().region
    except Tenant.DoesNotExist:
        raise CommandError("The platform is not installed yet: run `manage.py prepare_database` first.") from None
    fields = ("name", "host", "region", "plan", "admin_email", "reason")
    given = {field: options[field] for field in fields}
    given["admin_name"] = options["admin_name"] or options["admin_email"].split("@")[0]
    form = forms.Provision(given, own_region=own_region)
    if not form.is_valid():
        field, messages = next(iter(form.errors.items()))
        raise CommandError(f"{_option(field)}: {messages[0]}", returncode=BAD_INPUT)
    try:
        return actions.provision_with_admin(**form.cleaned_data, actor=service("provision_tenant"), now=timezone.now())
    except ProvisioningRefused as refused:
        raise CommandError(f"{_option(refused.field)}: {refused}", returncode=BAD_INPUT) from refused


def _option(field: str) -> str:
    return "NAME" if field == "name" else "--" + field.replace("_", "-")
