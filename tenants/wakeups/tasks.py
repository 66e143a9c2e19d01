"""The sweep and its nightly check. Messages only hurry them: what a message loses, the next sweep finds in the rows."""

from celery import shared_task
from django.utils import timezone

from tenants import schemas
from tenants.tenancy.states import State
from tenants.wakeups import actions, queries


@shared_task(platform=True)
def sweep() -> None:
    """Do what is due, in whichever schema. Sweeps that overlap share the work."""
    actions.sweep(clock=timezone.now)


@shared_task(platform=True)
def reconcile() -> None:
    """Have every schema work out anew when it is next due: one small task for each, so that all workers share them."""
    for tenant in queries.sleepers():
        if tenant.is_platform or tenant.state == State.CLOSED:
            # Nobody may send a message to a closed tenant, but its data are still ours to look after.
            actions.reconcile(tenant, now=timezone.now())
        else:
            with schemas.inside(tenant):
                look_again.apply_async()


@shared_task
def look_again() -> None:
    """Work out anew when the schema that the message names is next due."""
    actions.reconcile(schemas.current(), now=timezone.now())
