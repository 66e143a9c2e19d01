from django.apps import AppConfig


class ComplereConfig(AppConfig):
    name = "complere"

    def ready(self) -> None:
        from complere import checks, overview  # noqa: F401
        from complere.demo import signing

        overview.register()
        signing.register()
