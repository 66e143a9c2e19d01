"""A proof as a page: what is proven, by what, and who may read the entry itself."""

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from audit.ledger.models import Event
from audit.proofs.queries import Proof
from audit.subject_keys.queries import open_names
from audit.trail import presenters as trail
from audit.trail import queries as trail_queries
from audit.trail.adapters import ledger


def may_read(event: Event, may: Callable[[str], bool]) -> bool:
    """Changes of structure are everybody's who reads the trail; records ask for the right to their kind."""
    story = trail_queries.by_table().get(event.obj)
    return event.op == "S" or (story is not None and may(story.permission))


def page(proof: Proof, may: Callable[[str], bool], zone: ZoneInfo) -> dict[str, Any]:
    told = ledger.retold([proof.event])
    names = open_names(trail.sealed(told))
    line = trail.lines([proof.leaf], told, trail.Reader(may=may, zone=zone, actors=names))[0]
    readable = may_read(proof.event, may)
    return {
        "proof": proof,
        "line": line,
        "leaf_hash": bytes(proof.leaf.hash).hex(),
        "signed_at": trail.moment(proof.head.at, zone) if proof.head else None,
        "payload": json.dumps(proof.event.document, indent=2, ensure_ascii=False) if readable else "",
        "readable": readable,
        "zone": zone.key,
    }
