from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacy.deadlines import actions, queries
        from tenants import chores

        chores.register(chores.Chore("deadlines", actions.ring_due, queries.next_alarm_at))
        self._tell_of_subject_requests()
        self._tell_of_incidents()

    def _tell_of_subject_requests(self) -> None:
        from privacy import bells, personal_data
        from privacy.case_files import actions as case_files
        from privacy.case_files import queries as case_file_queries
        from privacy.deadlines.states import Kind
        from privacy.subject_requests import actions, presenters, queries
        from tenants import chores

        for kind in (Kind.DSR_STATUTORY, Kind.DSR_PROMISE, Kind.DSR_ASSISTANCE):
            bells.register(kind, actions.ring)
        chores.register(
            chores.Chore("expired personal links", case_files.forget_links, case_file_queries.next_link_over)
        )
        presenters.register()
        personal_data.register("People who may sign in", queries.people_with)
        personal_data.register("Data-subject requests", queries.requests_of)

    def _tell_of_incidents(self) -> None:
        from audit.presenters import register
        from privacy import bells
        from privacy.breach_notices import actions as notices
        from privacy.breach_notices import presenters as notice_words
        from privacy.breach_notices import queries
        from privacy.deadlines.states import Kind
        from privacy.incidents import actions, presenters
        from tenants import chores

        for kind in (Kind.BREACH_CONTROLLER, Kind.BREACH_PROMISE, Kind.BREACH_TARGET, Kind.BREACH_UPDATE):
            bells.register(kind, actions.ring)
        for story in (*presenters.STORIES, *notice_words.STORIES):
            register(story)
        chores.register(chores.Chore("notice follow-up", notices.follow_up, queries.next_follow_up))
