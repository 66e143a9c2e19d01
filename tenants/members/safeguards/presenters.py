from audit.presenters import Story

STORIES = [
    Story(
        kind="members.safeguard",
        permission="members.view_people",
        title=lambda safeguard: "Lock and recovery codes of a person",
        labels={
            "locked_until": "signing locked until",
            "recovery_left": "recovery codes left",
            "recovery_made_at": "recovery codes made",
        },
    ),
]
