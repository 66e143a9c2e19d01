from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacy.deadlines import actions, queries
        from tenants import chores

        chores.register(chores.Chore("deadlines", actions.ring_due, queries.next_alarm_at))
