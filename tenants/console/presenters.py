"""Tenants as the console shows them."""

from typing import Any

from tenants.console.queries import Workspace
from tenants.members.contacts.catalogue import Problem
from tenants.regions import catalogue
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import State

TONES = {State.ACTIVE: "verified", State.SUSPENDED: "attention", State.CLOSED: "closed"}


def row(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "region": catalogue.region(tenant.region).name,
        "tone": TONES[State(tenant.state)],
        "word": tenant.state.capitalize(),
    }


def facts(tenant: Tenant) -> list[dict[str, Any]]:
    """The register's entry."""
    place = catalogue.region(tenant.region)
    return [
        {"term": "State", "text": tenant.state.capitalize(), "tone": TONES[State(tenant.state)]},
        {"term": "In this state since", "at": tenant.state_changed_at},
        {"term": "Address", "text": tenant.origin, "url": f"{tenant.origin}/"},
        {"term": "Region", "text": f"{place.name}, {place.code}"},
        {"term": "Country, calendar, time zone", "text": f"{place.country}, {tenant.calendar}, {tenant.time_zone}"},
        {"term": "Plan", "text": tenant.plan.capitalize()},
        {"term": "Schema", "text": tenant.schema_name},
        {"term": "Provisioned", "at": tenant.created_at},
    ]


def reach(workspace: Workspace) -> list[dict[str, Any]]:
    """Whether somebody there can be told something."""
    ready = workspace.admins_who_can_sign_in
    people = [
        {"term": "People who can sign in", "text": str(workspace.people)},
        {"term": "People invited", "text": str(workspace.invited)},
        {
            "term": "Administrators who can sign in",
            "text": str(ready) if ready else "None yet",
            "tone": "verified" if ready else "attention",
        },
    ]
    return people + [
        {"term": contact.name, "text": contact.word, "tone": _tone(contact.problem)} for contact in workspace.contacts
    ]


def _tone(problem: Problem | None) -> str:
    if problem is None:
        return "verified"
    return "failed" if problem in (Problem.MISSING, Problem.BOUNCING) else "attention"
