"""Electronic signatures: of one person, over one version, for one move, in one transaction."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from audit import context
from audit.ledger import queries as ledger
from audit.signatures import hashing, queries
from audit.signatures.actions import SignatureRefused, sign
from audit.signatures.catalogue import FRESHNESS, Evidence, Meaning
from audit.signatures.models import Signature
from audit.transitions import MoveRefused, move
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tests import cast
from tests.privacy.subject_requests.filings import NOW, in_state, refused

TABLE = "privacy_subjectrequest"
WHY = "Nothing is held of this person"


def sqlstate(failure: DatabaseError) -> str:
    return str(failure.__cause__.sqlstate)


def signing(**changes):
    return replace(cast.signing(NOW, Meaning.RESPONSIBILITY), **changes)


def write(actor=None):
    return context.regulated_write(actor=actor or cast.person("ben").actor, reason=WHY)


def signed(record, actor=None, to=State.REFUSED, **changes):
    actor = actor or cast.person("ben").actor
    return sign(record, was=record.state, to=to, signing=signing(**changes), actor=actor, now=NOW)


@pytest.fixture
def record(in_acme):
    return in_state(State.VALIDATED)


@pytest.mark.req("P11-50a")
def test_a_signature_holds_printed_name_moment_and_meaning(record):
    refused(record)
    (signature,) = queries.of_record(record)
    assert (signature.signer_name, signature.signer_role) == ("Ben Privacy", "Privacy officer")
    assert (signature.signed_at, signature.time_zone, signature.meaning) == (NOW, "Europe/Berlin", "responsibility")
    assert (signature.methods, signature.authenticated_at) == (["password", "totp"], NOW)


@pytest.mark.req("P11-70")
def test_a_signature_names_the_version_with_its_content_and_the_move_follows(record):
    refused(record)
    (signature,) = queries.of_record(record)
    events = {event.ver: event for event in ledger.events_of(TABLE, str(record.pk))}
    said, moved = events[signature.signed_version], events[signature.signed_version + 1]
    assert said.document["new"]["refusal_ground"] == "not_ours"
    assert said.document["new"]["state"] == "validated"
    assert (moved.document["new"]["state"], moved.document["sig"]) == ("refused", str(signature.pk))
    assert set(moved.document["old"]) <= {"state", "state_changed_at", "closed_at", "closed_by", "answer_open_until"}
    assert said.leaf.hex() == signature.signed_leaf


@pytest.mark.req("P11-70")
def test_the_intent_is_canonical_and_says_all_that_was_signed(record):
    refused(record)
    (signature,) = queries.of_record(record)
    said = json.loads(signature.intent)
    assert hashing.intent(said) == signature.intent
    assert hashing.digest(signature.intent) == signature.intent_digest
    assert (said["record"], said["from"], said["to"], said["signer"]) == (
        f"privacy.subjectrequest:{record.pk}",
        "validated",
        "refused",
        str(cast.person("ben").pk),
    )
    assert "Ben" not in signature.intent


def test_a_signature_holds_as_long_as_nothing_is_bent(record):
    refused(record)
    standing = queries.standing(queries.of_record(record).get())
    assert (standing.holds, standing.current) == (True, True)


@pytest.mark.req("AT-19")
def test_the_printed_name_goes_with_its_person_and_the_signature_stays(record):
    from audit.subject_keys import actions as subject_keys

    refused(record)
    ben = cast.person("ben")
    subject_keys.destroy(ben.subject_key, actor=cast.person("ann").actor, now=NOW, reason="Left long ago")
    signature = queries.of_record(record).get()
    assert (signature.signer_name, queries.standing(signature).holds) == ("erased", True)


def test_a_signed_move_without_a_signature_is_refused_by_the_action(record):
    with pytest.raises(SignatureRefused, match="takes an electronic signature"):
        move(record, State.REFUSED, actor=cast.person("ben").actor, now=NOW, reason=WHY)


@pytest.mark.req("P11-70", "P11-10f")
def test_a_signed_move_past_every_action_is_refused_by_the_database(record):
    with pytest.raises(DatabaseError) as failure, write():
        SubjectRequest.objects.filter(pk=record.pk).update(state="refused", closed_at=NOW, closed_by="Ben")
    assert sqlstate(failure.value) == "AU103"


@pytest.mark.req("P11-70")
def test_a_signature_of_another_record_serves_no_move(record):
    other = in_state(State.VALIDATED)
    with write():
        signed(other)
        with pytest.raises(DatabaseError) as failure, transaction.atomic():
            SubjectRequest.objects.filter(pk=record.pk).update(state="refused")
    assert sqlstate(failure.value) == "AU103"


@pytest.mark.req("P11-70")
def test_a_signature_over_the_version_before_serves_no_move(record):
    with write():
        signed(record)
        SubjectRequest.objects.filter(pk=record.pk).update(details="enc1:AAAA")
        with pytest.raises(DatabaseError) as failure, transaction.atomic():
            SubjectRequest.objects.filter(pk=record.pk).update(state="refused")
    assert sqlstate(failure.value) == "AU103"


@pytest.mark.req("P11-70")
def test_a_signature_for_another_state_serves_no_move(in_acme):
    record = in_state(State.IN_PROGRESS)
    with write():
        signed(record, to=State.DELIVERED)
        with pytest.raises(DatabaseError) as failure, transaction.atomic():
            SubjectRequest.objects.filter(pk=record.pk).update(state="refused")
    assert sqlstate(failure.value) == "AU103"


@pytest.mark.req("P11-70")
def test_content_cannot_be_changed_by_the_signed_move_itself(record):
    with write():
        signed(record)
        with pytest.raises(DatabaseError) as failure, transaction.atomic():
            SubjectRequest.objects.filter(pk=record.pk).update(state="refused", refusal_ground="unfounded")
    assert sqlstate(failure.value) == "AU102"


@pytest.mark.req("P11-70")
def test_a_signature_of_an_earlier_transaction_serves_no_later_one(committed_db):
    from tenants import schemas

    with schemas.inside(cast.tenant("acme")):
        record = in_state(State.VALIDATED)
        with write():
            signed(record)
        with pytest.raises(DatabaseError) as failure, write():
            SubjectRequest.objects.filter(pk=record.pk).update(state="refused")
    assert sqlstate(failure.value) == "AU103"


def test_what_was_signed_is_read_only(record):
    refused(record)
    with pytest.raises(DatabaseError) as failure, write():
        SubjectRequest.objects.filter(pk=record.pk).update(refusal_ground="unfounded")
    assert sqlstate(failure.value) == "AU105"


@pytest.mark.req("AT-10")
def test_what_was_signed_is_not_deleted(record):
    refused(record)
    with pytest.raises(DatabaseError) as failure, write(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [record.pk])
    assert sqlstate(failure.value) == "AU101"


def test_a_record_is_not_created_in_a_signed_state(record):
    record.pk, record.state = uuid.uuid4(), "refused"
    record.reference, record.form_token = "DSR-2026-9999", None
    with pytest.raises(DatabaseError) as failure, write():
        record.save(force_insert=True)
    assert sqlstate(failure.value) == "AU103"


@pytest.mark.parametrize("statement", ["UPDATE audit_signature SET meaning = 'review'", "DELETE FROM audit_signature"])
@pytest.mark.req("P11-70", "AT-12")
def test_a_signature_is_neither_changed_nor_deleted(record, statement):
    refused(record)
    with pytest.raises(DatabaseError, match="permission denied"), write(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.req("P11-200a2")
def test_nobody_signs_in_anothers_name_not_even_past_the_action(record):
    with write():
        signature = signed(record)
    signature.pk, signature.signer_id = uuid.uuid4(), cast.person("ann").pk
    with pytest.raises(DatabaseError) as failure, write():
        signature.save(force_insert=True)
    assert sqlstate(failure.value) == "AU107"


def test_a_signature_whose_digest_is_another_texts_is_refused(record):
    with write():
        signature = signed(record)
    signature.pk, signature.to_state, signature.intent_digest = uuid.uuid4(), "delivered", "0" * 64
    with pytest.raises(DatabaseError) as failure, write():
        signature.save(force_insert=True)
    assert sqlstate(failure.value) == "AU108"


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(methods=("password",), authenticated_at=NOW),
        Evidence(methods=(), authenticated_at=NOW),
        Evidence(methods=("password", "totp"), authenticated_at=NOW - FRESHNESS - timedelta(microseconds=1)),
        Evidence(methods=("password", "totp"), authenticated_at=NOW + FRESHNESS + timedelta(microseconds=1)),
    ],
)
@pytest.mark.req("P11-200a1")
def test_one_component_or_an_old_one_signs_nothing(record, evidence):
    with pytest.raises(SignatureRefused), write():
        signed(record, evidence=evidence)
    assert Signature.objects.count() == 0


@pytest.mark.req("P11-200a1")
def test_what_was_proved_a_minute_ago_still_signs(record):
    evidence = Evidence(methods=("password", "totp"), authenticated_at=NOW - FRESHNESS)
    with write():
        assert signed(record, evidence=evidence).meaning == "responsibility"


@pytest.mark.parametrize("meaning", [Meaning.APPROVAL, Meaning.REVIEW, Meaning.AUTHORSHIP])
@pytest.mark.req("P11-50a")
def test_a_meaning_that_the_move_does_not_have_is_refused(record, meaning):
    with pytest.raises(SignatureRefused, match="does not mean"), write():
        signed(record, meaning=meaning)


@pytest.mark.parametrize(
    "actor",
    [
        context.service("robot"),
        context.Actor(id=None, name="Nobody", role="visitor"),
        context.Actor(id=uuid.uuid4(), name="No account", role="visitor"),
    ],
)
@pytest.mark.req("P11-200a2", "P11-100a")
def test_only_a_person_with_an_account_signs(record, actor):
    with pytest.raises(SignatureRefused, match="account"), write(actor):
        signed(record, actor)


@pytest.mark.req("P11-200a2")
def test_a_person_of_another_schema_does_not_sign_here(platform, record):
    from tenants import schemas

    with schemas.on_platform():
        sam = cast.person("sam").actor
    with pytest.raises(SignatureRefused, match="account"), write(sam):
        signed(record, sam)


def test_what_is_signed_is_what_was_seen(record):
    seen = {f"privacy.subjectrequest:{record.pk}": 1}
    with pytest.raises(MoveRefused, match="changed while you had it open"):
        move(record, State.REFUSED, signing=signing(seen=seen), actor=cast.person("ben").actor, now=NOW, reason=WHY)


def test_a_refused_signature_leaves_nothing(record):
    before = len(ledger.events_of(TABLE, str(record.pk)))
    with pytest.raises(SignatureRefused), transaction.atomic():
        refused(record, signing=signing(meaning=Meaning.REVIEW))
    assert (len(ledger.events_of(TABLE, str(record.pk))), Signature.objects.count()) == (before, 0)


def test_the_moment_of_a_signature_is_aware_and_in_utc(record):
    refused(record)
    assert queries.of_record(record).get().signed_at.tzinfo is UTC
    assert datetime.fromisoformat(json.loads(queries.of_record(record).get().intent)["signed_at"]) == NOW
