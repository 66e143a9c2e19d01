"""Make sure that Complere's own row, keys and host exist. Idempotent; run after each migration and change of origin."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from audit import context
from tenants.tenancy import actions


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = actions.install_platform(
            origin=settings.PLATFORM_ORIGIN,
            region=settings.REGION,
            actor=context.service("install_platform"),
            now=timezone.now(),
        )
        print(f"{tenant.name} answers at {tenant.origin} and serves {tenant.region}.")
