"""Signing: bind a person's act to one version of one record and one move (§11.50, §11.70, §11.200)."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models

from audit import context, watch
from audit.ledger import queries as ledger
from audit.signatures import hashing, queries
from audit.signatures.catalogue import FOUR_EYES, FRESHNESS, Signing
from audit.signatures.models import Signature


class SignatureRefused(watch.Refusal):
    """The signature cannot be given like this; the message says why and what would do."""


def sign(
    record: models.Model, *, was: str, to: str, signing: Signing, actor: context.Actor, now: datetime
) -> Signature:
    """Sign the record as it stands, for its move from `was` to `to`; good within the running transaction only.

    Call it inside a `regulated_write`, whose reason is kept with it. Raises `SignatureRefused`.
    """
    obj, pk = record._meta.db_table, str(record.pk)
    last = ledger.last_event(obj, pk)
    _check(record, was, to, signing, actor, now)
    if last is None or actor.id is None or actor.key_id is None:
        raise SignatureRefused("There is nothing here that could be signed.")
    if actor.id in ledger.authors_since_signed(obj, pk) and signing.meaning in FOUR_EYES:
        raise SignatureRefused("You wrote what is to be approved: another person signs it.")
    values = {
        "obj": obj,
        "pk_text": pk,
        "kind": record._meta.label_lower,
        "signed_version": last.ver,
        "signed_leaf": last.leaf.hex(),
        "from_state": was,
        "to_state": to,
        "meaning": signing.meaning.value,
        "signer_id": actor.id,
        "signed_at": now,
    }
    return _write(values, signing, actor)


def _check(record: models.Model, was: str, to: str, signing: Signing, actor: context.Actor, now: datetime) -> None:
    rule = queries.rule_of(type(record))
    if rule is None or signing.meaning not in rule.meanings(was, to):
        raise SignatureRefused(f"A signature for this step does not mean {signing.meaning}.")
    if actor.kind != "human" or actor.key_id is None or actor.home != context.current_schema():
        raise SignatureRefused("Only a person with an account of their own here signs.")
    if len(signing.evidence.methods) < 2:
        raise SignatureRefused("A signature takes two components, for example password and one-time code.")
    age = now - signing.evidence.authenticated_at
    if not -FRESHNESS <= age <= FRESHNESS:
        raise SignatureRefused("You proved who you are more than a minute ago. Do it again to sign.")


def _write(values: dict[str, Any], signing: Signing, actor: context.Actor) -> Signature:
    values = values | {"subject_key_id": actor.key_id}
    signature = Signature(
        **values,
        act_id=uuid.uuid5(uuid.NAMESPACE_OID, signing.nonce),
        signer_name=actor.name,
        signer_role=actor.role,
        time_zone=signing.time_zone,
        methods=list(signing.evidence.methods),
        authenticated_at=signing.evidence.authenticated_at,
        evidence=dict(signing.evidence.detail),
        reason=context.current().reason,
    )
    said = queries.intent_values(signature) | {
        "v": 1,
        "tenant": context.current_schema(),
        "reason": signature.reason,
        "nonce": signing.nonce,
    }
    signature.intent = hashing.intent(said)
    signature.intent_digest = hashing.digest(signature.intent)
    signature.save(force_insert=True)
    return signature
