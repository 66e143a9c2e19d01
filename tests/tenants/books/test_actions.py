"""All books at once: late commits, two sequencers, crashes, tenants under load, and the log over all logs."""

import json
import logging
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.ledger.models import Anchor, Event, Leaf
from audit.log_keys import queries as keys
from audit.merkle import notes, proofs, tree
from audit.sequencer import actions as sequencer
from audit.sequencer import queries as sequencing
from tenants import schemas
from tenants.books import actions, queries
from tenants.books.adapters import timestamping
from tests import cast
from tests.audit.sequencer import rows
from tests.tenants.wakeups.conftest import at_once, elsewhere

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def tenants(committed_db):
    everyone = {name: cast.tenant(name) for name in ("acme", "globex", "localhost")}
    actions.sequence_all(clock=lambda: NOW)
    return everyone


@pytest.fixture
def quiet(db):
    """The same within the test's own transaction: where no thread and no other account takes part."""
    everyone = {name: cast.tenant(name) for name in ("acme", "globex", "localhost")}
    actions.sequence_all(clock=lambda: NOW)
    return everyone


def write(tenant, count=1):
    with schemas.inside(tenant):
        rows.write(count)


def sequence(now=NOW + SECOND):
    return actions.sequence_all(clock=lambda: now)


def size_of(tenant):
    with schemas.inside(tenant):
        return sequencing.last_head().size


def is_whole(tenant):
    """Every event has one place, and the signed root is the one over their bytes."""
    with schemas.inside(tenant):
        payloads = [leaf.event.payload for leaf in Leaf.objects.select_related("event").order_by("idx")]
        head = sequencing.last_head()
        expected = tree.root([tree.leaf_hash(payload.encode()) for payload in payloads])
        return (head.size, head.root) == (Event.objects.count(), expected)


def test_nothing_waits_and_one_query_says_so(quiet):
    with CaptureQueriesContext(connection) as captured:
        assert sequence() == actions.Round(schemas=0, placed=0, failed=0)
    assert len(captured) == 1


@pytest.mark.req("AT-09")
def test_a_round_enters_only_the_schemas_in_which_something_waits(quiet):
    before = {name: size_of(tenant) for name, tenant in quiet.items()}
    write(quiet["acme"], 3)
    write(quiet["localhost"], 2)
    assert sequence() == actions.Round(schemas=2, placed=5, failed=0)
    grown = {name: size_of(tenant) - before[name] for name, tenant in quiet.items()}
    assert grown == {"acme": 3, "globex": 0, "localhost": 2}
    assert all(map(is_whole, quiet.values()))


@pytest.mark.req("AT-11")
def test_an_event_committed_late_is_placed_though_later_ones_were_before_it(tenants):
    acme = tenants["acme"]
    written, go_on = threading.Event(), threading.Event()

    def hold_open():
        with schemas.inside(acme), transaction.atomic():
            rows.write(2)
            written.set()
            go_on.wait(20)

    holder = threading.Thread(target=lambda: elsewhere(hold_open))
    holder.start()
    assert written.wait(20)

    def write_other_row():
        with schemas.inside(acme):
            rows.write(1, row=1)

    elsewhere(write_other_row)
    before = size_of(acme)
    assert sequence().placed == 1, "the open transaction keeps nobody waiting"
    go_on.set()
    holder.join()
    assert sequence(NOW + 2 * SECOND).placed == 2
    assert size_of(acme) == before + 3
    with schemas.inside(acme):
        last = list(Leaf.objects.order_by("idx").values_list("event_id", flat=True))[-3:]
    assert last[0] > max(last[1:]), "it took its sequence number first and its place last"
    assert is_whole(acme)


@pytest.mark.req("AT-11")
def test_two_sequencers_at_once_place_each_event_once(tenants):
    for _ in range(3):
        for tenant in tenants.values():
            write(tenant, 20)
        rounds = at_once(4, sequence)
        assert all(isinstance(each, actions.Round) and each.failed == 0 for each in rounds), rounds
        sequence()
        assert sum(each.placed for each in rounds) == 60
    assert all(map(is_whole, tenants.values()))


