"""“Prove this entry”: what an inspector takes away is checked here without the product's database."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.utils import timezone

from audit import context
from audit.ledger.models import Checkpoint, Leaf
from audit.log_keys import queries as log_keys
from audit.merkle.proofs import ProofRefused, RecordProof
from audit.proofs import queries
from audit.sequencer import actions as sequencer
from audit.sequencer.queries import last_head
from audit.subject_keys import actions as subject_keys
from tenants import schemas
from tenants.members.contacts.models import Contact
from tests import cast
from tests.audit.sequencer.rows import write

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def words(response):
    assert response.status_code == 200
    text = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture
def signed(acme):
    with schemas.inside(acme):
        sequencer.sequence(now=timezone.now())
    return acme


@pytest.mark.req("P11-10a")
def test_the_page_shows_event_leaf_place_head_and_a_proof_that_holds(sign_in, signed):
    with schemas.inside(signed):
        leaf, head = Leaf.objects.get(idx=3), Checkpoint.objects.get()
    text = words(sign_in("ann").get("/trail/entries/3/"))
    assert "The proof holds" in text
    assert f"Hash of the entry {bytes(leaf.hash).hex()}" in text
    assert f"Root of the head {bytes(head.root).hex()}" in text
    assert "Take the SHA-256 of one byte 00 followed by the downloaded entry." in text


@pytest.mark.req("P11-10a")
def test_the_downloads_prove_the_entry_with_nothing_but_the_public_key(sign_in, signed):
    client = sign_in("ann")
    proof = client.get("/trail/entries/5/proof/")
    entry = client.get("/trail/entries/5/entry/")
    assert proof["Content-Disposition"] == 'attachment; filename="entry-5.tlog-proof"'
    with schemas.inside(signed):
        vkeys, head = log_keys.vkeys(), Checkpoint.objects.get()
    found = RecordProof.parse(proof.content.decode())
    assert found.check(entry.content, head.note.split("\n")[0], vkeys).size == head.size
    with pytest.raises(ProofRefused):
        found.check(entry.content.replace(b'"v": 1', b'"v": 2'), head.note.split("\n")[0], vkeys)


def test_the_steps_of_the_page_lead_to_the_root(sign_in, signed):
    """By hand, as the page describes it (RFC 6962, section 2.1.1)."""
    client = sign_in("ann")
    text = client.get("/trail/entries/0/proof/").content.decode()
    head, checkpoint = text.split("\n\n", 1)
    _, _, *path = head.split("\n")
    found = hashlib.sha256(b"\x00" + client.get("/trail/entries/0/entry/").content).digest()
    for line in path:
        found = hashlib.sha256(b"\x01" + found + base64.b64decode(line)).digest()
    assert base64.b64encode(found).decode() == checkpoint.split("\n")[2]


def test_an_entry_that_no_head_covers_yet_says_so(sign_in, acme):
    from django.db import connection

    with schemas.inside(acme), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_append(10000)")
    client = sign_in("ann")
    assert "Not signed yet" in words(client.get("/trail/entries/0/"))
    assert client.get("/trail/entries/0/proof/").status_code == 404


def test_an_altered_entry_is_named(signed):
    with schemas.inside(signed):
        leaf = Leaf.objects.select_related("event").get(idx=2)
        leaf.event.payload = leaf.event.payload.replace("Set the stage", "Set the scene")
        proof = queries.of_leaf(leaf, last_head())
    assert proof.faults == (
        "The entry is not the one that entered the log: its hash differs.",
        "The proof does not hold: entry 2 of the log is not this record.",
    )


def test_a_log_of_many_tiles_proves_its_first_middle_and_last_entry(sign_in, signed):
    with schemas.inside(signed):
        write(600)
        sequencer.sequence(now=timezone.now())
        size = Leaf.objects.count()
    client = sign_in("ann")
    for index in (0, 255, 256, 511, 512, size - 1):
        assert "The proof holds" in words(client.get(f"/trail/entries/{index}/"))


def test_who_may_not_read_the_record_gets_the_proof_and_not_the_entry(sign_in, signed):
    with schemas.inside(signed):
        with context.regulated_write(actor=cast.person("ann").actor, reason="A new contact"):
            Contact.objects.create(
                kind="security",
                subject_key=subject_keys.create(now=NOW),
                full_name="Nora",
                email="n@acme.example",
                changed_at=NOW,
            )
        sequencer.sequence(now=timezone.now())
        index = Leaf.objects.get(obj="members_contact").idx
    auditor = sign_in("aud")
    text = words(auditor.get(f"/trail/entries/{index}/"))
    assert "The proof holds" in text
    assert "The entry as it was written" not in text
    assert auditor.get(f"/trail/entries/{index}/proof/").status_code == 200
    assert auditor.get(f"/trail/entries/{index}/entry/").status_code == 403
    assert json.loads(sign_in("ann").get(f"/trail/entries/{index}/entry/").content)["obj"] == "members_contact"


@pytest.mark.parametrize("index", ["999999", "9223372036854775808", "99999999999999999999999999"])
def test_an_entry_that_is_not_there_is_not_found(sign_in, signed, index):
    assert sign_in("ann").get(f"/trail/entries/{index}/").status_code == 404


def test_proofs_ask_for_the_right_to_read_the_trail(sign_in, stranger, signed):
    for part in ("", "proof/", "entry/"):
        assert sign_in("cay").get(f"/trail/entries/0/{part}").status_code == 403
        assert stranger("acme.localhost").get(f"/trail/entries/0/{part}").status_code == 302
        assert sign_in("ann").post(f"/trail/entries/0/{part}").status_code == 405
