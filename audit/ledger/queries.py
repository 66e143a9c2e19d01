"""Reading the ledger of the schema that the connection is in."""

from uuid import UUID

from django.db.models import QuerySet

from audit.ledger.models import Event


def events_of(obj: str, pk: str) -> "QuerySet[Event]":
    """Every event of a record, oldest first."""
    return Event.objects.filter(obj=obj, pk_text=pk).order_by("ver")


def last_event(obj: str, pk: str) -> Event | None:
    return events_of(obj, pk).last()


def authors_since_signed(obj: str, pk: str) -> set[UUID]:
    """Who wrote what stands in the record now: people with an event since its last signed move."""
    authors: set[UUID] = set()
    for event in events_of(obj, pk).reverse():
        if event.document.get("sig"):
            break
        if (author := event.document["actor"].get("id")) is not None:
            authors.add(UUID(author))
    return authors
