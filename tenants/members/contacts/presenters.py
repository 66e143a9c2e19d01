"""How the history of the security and privacy contact is read."""

from audit.presenters import Story

STORIES = [
    Story(
        kind="members.contact",
        permission="members.manage_contacts",
        title=lambda contact: str(contact.get_kind_display()),
        labels={"full_name": "name", "email": "e-mail address", "phone": "telephone"},
    ),
]
