from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from audit.signed_records import queries as signed_records
from privacy.breach_notices import queries as notices
from privacy.incidents import queries as incidents
from privacy.incidents.models import Incident

BATCH = 200


def register(*, year: int | None = None, state: str = "", text: str = "") -> QuerySet[Incident]:
    """Every incident, also those that were no breach or were not notified (GDPR Art. 33(5), BRE-11)."""
    return incidents.filtered(year=year, state=state, text=text)


def with_everything(rows: Iterable[Incident]) -> Iterator[tuple[Incident, dict[str, Any]]]:
    """Each incident with its clocks, tenants and notices: four queries for all of them."""
    listed = list(rows)
    tenants = incidents.affected_of_many(listed)
    clocks = incidents.clocks_of(listed, tenants)
    sent, received = notices.sent_of_many(listed), notices.received_of_many(listed)
    for one in listed:
        key = one.pk
        yield one, {"clocks": clocks[key], "tenants": tenants[key], "sent": sent[key], "received": received[key]}


def in_batches(rows: QuerySet[Incident]) -> Iterator[tuple[Incident, dict[str, Any]]]:
    """The whole register with its signatures, a batch at a time: its size decides no number of queries for a row."""
    for start in range(0, rows.count(), BATCH):
        batch = list(rows[start : start + BATCH])
        signed = signed_records.of_many(batch)
        for one, more in with_everything(batch):
            yield one, {**more, "signatures": signed[str(one.pk)]}
