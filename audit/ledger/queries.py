"""Reading the ledger of the schema that the connection is in."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import JSONField, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

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


def last_events(obj: str, pks: Collection[str]) -> dict[str, Event]:
    """The last event of each record, by its key. One query, whatever their number."""
    found = Event.objects.filter(obj=obj, pk_text__in=pks).order_by("pk_text", "-ver").distinct("pk_text")
    return {event.pk_text: event for event in found.defer("payload")}


def written_by(person: UUID, obj: str, pks: Collection[str]) -> set[str]:
    """Those of the records in which something this person wrote stands, since they were last signed. One query."""
    settled: set[str] = set()
    found: set[str] = set()
    for event in Event.objects.filter(obj=obj, pk_text__in=pks).order_by("pk_text", "-ver"):
        if event.pk_text in settled:
            continue
        if event.document.get("sig"):
            settled.add(event.pk_text)
        elif event.document["actor"].get("id") == str(person):
            found.add(event.pk_text)
    return found


def leaf_of(obj: str, pk: str, version: int) -> str:
    """The hash by which one version of a record stands in the log, as hex; empty for one that never was."""
    found = Event.objects.filter(obj=obj, pk_text=pk, ver=version).values_list("leaf", flat=True).first()
    return bytes(found).hex() if found is not None else ""


def came_by(method: str, *, after: int, until: int | None) -> "QuerySet[Event]":
    """Events after number `after` and before `until`, whose authors came by `method` (`context.Authentication`)."""
    said: Any = KeyTextTransform("method", KeyTransform("auth", Cast("payload", JSONField())))
    bounds = {"seq__gt": after} if until is None else {"seq__gt": after, "seq__lt": until}
    return Event.objects.filter(**bounds).annotate(came=said).filter(came=method).order_by("seq")
