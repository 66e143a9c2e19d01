"""The one sweep. Messages only hurry it: what they lose, the next sweep finds in the rows."""

from celery import shared_task
from django.utils import timezone

from tenants import schemas
from tenants.tenancy import queries
from tenants.wakeups import actions


@shared_task(platform=True)
def sweep() -> int:
    """Hand every due schema to a task of its own. Costs one query when nothing is due."""
    handed = 0
    while (schema := actions.claim_next(now=timezone.now())) is not None:
        tenant = queries.by_schema(schema)
        if tenant is None:
            continue
        if tenant.is_platform:
            actions.work(tenant, now=timezone.now())
        else:
            with schemas.inside(tenant):
                work.apply_async()
        handed += 1
    return handed


@shared_task
def work() -> int:
    """Do what is due in the schema that the message names."""
    return actions.work(schemas.current(), now=timezone.now())
