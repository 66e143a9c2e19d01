from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "tenants.members"
    label = "members"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import presenters
        from tenants.members.accounts.presenters import STORIES as ACCOUNTS
        from tenants.members.contacts.presenters import STORIES as CONTACTS

        for story in (*ACCOUNTS, *CONTACTS):
            presenters.register(story)