def test_a_sequencer_that_finds_another_at_work_does_not_wait(tenants):
    write(tenants["acme"])
    with schemas.inside(tenants["acme"]), transaction.atomic():
        assert sequencer._claim()
        assert elsewhere(sequence).placed == 0
    assert sequence().placed == 1


@pytest.mark.req("AT-11")
def test_a_crash_before_the_head_is_signed_leaves_nothing_half_done(tenants, monkeypatch):
    acme = tenants["acme"]
    write(acme, 4)
    before = size_of(acme)

    def lose_power(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(sequencer, "_publish", lose_power)
        with pytest.raises(KeyboardInterrupt):
            sequence()
    with schemas.inside(acme):
        assert Leaf.objects.count() == before
    assert sequence().placed == 4
    assert is_whole(acme)


def test_one_damaged_book_does_not_keep_the_others_from_being_signed(tenants, committed_db, caplog):
    damaged = tenants["acme"].schema_name
    rows.as_superuser(committed_db, damaged, "UPDATE ledger_leaf SET hash = sha256('x') WHERE idx = 1")
    for tenant in tenants.values():
        write(tenant)
    with caplog.at_level(logging.ERROR):
        assert sequence() == actions.Round(schemas=3, placed=2, failed=1)
    assert "events cannot be placed" in caplog.text


def test_an_alarm_rings_when_an_event_waits_longer_than_a_minute(quiet, caplog):
    write(quiet["acme"])
    (waits,) = queries.waiting()
    with caplog.at_level(logging.ERROR):
        actions._alarm([waits], waits.since + timedelta(seconds=60))
        assert caplog.text == ""
        actions._alarm([waits], waits.since + timedelta(seconds=61))
    assert "events wait for their place in the log" in caplog.text


@pytest.mark.req("AT-11", "P11-10a")
def test_two_tenants_under_load_share_no_row_and_lose_none(tenants):
    acme, globex = tenants["acme"], tenants["globex"]
    stop = threading.Event()

    def writer(tenant, row):
        def work():
            with schemas.inside(tenant):
                for _ in range(15):
                    rows.write(2, row=row)
            return 30

        return work

    def signer():
        while not stop.is_set():
            sequence(NOW + HOUR)

    signing = threading.Thread(target=lambda: elsewhere(signer))
    signing.start()
    work = iter([writer(acme, 0), writer(acme, 1), writer(globex, 0), writer(globex, 1)])
    lock = threading.Lock()

    def next_work():
        with lock:
            mine = next(work)
        return mine()

    assert at_once(4, next_work) == [30] * 4
    stop.set()
    signing.join()
    sequence(NOW + HOUR)
    assert is_whole(acme)
    assert is_whole(globex)
    seen = {}
    for tenant in (acme, globex):
        with schemas.inside(tenant):
            seen[tenant.name] = set(Event.objects.values_list("payload", flat=True))
            assert {event.document["tenant"] for event in Event.objects.all()} == {tenant.schema_name}
    assert seen["Acme Pharma"].isdisjoint(seen["Globex Biotech"])


# --- The log of logs ----------------------------------------------------------------------------


@pytest.mark.req("AT-13")
def test_the_head_of_every_book_becomes_a_leaf_and_the_head_over_them_is_signed(quiet):
    assert actions.collect_heads(now=NOW) == 3
    over_all = queries.head_over_all()
    leaves = queries.collected(0, 3)
    assert {leaf.schema for leaf in leaves} == {tenant.schema_name for tenant in quiet.values()}
    with schemas.on_platform():
        checkpoint = notes.open_checkpoint(over_all.note, "localhost:8000/transparency", keys.vkeys(keys.HEADS))
    expected = tree.root([tree.leaf_hash(leaf.note.encode()) for leaf in leaves])
    assert (checkpoint.size, checkpoint.root, over_all.root) == (3, expected, expected)


@pytest.mark.req("AT-13")
def test_each_book_can_prove_its_head_in_it_and_keeps_the_proof(quiet):
    actions.collect_heads(now=NOW)
    acme = quiet["acme"]
    anchored = queries.anchor_of(acme.schema_name)
    assert anchored.head.size == size_of(acme)
    with schemas.on_platform():
        vkeys = keys.vkeys(keys.HEADS)
    assert anchored.proof.check(anchored.head.note.encode(), anchored.origin, vkeys).size == 3
    with schemas.inside(acme):
        kept = Anchor.objects.get(kind=queries.TRANSPARENCY)
        assert (kept.size, kept.about) == (anchored.head.size, anchored.origin)
        assert proofs.RecordProof.parse(bytes(kept.evidence).decode()) == anchored.proof


def test_only_heads_that_are_new_are_collected(quiet):
    actions.collect_heads(now=NOW)
    assert actions.collect_heads(now=NOW + HOUR) == 0
    write(quiet["acme"])
    sequence()
    assert actions.collect_heads(now=NOW + 2 * HOUR) == 2, (
        "the key of the log of logs is an event of the platform's book"
    )
    sizes = [head.size for head in queries.heads_over_all()]
    assert sizes == sorted(sizes, reverse=True)
    first, last = queries.heads_over_all()[-1], queries.head_over_all()
    path = proofs.consistency(first.size, last.size, queries.read)
    assert proofs.verify_consistency(first.size, first.root, last.size, last.root, path)


def test_a_damaged_log_of_logs_is_not_signed(tenants, committed_db):
    actions.collect_heads(now=NOW)
    rows.as_superuser(
        committed_db,
        "public",
        "ALTER TABLE ledger.head DISABLE TRIGGER no_change;"
        " UPDATE ledger.head SET hash = sha256('x') WHERE idx = 0;"
        " ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER no_change",
    )
    with pytest.raises(sequencer.SequencingRefused, match="another root"):
        actions.collect_heads(now=NOW + HOUR)


def test_nobody_but_the_ledger_writes_the_log_of_logs(quiet):
    actions.collect_heads(now=NOW)
    with schemas.on_platform(), connection.cursor() as cursor:
        for statement in (
            "DELETE FROM ledger.head",
            "UPDATE ledger.published SET size = 1",
            "TRUNCATE ledger.head_tile",
        ):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                cursor.execute(statement)
    with schemas.inside(quiet["acme"]), pytest.raises(Exception, match="permission denied"):
        connection.cursor().execute("SELECT * FROM ledger.head")


# --- After a restore ----------------------------------------------------------------------------


def cut(name, schema, size):
    """What a restore does: the book is as it was at `size`, in the ledger's own register as well."""
    rows.as_superuser(name, schema, "DELETE FROM ledger_leaf WHERE idx >= %s", size)
    rows.as_superuser(
        name, schema, "DELETE FROM ledger_event e WHERE NOT EXISTS (SELECT 1 FROM ledger_leaf l WHERE l.seq = e.seq)"
    )
    rows.as_superuser(name, schema, "DELETE FROM ledger_checkpoint WHERE size > %s", size)
    rows.as_superuser(
        name,
        schema,
        "UPDATE ledger.published p SET epoch = c.epoch, size = c.size, root = c.root, at = c.at, note = c.note"
        " FROM (SELECT * FROM ledger_checkpoint ORDER BY epoch DESC, size DESC LIMIT 1) c WHERE p.schema_name = %s",
        schema,
    )


@pytest.mark.req("AT-13")
def test_heads_kept_elsewhere_show_a_database_restored_as_a_whole(tenants, committed_db):
    acme = tenants["acme"]
    was = size_of(acme)
    write(acme, 3)
    sequence()
    actions.collect_heads(now=NOW)
    kept = queries.heads_json()
    assert actions.adopt_heads(kept, actor=cast.DIRECTOR, now=NOW) == [], "nothing was restored yet"
    cut(committed_db, acme.schema_name, was)
    write(acme, 1)
    (begun,) = actions.adopt_heads(kept, actor=cast.DIRECTOR, now=NOW + HOUR)
    sequence(NOW + HOUR)
    with schemas.inside(acme):
        (epoch,) = sequencing.epochs()
        assert (epoch.epoch, sequencing.last_head().epoch, keys.signing_key().name) == (2, 2, f"{begun}/2")
        assert f"had {was + 3} events" in epoch.because
    assert actions.adopt_heads(kept, actor=cast.DIRECTOR, now=NOW + HOUR) == []


def test_a_forged_file_of_heads_is_refused(quiet):
    actions.collect_heads(now=NOW)
    told = json.loads(queries.heads_json())
    note = told["logs"][0]["checkpoint"]
    told["logs"][0]["checkpoint"] = note.replace("\n", "\n9", 1)
    with pytest.raises(notes.NoteRefused):
        actions.adopt_heads(json.dumps(told), actor=cast.DIRECTOR, now=NOW)


def test_keys_are_rotated_and_the_next_round_signs_with_the_new_ones(quiet):
    actions.collect_heads(now=NOW)
    with schemas.on_platform():
        assert len(actions.rotate_keys(actor=cast.DIRECTOR, now=NOW, reason="The yearly change of keys")) == 2
    sequence()
    assert actions.collect_heads(now=NOW + HOUR) > 0
    told = json.loads(queries.keys_json())["keys"]
    assert [(key["signs"], key["version"], key["valid_until"] is None) for key in told] == [
        ("signs the log of this schema", 1, False),
        ("signs the log of this schema", 2, True),
        ("signs the log over all logs", 1, False),
        ("signs the log over all logs", 2, True),
    ]
    assert notes.open(told[1]["announcement"], [told[0]["vkey"]]).signers[0].vkey == told[0]["vkey"]
    head = queries.head_over_all()
    assert notes.open(head.note, [told[3]["vkey"]]).text.startswith("localhost:8000/transparency\n")


# --- Time stamps --------------------------------------------------------------------------------


@pytest.mark.req("AT-13")
def test_the_head_over_all_logs_is_time_stamped_once_and_verifies(quiet, authority):
    actions.collect_heads(now=NOW)
    with schemas.on_platform():
        assert actions.stamp(now=NOW) is True
        assert actions.stamp(now=NOW) is False
        (kept,) = queries.stamps()
    head = queries.head_over_all()
    assert (kept.size, kept.about) == (head.size, "localhost:8000/transparency")
    timestamping.verify(bytes(kept.evidence), head.note.encode())
    with pytest.raises(timestamping.StampRefused):
        timestamping.verify(bytes(kept.evidence), head.note.encode() + b" ")


def test_no_head_no_stamp(quiet, authority):
    assert actions.stamp(now=NOW) is False


def test_an_answer_that_does_not_verify_is_not_kept(quiet, authority, settings, tmp_path):
    actions.collect_heads(now=NOW)
    settings.TSA_CERTIFICATES = str(authority.stranger)
    with pytest.raises(timestamping.StampRefused):
        actions.stamp(now=NOW)
    with schemas.on_platform():
        assert queries.stamps().count() == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "file:///etc/passwd", ""])
def test_an_authority_that_cannot_be_reached_is_a_refusal(quiet, authority, settings, url):
    actions.collect_heads(now=NOW)
    settings.TSA_URL = url
    with pytest.raises(timestamping.StampRefused):
        actions.stamp(now=NOW)


def test_without_its_certificates_no_stamp_is_asked_for(quiet, settings):
    actions.collect_heads(now=NOW)
    settings.TSA_URL, settings.TSA_CERTIFICATES = "http://127.0.0.1:1/", ""
    with pytest.raises(timestamping.StampRefused, match="nobody can verify"):
        actions.stamp(now=NOW)
    assert psycopg.__version__ >= "3"
