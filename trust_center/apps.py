from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from tenants.chores import Chore


class TrustCenterConfig(AppConfig):
    name = "trust_center"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants.chores import Chore, register
        from trust_center.document_requests import actions as document_requests
        from trust_center.document_requests import queries as request_queries
        from trust_center.documents import actions as documents
        from trust_center.documents import queries as document_queries
        from trust_center.subprocessor_register import actions as subprocessors
        from trust_center.subprocessor_register import queries as subprocessor_queries
        from trust_center.updates import actions as updates
        from trust_center.updates import queries as update_queries

        for chore in (
            Chore("sub-processors in force", subprocessors.take_effect, subprocessor_queries.next_effective_at),
            Chore("published changes", updates.tell, update_queries.next_untold_at),
            Chore("unconfirmed subscriptions", updates.forget_unconfirmed, update_queries.next_unconfirmed_at),
            Chore("first documents", documents.order_first_versions, document_queries.first_versions_due),
            Chore("documents to print", documents.print_due, document_queries.next_print_at),
            Chore("signed copies", documents.make_copies, document_queries.next_copy_at),
            Chore("document requests to end", document_requests.expire_due, request_queries.next_expiry),
            Chore("expired request links", document_requests.forget_passes, request_queries.next_pass_over),
        ):
            register(on_platform_only(chore))
        tell_histories()
        answer_requests()


def answer_requests() -> None:
    from privacy import bells, personal_data
    from privacy.deadlines.states import Kind
    from trust_center.document_requests import actions, queries
    from trust_center.updates import queries as updates

    bells.register(Kind.DOCUMENT_ANSWER, actions.ring)
    personal_data.register("Requests for documents", queries.held_about)
    personal_data.register("Subscriptions to changes", updates.held_about)


def tell_histories() -> None:
    from audit.presenters import register
    from trust_center.claims.presenters import STORIES as CLAIMS
    from trust_center.document_requests.presenters import STORIES as REQUESTS
    from trust_center.documents.presenters import STORIES as DOCUMENTS
    from trust_center.subprocessor_register.presenters import STORIES as REGISTER
    from trust_center.updates.presenters import STORIES as UPDATES

    for story in (*CLAIMS, *REGISTER, *UPDATES, *DOCUMENTS, *REQUESTS):
        register(story)


def on_platform_only(chore: "Chore") -> "Chore":
    """The tables of this app are Complere's own: in a tenant's schema there is nothing to do."""
    from tenants import chores, schemas

    def run(now: datetime) -> int:
        return chore.run(now) if schemas.is_platform() else 0

    def next_due() -> datetime | None:
        return chore.next_due() if schemas.is_platform() else None

    return chores.Chore(chore.name, run, next_due)
