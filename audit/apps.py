from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import presenters
        from audit.export import presenters as export
        from audit.log_keys import presenters as log_keys
        from audit.reconciliation import presenters as reconciliation

        for story in (*export.STORIES, *log_keys.STORIES, *reconciliation.STORIES):
            presenters.register(story)
