"""How the history of signing keys is read."""

from audit.presenters import Story

STORIES = [
    Story(
        kind="audit.logkey",
        permission="audit.view_history",
        title=lambda key: f"Key {key.version} of {key.name}",
        labels={"vkey": "public key", "name": "log"},
    ),
]
