"""Identity checks and policies as pages and histories show them."""

from typing import Any

from audit.presenters import Story
from tenants.members.signing_rights import catalogue


def paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def series(minutes: int) -> str:
    if minutes == catalogue.NO_SERIES:
        return "Off: every signature takes all components"
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'} after a full one, a signature takes one component"


def method_name(key: str) -> str:
    return catalogue.METHODS.get(key, key)


def _name_of(record: Any) -> str:
    return str(record.user.full_name)


STORIES = [
    Story(
        kind="members.identitycheck",
        permission="members.view_people",
        title=lambda check: f"Identity of {_name_of(check)}",
        labels={"user": "person", "full_name": "name that was verified"},
        values={"method": method_name},
        hide=("subject_key",),
    ),
    Story(
        kind="members.signingpolicy",
        permission="members.manage_people",
        title=lambda policy: f"Signing policy, version {policy.version}",
        labels={
            "series_minutes": "series window in minutes",
            "effective_at": "in force from",
            "certified_on": "certified to the FDA on",
            "certification_note": "note on the certification",
        },
    ),
    Story(
        kind="members.policyacceptance",
        permission="members.view_people",
        title=lambda acceptance: f"Signing policy {acceptance.policy_id}, accepted by {_name_of(acceptance)}",
        labels={"user": "person", "policy": "version of the signing policy"},
    ),
]
