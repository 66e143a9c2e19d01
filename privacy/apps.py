from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacy.deadlines import actions, queries
        from tenants import chores

        chores.register(chores.Chore("deadlines", actions.ring_due, queries.next_alarm_at))
        self._tell_of_subject_requests()

    def _tell_of_subject_requests(self) -> None:
        from privacy import bells, personal_data
        from privacy.deadlines.states import Kind
        from privacy.subject_requests import actions, presenters, queries

        for kind in (Kind.DSR_STATUTORY, Kind.DSR_PROMISE, Kind.DSR_ASSISTANCE):
            bells.register(kind, actions.ring)
        presenters.register()
        personal_data.register("People who may sign in", queries.people_with)
        personal_data.register("Data-subject requests", queries.requests_of)
