"""Events get their place in the log, and what the log has become is signed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from audit import context
from audit.ledger.models import Event, Leaf
from audit.log_keys import actions as log_keys
from audit.log_keys import queries as keys
from audit.merkle import notes, proofs, tree
from audit.sequencer import actions, queries
from tests import cast, database
from tests.audit.sequencer import rows

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def sequence(now=NOW, **options):
    return actions.sequence(now=now, **options)


@pytest.mark.req("AT-09")
def test_every_event_gets_a_place_in_order_and_the_head_is_signed(in_acme):
    rows.write(3)
    waiting = Event.objects.count()
    assert sequence() == waiting + 1, "the first key is an event as well"
    leaves = list(Leaf.objects.order_by("idx").values_list("idx", "event_id"))
    assert [idx for idx, _ in leaves] == list(range(waiting + 1))
    assert [seq for _, seq in leaves] == sorted(seq for _, seq in leaves)
    head = queries.last_head()
    checkpoint = notes.open_checkpoint(head.note, keys.signing_key().name, keys.vkeys())
    expected = tree.root([tree.leaf_hash(event.payload.encode()) for event in Event.objects.order_by("seq")])
    assert (checkpoint.size, checkpoint.root) == (waiting + 1, expected)
    assert (head.epoch, head.size, head.root, head.at) == (1, waiting + 1, expected, NOW)


def test_a_log_with_nothing_new_is_signed_no_second_time(in_acme):
    assert sequence() > 0
    assert sequence(NOW + SECOND) == 0
    assert queries.checkpoints().count() == 1


def test_what_is_left_of_a_batch_is_placed_by_the_next_ones(in_acme):
    rows.write(10)
    waiting = Event.objects.count()
    assert sequence(batch=7) == waiting + 1
    sizes = list(queries.checkpoints().values_list("size", flat=True))
    assert sizes == [*range(7, waiting + 1, 7), waiting + 1]


@pytest.mark.req("AT-09")
def test_full_blocks_of_256_are_kept_and_prove_any_entry(in_acme):
    rows.write(600)
    sequence(batch=100)
    head = queries.last_head()
    assert len(queries.read(1, 0, 10)) == head.size // 256 == 2
    for index in (0, 255, 256, 511, 512, head.size - 1):
        event = Leaf.objects.select_related("event").get(pk=index).event
        proof = queries.record_proof(index, head)
        checkpoint = proof.check(event.payload.encode(), keys.signing_key().name, keys.vkeys())
        assert checkpoint.size == head.size
    first = queries.Head(1, 100, queries.root_at(100), NOW, "")
    path = queries.consistency(first, head)
    assert proofs.verify_consistency(100, first.root, head.size, head.root, path)


def test_a_new_key_signs_what_follows_and_the_old_heads_still_verify(in_acme):
    sequence()
    log_keys.rotate(actor=cast.DIRECTOR, now=NOW, reason="The yearly change of keys")
    assert sequence(NOW + SECOND) == 2
    origin = keys.signing_key().name
    for checkpoint in queries.checkpoints():
        assert notes.open_checkpoint(checkpoint.note, origin, keys.vkeys()).size == checkpoint.size


# --- What is refused ----------------------------------------------------------------------------


@pytest.fixture
def tampering(committed_db):
    """`tampering(sql, ...)`: what somebody with the server's own account does to Acme's book, past every trigger."""
    acme = cast.tenant("acme")

    def alter(statement, *values):
        rows.as_superuser(committed_db, acme.schema_name, statement, *values)

    with rows.schemas.inside(acme):
        rows.write(5)
        sequence()
        yield alter


def refused(match):
    rows.write(1)
    with pytest.raises(actions.SequencingRefused, match=match):
        sequence(NOW + SECOND)
    assert queries.checkpoints().count() == 1


def test_a_tree_that_does_not_reproduce_its_last_root_is_not_signed(tampering):
    tampering("UPDATE ledger_leaf SET hash = sha256('other') WHERE idx = 2")
    refused("has another root than the one that was signed")


def test_a_leaf_cut_off_the_end_is_not_signed_over(tampering):
    tampering("DELETE FROM ledger_leaf WHERE idx = (SELECT max(idx) FROM ledger_leaf)")
    refused("lacks hashes")


def test_an_altered_head_is_not_built_upon(tampering):
    tampering("UPDATE ledger_checkpoint SET root = sha256('other')")
    refused("is not the one that was signed")


def test_a_head_signed_by_somebody_else_is_not_built_upon(tampering):
    note = queries.last_head().note
    text = notes.open(note, keys.vkeys()).text
    forged = notes.sign(text, notes.SignerKey.new(keys.signing_key().name))
    tampering("UPDATE ledger_checkpoint SET note = %s", forged)
    refused("nobody who is trusted has signed")


def test_a_leaf_that_nobody_wrote_is_not_signed(tampering):
    size = Leaf.objects.count()
    tampering(
        "INSERT INTO ledger_leaf SELECT %s, 900000, sha256('x'), at, actor, obj, pk, ver, op, reason"
        " FROM ledger_leaf WHERE idx = 0",
        size,
    )
    refused("are not what was written")


@pytest.mark.req("AT-11")
def test_an_event_altered_while_it_waited_is_named_and_not_signed(tampering):
    rows.write(1)
    last = Event.objects.latest("seq")
    tampering("UPDATE ledger_event SET payload = replace(payload, 'word', 'w0rd') WHERE seq = %s", last.seq)
    with pytest.raises(DatabaseError, match=f"altered before they reached the log: {last.obj}") as caught:
        sequence(NOW + SECOND)
    assert caught.value.__cause__.sqlstate == "AU301"


# --- After a restore ----------------------------------------------------------------------------


@pytest.mark.req("AT-13")
def test_a_schema_restored_behind_its_published_head_begins_a_new_epoch_that_names_it(tampering):
    old = queries.last_head()
    first = keys.signing_key()
    tampering("DELETE FROM ledger_leaf WHERE idx >= 4")
    tampering("DELETE FROM ledger_checkpoint")
    kept = Leaf.objects.count()
    rows.write(1)
    placed = sequence(NOW + SECOND)
    head, key = queries.last_head(), keys.signing_key()
    assert (head.epoch, head.size, key.epoch, key.name) == (2, kept + placed, 2, f"{first.name}/2")
    told = Event.objects.filter(obj="audit_logkey", pk_text=str(key.pk)).get().document["reason"]
    root = old.note.split("\n")[2]
    assert told == (
        f"Epoch 2 begins: the log was restored with 0 events, behind what had been published."
        f" The published head of epoch 1 had {old.size} events and root {root}."
    )
    (begun,) = queries.epochs()
    assert (begun.epoch, begun.because) == (2, told)
    assert notes.open_checkpoint(head.note, key.name, [key.vkey]).size == head.size


def test_a_log_that_was_not_restored_has_no_epochs_to_tell_of(in_acme):
    sequence()
    assert queries.epochs() == []


def test_the_database_takes_no_head_behind_the_published_one(in_acme):
    sequence()
    head = queries.last_head()
    values = [head.epoch, head.size - 1, head.root, NOW, head.note, "[]"]
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="a log never goes back") as caught:
        cursor.execute("SELECT ledger_publish(%s, %s, %s, %s, %s, %s)", values)
    assert caught.value.__cause__.sqlstate == "AU303"


def test_a_process_without_the_key_of_the_logs_places_nothing(in_acme, settings):
    settings.COMPLERE_LOG_KEY = ""
    with pytest.raises(keys.SigningRefused):
        sequence()
    assert (Leaf.objects.count(), database.__name__) == (0, "tests.database")
    assert context.running() is None
