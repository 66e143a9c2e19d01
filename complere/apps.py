from django.apps import AppConfig


class ComplereConfig(AppConfig):
    name = "complere"

    def ready(self) -> None:
        from complere import checks, overview  # noqa: F401

        overview.register()
