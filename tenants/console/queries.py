"""What staff may know of a workspace: whether it can be reached, never who or what is in it."""

from dataclasses import dataclass
from datetime import datetime

from tenants import schemas
from tenants.members.accounts import queries as accounts
from tenants.members.contacts import queries as contacts
from tenants.members.contacts.catalogue import NAMES, WORDS, Problem
from tenants.members.roles import queries as roles
from tenants.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class ContactState:
    name: str
    word: str
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Workspace:
    people: int
    invited: int
    admins_who_can_sign_in: int
    contacts: list[ContactState]


def workspace(tenant: Tenant, now: datetime) -> Workspace:
    """Counts and states from inside the tenant's schema; no name, no address."""
    with schemas.inside(tenant):
        wrong = {found.kind: found.problem for found in contacts.needs_attention(now)}
        can_sign_in = accounts.who_can_sign_in()
        return Workspace(
            people=can_sign_in.count(),
            invited=accounts.people(state="invited").count(),
            admins_who_can_sign_in=can_sign_in.filter(grants__role=roles.admin_role().key).count(),
            contacts=[_contact_state(kind, wrong.get(kind)) for kind in NAMES],
        )


def _contact_state(kind: str, problem: Problem | None) -> ContactState:
    return ContactState(NAMES[kind].capitalize(), WORDS[problem] if problem else "Confirmed", problem)
