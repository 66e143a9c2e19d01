"""Which tenant a request is for. An unknown host gets nothing at all."""

from typing import Any, cast

import structlog
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django_tenants.middleware.main import TenantMainMiddleware

from tenants.tenancy import queries
from tenants.tenancy.states import State


class TenantFromHost(TenantMainMiddleware):
    """The host decides the schema; links are built from the stored origin, never from the host header."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        database = cast("Any", connection)
        database.set_schema_to_public()
        # Host names compare without case; the port says nothing about the tenant.
        host = str(request.META.get("HTTP_HOST", "")).split(":")[0].lower()
        tenant = queries.by_host(host)
        if tenant is None:
            return HttpResponse("There is no trust center at this address.\n", status=404, content_type="text/plain")
        if tenant.state == State.SUSPENDED:
            return HttpResponse("This workspace is suspended.\n", status=403, content_type="text/plain")
        request.tenant = tenant  # type: ignore[attr-defined]
        database.set_tenant(tenant)
        structlog.contextvars.bind_contextvars(tenant=tenant.schema_name)
        self.setup_url_routing(request)
        return None
