from django.apps import AppConfig


class ComplereConfig(AppConfig):
    name = "complere"

    def ready(self) -> None:
        from audit.export import actions as exports
        from audit.export import queries as export_queries
        from complere import checks, overview  # noqa: F401
        from complere.demo import signing
        from tenants import chores

        # The last of all: a file takes minutes, and nobody's mail waits for it.
        chores.register(chores.Chore("exports", run=exports.do_due, next_due=export_queries.next_due))
        overview.register()
        signing.register()
