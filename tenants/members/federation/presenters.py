"""Identities at providers as the account page and histories show them."""

from datetime import datetime

from audit.presenters import Story
from tenants.members.accounts.models import User
from tenants.members.federation import queries
from tenants.members.federation.actions import SSO
from tenants.members.panels import Panel


def account_panel(viewer: User, person: User, now: datetime) -> Panel | None:
    """The section “Identity providers” of one's own account page; left out where there are none."""
    linked = [identity.provider.name for identity in queries.of_person(person)]
    waiting = queries.linkable(person)
    if not linked and not waiting:
        return None
    return Panel("tenants/federation/_account.html", {"linked": linked, "can_link": bool(waiting)})


def person_panel(viewer: User, person: User, now: datetime) -> Panel | None:
    """The section “Identity providers” on the page of a person: by which they come in, and who looks after them."""
    identities = list(queries.of_person(person))
    if not identities:
        return None
    told = {"identities": identities, "by_provider": person.managed_by == SSO}
    return Panel("tenants/federation/_person.html", told)


STORIES = [
    Story(
        kind="members.federatedidentity",
        permission="members.manage_people",
        title=lambda identity: f"Identity of {identity.user.full_name} at {identity.provider.name}",
        labels={"linked_at": "linked", "linked_by": "linked by"},
        hide=["key", "subject_key"],
    )
]
