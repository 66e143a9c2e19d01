"""Celery messages that carry their tenant, authenticated; anything else is refused.

tenant-schemas-celery fails open: a message without header, or with a deleted schema, runs its
body in `public` (proved). Here such a message is rejected before the body runs.
"""

import hashlib
import hmac
import json
from typing import Any

import structlog
from celery import Task
from celery.exceptions import Reject
from django.conf import settings

from tenants import schemas
from tenants.tenancy import queries

log = structlog.get_logger(__name__)

SCHEMA_HEADER = "complere_schema"
SEAL_HEADER = "complere_seal"


class EnqueueRefused(RuntimeError):
    """A tenant's task was sent from the platform, or the other way round."""


class TenantTask(Task):
    """Runs in the schema it was sent from. `platform=True` marks a task of the platform."""

    abstract = True
    platform = False

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        schema = schemas.current_schema()
        if (schema == schemas.PUBLIC) != self.platform:
            raise EnqueueRefused(f"{self.name} cannot be sent from schema {schema}")
        headers = dict(options.pop("headers", None) or {})
        headers |= {SCHEMA_HEADER: schema, SEAL_HEADER: seal(self.name, schema, args or (), kwargs or {})}
        return super().apply_async(args, kwargs, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.platform:
            # Beat cannot seal; a platform task takes no tenant and may not be told one.
            with schemas.on_platform():
                return self.run(*args, **kwargs)
        with schemas.inside(self._tenant(args, kwargs)):
            return self.run(*args, **kwargs)

    def _tenant(self, args: Any, kwargs: Any) -> Any:
        headers = self.request.headers or {}
        schema = str(headers.get(SCHEMA_HEADER, ""))
        wanted = seal(self.name, schema, args, kwargs)
        if not hmac.compare_digest(str(headers.get(SEAL_HEADER, "")), wanted):
            self._reject("message carries no valid tenant seal", schema)
        with schemas.on_platform():
            tenant = queries.by_schema(schema)
        # Complere's own schema is no tenant: what works there is a platform task and says so.
        if tenant is None or tenant.is_platform:
            self._reject("message names a tenant that is gone", schema)
        return tenant

    def _reject(self, why: str, schema: str) -> None:
        log.error("task refused", task=self.name, why=why, schema=schema)
        raise Reject(why, requeue=False)


def seal(task: str, schema: str, args: Any, kwargs: Any) -> str:
    """HMAC over task, schema and arguments: a message for one tenant cannot be turned into another's."""
    content = json.dumps([task, schema, list(args), kwargs], sort_keys=True, separators=(",", ":"), default=str)
    key = hashlib.sha256(settings.COMPLERE_TASK_KEY.encode()).digest()
    return hmac.new(key, content.encode(), hashlib.sha256).hexdigest()
