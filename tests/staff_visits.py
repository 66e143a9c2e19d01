"""Complere's staff on their way into a tenant."""

from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.break_glass import actions
from tenants.break_glass.models import EntryRequest
from tenants.members.accounts.models import User
from tenants.members.outbox.models import Email
from tenants.tenancy.models import Tenant
from tests import cast

WHY = "Looks into the export that fails"
WRITES = {"may_write": True, "write_reason": "The stuck request has to be assigned anew"}


def staff(key: str) -> User:
    with schemas.on_platform():
        return cast.person(key)


def said(key: str, now: datetime, reason: str = WHY) -> dict[str, Any]:
    with schemas.on_platform():
        return {"actor": cast.person(key).actor, "now": now, "reason": reason}


def fresh(entry: EntryRequest) -> EntryRequest:
    with schemas.on_platform():
        return EntryRequest.objects.select_related("tenant").get(pk=entry.pk)


def asked(tenant: Tenant, *, by: str = "sup", now: datetime | None = None, **changes: Any) -> EntryRequest:
    facts = {"ticket": "SUP-2041", "minutes": 30, "may_write": False, "write_reason": ""}
    with schemas.on_platform():
        return actions.ask(tenant, **(facts | changes), **said(by, now or timezone.now()))


def approved(tenant: Tenant, *, by: str = "sup", now: datetime | None = None, **changes: Any) -> EntryRequest:
    now = now or timezone.now()
    entry = asked(tenant, by=by, now=now, **changes)
    with schemas.on_platform():
        return actions.approve(entry, **said("pat", now, "The ticket bears it out"))


def ticket(entry: EntryRequest, *, by: str = "sup", now: datetime | None = None) -> str:
    with schemas.on_platform():
        return actions.ticket(entry, actor=cast.person(by).actor, now=now or timezone.now())


def inside(tenant: Tenant, *, by: str = "sup", **changes: Any) -> tuple[Client, EntryRequest]:
    """A browser in which somebody of Complere's staff is inside the tenant, and the request that let them in."""
    entry = approved(tenant, by=by, **changes)
    client = Client(headers={"host": tenant.host})
    answer = client.post(f"/staff/enter/{ticket(entry, by=by)}/")
    assert answer.status_code == 302, answer.content.decode()
    return client, entry


def mails(template: str) -> list[str]:
    """To whom mails of this kind were written in the schema that the connection is in."""
    return sorted(mail.to for mail in Email.objects.filter(template=template).select_related("subject_key"))
