from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import presenters
        from audit.export.presenters import STORIES

        for story in STORIES:
            presenters.register(story)
