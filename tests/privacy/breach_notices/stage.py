"""Notices as the tests set them."""

from datetime import datetime
from typing import Any

from audit import context
from privacy.breach_notices import actions, queries
from privacy.breach_notices.models import Notice, ReceivedNotice
from privacy.incidents import catalogue
from privacy.incidents.models import AffectedTenant
from tenants import schemas
from tenants.members.contacts import actions as contacts
from tenants.members.contacts.models import Contact
from tenants.tenancy.models import Tenant
from tests import cast
from tests.privacy.incidents.stage import AWARE, FINDINGS, WHY, actor

WORDS = {**FINDINGS, "nature_text": "An export of your data could be opened by anybody."}


def told(**changes: Any) -> dict[str, Any]:
    values = {**WORDS, "what_is_new": "", "next_update_hours": None, **changes}
    return {
        "content": catalogue.content(values),
        "what_is_new": values["what_is_new"],
        "next_update_hours": values["next_update_hours"],
    }


def draft(row: AffectedTenant, *, by: str = "sam", now: datetime = AWARE, **changes: Any) -> Notice:
    return actions.draft(row, told=told(**changes), actor=actor(by), now=now)


def approved(row: AffectedTenant, *, now: datetime = AWARE, **changes: Any) -> Notice:
    notice = draft(row, now=now, **changes)
    return approve(notice, now=now)


def approve(notice: Notice, *, by: str = "sue", now: datetime = AWARE) -> Notice:
    """Somebody approves what the notice says at this moment."""
    seen = queries.wording_digest(queries.notices().get(pk=notice.pk))
    return actions.approve(notice, seen=seen, signing=cast.signing(now), actor=actor(by), now=now, reason=WHY)


def send(row: AffectedTenant, *, now: datetime, delay_reasons: str = "", **changes: Any) -> Notice:
    """A notice written by Sam, approved by Sue, sent by Sam."""
    with schemas.on_platform():
        notice = approved(row, now=now, **changes)
        return actions.send(notice, delay_reasons=delay_reasons, actor=actor("sam"), now=now, reason=WHY)


def arrived(notice: Notice, tenant: Tenant) -> ReceivedNotice:
    """The tenant's copy; enter its schema to read on."""
    with schemas.inside(tenant):
        return queries.received().get(pk=notice.pk)


def name_contact(
    tenant: Tenant, *, kind: str = "security", email: str = "soc@acme.example", alive: bool = True
) -> None:
    """A contact that has confirmed its address, or one whose mail comes back."""
    with schemas.inside(tenant):
        contacts.keep(kind=kind, full_name="Soc Desk", email=email, phone="", actor=actor("ann"), now=AWARE, reason=WHY)
        state = {"verified_at": AWARE} if alive else {"verified_at": AWARE, "bounced_at": AWARE}
        with context.regulated_write(actor=context.service("stage"), reason="Confirm the contact"):
            Contact.objects.filter(kind=kind).update(**state)
