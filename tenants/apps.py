from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import presenters
        from tenants.tenancy import presenters as tenancy

        for story in tenancy.STORIES:
            presenters.register(story)
