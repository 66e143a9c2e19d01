"""Everything that somebody with the server's own account may do to a trail, and the name it is given."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from audit import context
from audit.ledger.models import Event, Leaf
from audit.log_keys import queries as keys
from audit.merkle import notes
from audit.merkle.tree import Frontier
from audit.sequencer import actions as sequencer
from audit.sequencer import queries as sequencing
from audit.verification.adapters import checker
from audit.verification.catalogue import Finding, Kind
from tenants import schemas
from tenants.members.roles.models import RoleGrant
from tests import cast
from tests.audit.sequencer import rows

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# Even for the server's own account capture fires until its trigger is taken off, past the guard of the structure.
OFF = "ALTER TABLE members_rolegrant DISABLE TRIGGER zz_audit"


def check(**options):
    return checker.check(schema=context.current_schema(), now=timezone.now() + timedelta(hours=1), **options)


def kinds(report):
    return [finding.kind for finding in report.findings]


@pytest.fixture
def trail(committed_db):
    """600 events of Acme under ten signed heads, and somebody who can reach past every trigger."""
    acme = cast.tenant("acme")

    def tamper(*statements):
        for statement, *values in statements:
            rows.as_superuser(committed_db, acme.schema_name, statement, *values)

    with schemas.inside(acme):
        rows.write(600)
        sequencer.sequence(now=NOW, batch=70)
        yield tamper


def place(idx):
    leaf = Leaf.objects.select_related("event").get(pk=idx)
    return f"{leaf.obj}:{leaf.pk_text} version {leaf.ver}", leaf.event


def rewritten(idx, was='"word ', becomes='"wor* '):
    """The payload of an entry with one letter changed, and its new leaf."""
    payload = place(idx)[1].payload
    assert was in payload
    changed = payload.replace(was, becomes)
    return changed, hashlib.sha256(b"\x00" + changed.encode()).digest()


@pytest.mark.req("AT-11", "AT-13")
def test_a_whole_trail_has_no_finding(trail):
    steps = []
    report = check(progress=lambda done, total: steps.append((done, total)))
    assert report.findings == []
    assert (report.size, report.heads) == (Event.objects.count(), sequencing.checkpoints().count())
    assert report.root == sequencing.last_head().root.hex()
    assert steps == [(report.size, report.size)]


def test_a_trail_in_which_nothing_was_placed_yet_is_whole_but_waits(in_acme):
    report = checker.check(schema=in_acme.schema_name, now=NOW - timedelta(days=90))
    assert (report.size, report.findings) == (0, [])
    assert set(kinds(check())) == {Kind.UNPLACED}


@pytest.mark.req("AT-11")
def test_an_altered_byte_is_named(trail):
    name, event = place(300)
    changed, _ = rewritten(300)
    trail(("UPDATE ledger_event SET payload = %s WHERE seq = %s", changed, event.seq))
    assert check().findings == [
        Finding(Kind.ALTERED, name, "the bytes of entry 300 are not those that entered the log")
    ]


@pytest.mark.req("AT-11")
def test_an_event_rewritten_with_all_its_hashes_is_named(trail):
    name, event = place(300)
    changed, leaf = rewritten(300)
    trail(
        ("UPDATE ledger_event SET payload = %s, leaf = %s WHERE seq = %s", changed, leaf, event.seq),
        ("UPDATE ledger_leaf SET hash = %s WHERE idx = 300", leaf),
    )
    (finding,) = [finding for finding in check().findings if finding.kind == Kind.ALTERED and finding.record == name]
    assert "rewritten with all its hashes" in finding.text


@pytest.mark.req("AT-11")
def test_an_event_rewritten_with_the_hash_over_its_block_is_named_too(trail):
    name, event = place(100)
    changed, leaf = rewritten(100)
    hashes = [bytes(hash_) for hash_ in Leaf.objects.filter(idx__lt=256).order_by("idx").values_list("hash", flat=True)]
    hashes[100] = leaf
    (block,) = Frontier().extend(hashes)
    trail(
        ("UPDATE ledger_event SET payload = %s, leaf = %s WHERE seq = %s", changed, leaf, event.seq),
        ("UPDATE ledger_leaf SET hash = %s WHERE idx = 100", leaf),
        ("UPDATE ledger_tile SET hash = %s WHERE level = 1 AND n = 0", block.hash),
    )
    assert name in {finding.record for finding in check().findings}


@pytest.mark.req("AT-11")
def test_two_damaged_events_are_both_named(trail):
    names = []
    for idx in (100, 290, 615):
        name, event = place(idx)
        changed, leaf = rewritten(idx)
        names.append(name)
        trail(
            ("UPDATE ledger_event SET payload = %s, leaf = %s WHERE seq = %s", changed, leaf, event.seq),
            ("UPDATE ledger_leaf SET hash = %s WHERE idx = %s", leaf, idx),
        )
    assert [finding.record for finding in check().findings] == names


@pytest.mark.req("AT-11")
def test_a_missing_event_is_named(trail):
    name, event = place(300)
    trail(("DELETE FROM ledger_event WHERE seq = %s", event.seq))
    assert check().findings == [Finding(Kind.MISSING, name, "entry 300 of the log has lost its event")]


@pytest.mark.req("AT-11")
def test_an_event_missing_with_its_place_is_named(trail):
    name, event = place(300)
    trail(("DELETE FROM ledger_event WHERE seq = %s", event.seq), ("DELETE FROM ledger_leaf WHERE idx = 300",))
    assert check().findings == [
        Finding(Kind.MISSING, "", "entry 300 of the log is gone"),
        Finding(Kind.GAP, name, "is not in the trail"),
    ]


@pytest.mark.req("AT-11")
def test_two_swapped_events_are_named(trail):
    first, second = place(300), place(301)
    trail(
        ("UPDATE ledger_leaf SET idx = -1 WHERE idx = 300",),
        ("UPDATE ledger_leaf SET idx = 300 WHERE idx = 301",),
        ("UPDATE ledger_leaf SET idx = 301 WHERE idx = -1",),
    )
    (finding,) = check().findings
    assert finding.kind == Kind.SWAPPED
    assert finding.text == f"{second[0]} and {first[0]} stand in another order than when the log was signed"


@pytest.mark.req("AT-11")
def test_a_log_cut_off_at_its_end_is_told_and_what_lost_its_place_named(trail):
    size = Leaf.objects.count()
    names = [place(idx)[0] for idx in range(size - 3, size)]
    trail(("DELETE FROM ledger_leaf WHERE idx >= %s", size - 3))
    report = check()
    assert Finding(Kind.TRUNCATED, "", f"entries {size - 3} to {size - 1} were signed and are gone") in report.findings
    assert [finding.record for finding in report.findings if finding.kind == Kind.UNPLACED] == names


@pytest.mark.req("AT-11")
def test_a_log_cut_off_with_its_heads_is_found_by_the_head_that_was_published(trail):
    published = sequencing.last_head()
    trail(
        ("DELETE FROM ledger_event WHERE seq > (SELECT seq FROM ledger_leaf WHERE idx = 599)",),
        ("DELETE FROM ledger_leaf WHERE idx >= 600",),
        ("DELETE FROM ledger_checkpoint WHERE size > 600",),
        ("DELETE FROM ledger_leaf WHERE idx >= (SELECT max(size) FROM ledger_checkpoint)",),
    )
    report = check(known=[published])
    gone = f"the head of {published.size} events was published and is gone"
    assert Finding(Kind.REWRITTEN, "", gone) in report.findings


@pytest.mark.req("AT-11")
def test_an_inserted_event_is_named(trail):
    size = Leaf.objects.count()
    payload = place(300)[1].payload.replace('"word ', '"false ')
    trail(
        (
            """INSERT INTO ledger_event (at, obj, pk, ver, op, payload, leaf) SELECT at, obj, pk, 9000, op, %s,
            sha256('\\x00'::bytea || convert_to(%s, 'UTF8')) FROM ledger_event WHERE seq = %s""",
            payload, payload, place(300)[1].seq,
        ),
    )  # fmt: skip
    assert Kind.UNPLACED in kinds(check())
    trail(
        (
            """INSERT INTO ledger_leaf SELECT %s, seq, leaf, at, 'service:casting', obj, pk, ver, op,
            'A word was written' FROM ledger_event WHERE ver = 9000""",
            size,
        ),
    )
    assert any(f.kind == Kind.INSERTED and f.record.endswith("version 9000") for f in check().findings)


@pytest.mark.req("AT-11")
@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("at", "2020-01-01", "time"),
        ("actor", "service:nobody", "actor"),
        ("reason", "Because I say so", "reason"),
        ("op", "D", "kind of change"),
        ("pk", "4711", "record"),
    ],
)
def test_columns_that_say_otherwise_than_the_signed_bytes_are_named(trail, column, value, word):
    trail((f"UPDATE ledger_leaf SET {column} = %s WHERE idx = 300", value))
    (finding,) = check().findings
    assert (finding.kind, finding.text) == (Kind.ALTERED, f"columns of entry 300 say otherwise: {word}")


def test_an_event_dated_back_is_named(trail):
    name, event = place(300)
    trail(
        ("UPDATE ledger_event SET at = at - interval '1 year' WHERE seq = %s", event.seq),
        ("UPDATE ledger_leaf SET at = at - interval '1 year' WHERE idx = 300",),
    )
    assert check().findings == [Finding(Kind.ALTERED, name, "columns of entry 300 say otherwise: time")]


def test_an_altered_head_is_told(trail):
    trail(("UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = 210",))
    assert check().findings == [
        Finding(Kind.HEAD, "", "the head of 210 events: the stored head of 210 events is not the one that was signed")
    ]


def test_a_head_that_our_own_key_signed_over_something_else_is_told(trail):
    key = keys.signing_key()
    checkpoint = notes.Checkpoint(key.name, 210, hashlib.sha256(b"x").digest())
    note = notes.sign(checkpoint.text, keys.signer(key))
    trail(("UPDATE ledger_checkpoint SET root = %s, note = %s WHERE size = 210", checkpoint.root, note))
    assert check().findings == [Finding(Kind.HEAD, "", "the head of 210 events differs, though later ones hold")]


def test_an_altered_tile_is_told(trail):
    trail(("DELETE FROM ledger_tile WHERE level = 1 AND n = 1",))
    assert check().findings == [Finding(Kind.TILE, "", "the hash over block 1 is missing")]


@pytest.mark.req("AT-13")
def test_a_log_rewritten_and_signed_anew_by_somebody_who_has_the_key_is_found_by_one_head_from_elsewhere(trail):
    published = sequencing.last_head()
    name, event = place(600)
    changed, leaf = rewritten(600)
    trail(
        ("UPDATE ledger_event SET payload = %s, leaf = %s WHERE seq = %s", changed, leaf, event.seq),
        ("UPDATE ledger_leaf SET hash = %s WHERE idx = 600", leaf),
    )
    key = keys.signing_key()
    for head in sequencing.checkpoints().filter(size__gt=600):
        checkpoint = notes.Checkpoint(key.name, head.size, sequencing.root_at(head.size))
        note = notes.sign(checkpoint.text, keys.signer(key))
        trail(("UPDATE ledger_checkpoint SET root = %s, note = %s WHERE size = %s", checkpoint.root, note, head.size))
    assert check().findings == [], "nobody who holds no other head can tell: the limit that we state"
    (finding,) = check(known=[published]).findings
    assert finding.kind == Kind.REWRITTEN
    assert name


@pytest.mark.req("AT-11", "P11-10a")
def test_a_row_changed_past_the_trail_is_named(trail):
    grant = RoleGrant.objects.order_by("pk").first()
    other = RoleGrant.objects.order_by("pk").last()
    trail(
        (OFF,),
        ("UPDATE members_rolegrant SET granted_by = 'somebody' WHERE id = %s", grant.pk),
        ("DELETE FROM members_rolegrant WHERE id = %s", other.pk),
    )
    assert check().findings == [
        Finding(Kind.STATE, f"members_rolegrant:{grant.pk}", "the record is not what its last event says"),
        Finding(Kind.STATE, f"members_rolegrant:{other.pk}", "the record is gone, and no event tells of it"),
    ]


def test_a_row_put_in_past_the_trail_is_named(trail):
    trail(
        (OFF,),
        (
            """INSERT INTO members_rolegrant (id, user_id, role, granted_at, granted_by)
            SELECT 4711, user_id, 'auditor', granted_at, granted_by FROM members_rolegrant ORDER BY id LIMIT 1""",
        ),
    )
    text = "the record is there, and no event tells of it"
    assert check().findings == [Finding(Kind.STATE, "members_rolegrant:4711", text)]


def test_a_finding_reads_as_a_sentence():
    found = Finding(Kind.ALTERED, "members_user:1 version 2", "its bytes differ")
    assert str(found) == "Altered event: members_user:1 version 2: its bytes differ"
    assert json.dumps([found.kind]) == '["altered"]'
    assert NOW + SECOND > NOW
