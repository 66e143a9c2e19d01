"""How the history of people and their invitations is read."""

from audit.presenters import Story

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
]
