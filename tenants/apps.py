from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import presenters
        from tenants import chores
        from tenants.books import actions as books
        from tenants.break_glass import actions as entries
        from tenants.break_glass import presenters as entry_stories
        from tenants.break_glass import queries as entry_queries
        from tenants.members.staff_entries import actions as visits
        from tenants.tenancy import presenters as tenancy

        chores.register(chores.Chore("checks of the trail", books.run_waiting_checks, books.next_waiting_check))
        chores.register(chores.Chore("entries into tenants", entries.lapse, entry_queries.next_due))
        visits.on_end(entries.note_end)
        for story in (*tenancy.STORIES, *entry_stories.STORIES):
            presenters.register(story)
