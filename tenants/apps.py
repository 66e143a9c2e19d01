from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import presenters
        from audit.export import actions as exports
        from audit.export import queries as export_queries
        from tenants import chores
        from tenants.books import actions as books
        from tenants.tenancy import presenters as tenancy

        chores.register(chores.Chore("exports", run=exports.do_due, next_due=export_queries.next_due))
        chores.register(chores.Chore("checks of the trail", books.run_waiting_checks, books.next_waiting_check))
        for story in tenancy.STORIES:
            presenters.register(story)
