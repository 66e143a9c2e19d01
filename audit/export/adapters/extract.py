"""One record with its whole trail and its signatures, as JSON for machines and as PDF for people (P11-10b).

The JSON holds each event byte for byte with its proof: whoever reads it again gets the same hashes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from audit.context import current_schema
from audit.export.adapters import typesetting
from audit.ledger.models import Event, Leaf
from audit.log_keys import queries as log_keys
from audit.presenters import Story
from audit.proofs import queries as proofs
from audit.sequencer import queries as sequencer
from audit.signatures import queries as signatures
from audit.signatures.models import Signature
from audit.trail import presenters as trail
from audit.trail import queries as trail_queries
from audit.trail.presenters import Entry, Signed

FORMAT = "complere-record/1"
FORMS = ("json", "pdf")
# Stated in the file where it cuts something off.
MOST_VERSIONS = 1_000
MOST_ON_PAPER = 150


@dataclass(frozen=True, slots=True)
class Extract:
    story: Story
    record: models.Model
    title: str
    at: datetime
    zone: ZoneInfo
    versions: int
    entries: list[Entry]
    events: list[Event]
    signatures: list[tuple[Signature, Signed, str]]


def of_record(
    story: Story, record: models.Model, may: Callable[[str], bool], zone: ZoneInfo, *, at: datetime
) -> Extract:
    """Everything that is told of a record to somebody with these rights, personal data included."""
    sources = trail_queries.sources(story, record, may)
    marks = list(trail_queries.marks(sources)[: MOST_VERSIONS + 1])
    versions = trail_queries.versions(sources, marks[:MOST_VERSIONS])
    known = [(*version.record, version.after.row.ledger_version) for version in versions]
    signed = [(row, trail.signed(row), _standing(row)) for row in signatures.of_record(record)]
    return Extract(
        story=story,
        record=record,
        title=story.title_of(record),
        at=at,
        zone=zone,
        versions=len(marks),
        entries=trail.entries(versions, zone),
        events=_events([mark for mark in known if mark[2] is not None]),
        signatures=signed,
    )


def _events(known: list[tuple[str, str, int]]) -> list[Event]:
    wanted: dict[tuple[str, str], set[int]] = {}
    for obj, pk, ver in known:
        wanted.setdefault((obj, pk), set()).add(ver)
    term = Q(seq__in=[])
    for (obj, pk), numbers in wanted.items():
        term |= Q(obj=obj, pk_text=pk, ver__in=numbers)
    return list(Event.objects.filter(term).order_by("seq"))


def _standing(signature: Signature) -> str:
    found = signatures.standing(signature)
    if not found.holds:
        return f"This signature does not hold: {' '.join(found.faults)}"
    return "Holds for the current version." if found.current else "Held for an earlier version."


def as_json(found: Extract) -> tuple[bytes, str]:
    head = sequencer.last_head()
    leaves = {leaf.event_id: leaf for leaf in Leaf.objects.filter(event__in=found.events).select_related("event")}
    document = {
        "format": FORMAT,
        "record": f"{found.story.model._meta.label_lower}:{found.record.pk}",
        "title": found.title,
        "schema": current_schema(),
        "exported_at": found.at.isoformat(),
        "versions": found.versions,
        "versions_told": len(found.entries),
        "keys": log_keys.vkeys(),
        "checkpoint": head.note if head else None,
        "signatures": [_signature(*each) for each in found.signatures],
        "history": [_entry(entry) for entry in found.entries],
        "events": [_event(event, leaves.get(event.seq), head) for event in found.events],
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(), "application/json"


def _signature(signature: Signature, signed: Signed, standing: str) -> dict[str, Any]:
    return {
        "id": str(signature.pk),
        "name": signed.name,
        "role": signed.role,
        "meaning": signed.meaning,
        "signed_at": signature.signed_at.isoformat(),
        "time_zone": signature.time_zone,
        "version": signature.signed_version,
        "methods": signature.methods,
        "intent": signature.intent,
        "intent_sha256": signature.intent_digest,
        "standing": standing,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at.iso,
        "actor": entry.actor,
        "did": entry.did,
        "reason": entry.reason,
        "changes": [{"field": change.field, "old": change.old, "new": change.new} for change in entry.changes],
        "entry": entry.index,
        "signature": entry.signed and {"name": entry.signed.name, "meaning": entry.signed.meaning},
    }


def _event(event: Event, leaf: Leaf | None, head: sequencer.Head | None) -> dict[str, Any]:
    proof = proofs.of_leaf(leaf, head).record if leaf is not None else None
    return {
        "index": leaf.idx if leaf is not None else None,
        "leaf": bytes(event.leaf).hex(),
        "payload": event.payload,
        "proof": proof.text if proof is not None else None,
    }


def as_pdf(found: Extract) -> tuple[bytes, str]:
    """Raises `PrintingFailed`."""
    head = sequencer.last_head()
    told = found.entries[:MOST_ON_PAPER]
    cut = "" if found.versions == len(told) else f" The newest {len(told)} are on paper; the JSON holds more."
    content = typesetting.pdf_of(
        title=found.title,
        lede=f"Every version of this record, newest first.{cut} Times are those of {found.zone.key}.",
        facts=[
            ("Record", f"{found.story.model._meta.label_lower}:{found.record.pk}"),
            ("Exported", trail.moment(found.at, found.zone).local),
            ("Signed head", f"{head.size} entries, root {head.root.hex()}" if head else "none yet"),
        ],
        heading="History",
        entries=told,
        signatures=[
            {"name": signed.name, "role": signed.role, "meaning": signed.meaning, "at": signed.at, "standing": standing}
            for _, signed, standing in found.signatures
        ],
    )
    return content, "application/pdf"
