"""How the history of people, their roles and their invitations is read."""

from audit.presenters import Story
from tenants.members.roles import catalogue


def role_name(key: str) -> str:
    """A role that left the catalogue keeps its key as its name."""
    return catalogue.ROLES[key].name if key in catalogue.ROLES else key


STORIES = [
    Story(
        kind="members.user",
        permission="members.view_people",
        title=lambda user: str(user.full_name),
        labels={"is_active": "may sign in", "full_name": "name", "email": "e-mail address"},
        children=[
            ("members.rolegrant", "user"),
            ("members.invitation", "user"),
            ("members.identitycheck", "user"),
            ("members.policyacceptance", "user"),
            ("members.factor", "user"),
            ("members.factorreset", "user"),
        ],
    ),
    Story(
        kind="members.invitation",
        permission="members.view_people",
        title=lambda invitation: f"Invitation of {invitation.user.full_name}",
        labels={"user": "person"},
    ),
    Story(
        kind="members.rolegrant",
        permission="members.view_people",
        title=lambda grant: f"{role_name(grant.role)}: {grant.user.full_name}",
        labels={"user": "person"},
        values={"role": role_name},
    ),
]
