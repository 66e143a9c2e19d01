from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import presenters
        from tenants import chores
        from tenants.books import actions as books
        from tenants.tenancy import presenters as tenancy

        chores.register(chores.Chore("checks of the trail", books.run_waiting_checks, books.next_waiting_check))
        for story in tenancy.STORIES:
            presenters.register(story)
