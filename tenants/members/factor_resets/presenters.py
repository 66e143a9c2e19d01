from datetime import datetime
from typing import Any

from audit.presenters import Story
from tenants.members.accounts.models import User
from tenants.members.factor_resets import queries
from tenants.members.factor_resets.models import FactorReset
from tenants.members.factor_resets.states import State
from tenants.members.factors import presenters as factors
from tenants.members.factors.queries import factors_of
from tenants.members.panels import Panel
from tenants.members.safeguards import queries as guards
from tenants.members.signing_rights import queries as rights

TONES = {State.ASKED: "attention", State.APPROVED: "closed", State.DECLINED: "closed"}
WORDS = {State.ASKED: "Waits for a second person", State.APPROVED: "Approved", State.DECLINED: "Declined"}


def facts(reset: FactorReset, tz: str) -> list[dict[str, Any]]:
    """For the definition list of its page."""
    state = State(reset.state)
    found: list[dict[str, Any]] = [
        {"term": "State", "text": WORDS[state], "tone": TONES[state]},
        {"term": "Person concerned", "text": reset.user.full_name},
        {"term": "Asked by", "text": reset.asked_by.full_name},
        {"term": "Asked", "at": reset.asked_at, "tz": tz},
    ]
    if reset.decided_by is not None:
        found.append({"term": "Decided by", "text": reset.decided_by.full_name})
        found.append({"term": "Decided", "at": reset.decided_at, "tz": tz})
    return found


def why_not(reset: FactorReset, viewer: User) -> str:
    """Why this viewer cannot decide; empty where they can."""
    if reset.state != State.ASKED or queries.may_approve(reset, viewer):
        return ""
    if queries.approvers(reset):
        return "You cannot decide on this: it takes a person who did not ask for it and whose factors they are not."
    return "Nobody else here manages people. Make another person an administrator, who then decides."


def person_panel(viewer: User, person: User, now: datetime) -> Panel | None:
    """The section “Signing” on the page of a person."""
    if not person.has_perm("members.sign"):
        return None
    check = rights.standing_check(person)
    told = {
        "person": person,
        "conditions": factors.conditions(person, now),
        "check": check,
        "verified": rights.holds(check, person),
        "has_factors": bool(factors_of(person)),
        "reset": queries.open_of(person),
        "locked_until": guards.locked_until(person, now),
        "kept_history": guards.of_person(person) is not None and viewer.has_perm("audit.view_history"),
        "may_change": viewer.has_perm("members.manage_people") and viewer.pk != person.pk,
    }
    return Panel("tenants/factor_resets/_person.html", told)


STORIES = [
    Story(
        kind="members.factorreset",
        permission="members.view_people",
        title=lambda reset: f"Reset of the signing factors of {reset.user.full_name}",
        labels={"user": "person concerned"},
    ),
]
