"""Signatures of records, and whether they still hold."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import QuerySet

from audit.ledger import queries as ledger
from audit.signatures import hashing
from audit.signatures.catalogue import Rule
from audit.signatures.models import Signature


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a signature holds, and what is wrong when it does not.

    `current` tells that nothing happened to the record since the move that was signed.
    """

    signature: Signature
    faults: tuple[str, ...]
    current: bool

    @property
    def holds(self) -> bool:
        return not self.faults


def rule_of(model: type[models.Model]) -> Rule | None:
    rule: Rule | None = getattr(model, "SIGNING", None)
    return rule


def signed_records() -> list[dict[str, Any]]:
    """What the database is told of signed states, from every model that has some."""
    found = [(model, rule) for model in apps.get_models() if (rule := rule_of(model)) and hasattr(model, "history")]
    return [
        {
            "obj": model._meta.db_table,
            "col": rule.column,
            "open": sorted(rule.open),
            "free": sorted(rule.free),
            "sealed": None if rule.sealed is None else sorted(rule.sealed),
            "moves": [list(move) for move in rule.moves],
        }
        for model, rule in sorted(found, key=lambda pair: pair[0]._meta.db_table)
    ]


def of_record(record: models.Model) -> "QuerySet[Signature]":
    """Every signature over any version of the record, oldest first."""
    found = Signature.objects.filter(obj=record._meta.db_table, pk_text=str(record.pk))
    return found.select_related("subject_key").order_by("signed_version", "signed_at")


def by_id(number: str) -> Signature | None:
    return Signature.objects.select_related("subject_key").filter(pk=number).first()


def standing(signature: Signature) -> Standing:
    """Compare the signature with the ledger: the version it names, the move it was given for, and what came after."""
    events = {event.ver: event for event in ledger.events_of(signature.obj, signature.pk_text)}
    signed, moved = events.get(signature.signed_version), events.get(signature.signed_version + 1)
    faults = []
    if hashing.digest(signature.intent) != signature.intent_digest:
        faults.append("The text of the signature was altered.")
    if hashing.differences(signature.intent, intent_values(signature)):
        faults.append("The signature names other things than its text.")
    if signed is None or signed.leaf.hex() != signature.signed_leaf or not signed.is_unaltered:
        faults.append("The version that was signed was altered.")
    if moved is None or moved.document.get("sig") != str(signature.pk):
        faults.append("The move that was signed did not follow.")
    return Standing(signature, tuple(faults), current=max(events, default=0) == signature.signed_version + 1)


def intent_values(signature: Signature) -> dict[str, Any]:
    """What the text of a signature must say for it to be this one."""
    return {
        "record": f"{signature.kind}:{signature.pk_text}",
        "version": signature.signed_version,
        "leaf": signature.signed_leaf,
        "from": signature.from_state,
        "to": signature.to_state,
        "meaning": signature.meaning,
        "signer": str(signature.signer_id),
        "signed_at": signature.signed_at.isoformat(),
    }
