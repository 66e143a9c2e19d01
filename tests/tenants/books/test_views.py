"""What the world sees of the logs, and what a workspace sees of its own."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from audit.log_keys import queries as keys
from audit.merkle import notes, proofs, tiles, tree
from audit.sequencer import queries as sequencing
from audit.verification import queries as trail_checks
from tenants import chores, schemas
from tenants.books import actions, queries
from tests import cast
from tests.audit.sequencer import rows

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def published(db):
    actions.sequence_all(clock=lambda: NOW)
    actions.collect_heads(now=NOW)


@pytest.fixture
def world(stranger):
    """A browser of nobody's, on the platform."""
    return stranger("localhost")


@pytest.mark.req("AT-13")
def test_the_page_says_in_plain_words_what_the_newest_head_proves_and_what_it_does_not(published, world):
    page = world.get("/transparency/").content.decode()
    assert queries.head_over_all().root.hex() in page
    assert "What this proves, and what it does not" in page
    assert "Trails that began a new epoch" not in page


def test_before_the_first_publication_the_page_says_so_and_the_files_are_not_there(db, world):
    assert "Nothing is published yet" in world.get("/transparency/").content.decode()
    assert world.get("/transparency/checkpoint").status_code == 404
    assert world.get("/transparency/tile/0/000.p/1").status_code == 404
    assert json.loads(world.get("/transparency/heads.json").content) == {"format": 1, "over_all": None, "logs": []}


def test_a_log_that_began_anew_is_told_on_the_page(published, world):
    with schemas.inside(cast.tenant("acme")):
        actions.sequencer.begin_epoch(
            published=sequencing.last_head(),
            actor=cast.DIRECTOR,
            now=NOW,
            reason="the backup of yesterday was restored.",
        )
        origin = keys.signing_key().name
    actions.sequence_all(clock=lambda: NOW + HOUR)
    actions.collect_heads(now=NOW + HOUR)
    page = world.get("/transparency/").content.decode()
    assert "Trails that began a new epoch" in page
    assert f"<code>{origin}</code>: epoch 2" in page


@pytest.mark.req("AT-13")
def test_whoever_reads_the_public_files_can_check_every_head_without_us(published, world):
    told = json.loads(world.get("/.well-known/complere-log-keys").content)["keys"]
    (vkey,) = [key["vkey"] for key in told if key["log"] == "localhost:8000/transparency"]
    note = world.get("/transparency/checkpoint").content.decode()
    head = notes.open_checkpoint(note, "localhost:8000/transparency", [vkey])

    def fetch(path):
        answer = world.get(f"/transparency/{path}")
        assert answer.status_code == 200, path
        return answer.content

    read = tiles.reader(head.size, fetch)
    assert tree.Frontier.rebuilt(head.size, read).root() == head.root
    entries = tiles.entries(fetch(tiles.path("entries", 0, head.size)))
    logs = json.loads(world.get("/transparency/heads.json").content)["logs"]
    assert sorted(entry.decode() for entry in entries) == sorted(log["checkpoint"] for log in logs)
    for log in logs:
        path = proofs.inclusion(log["index"], head.size, read)
        leaf = tree.leaf_hash(log["checkpoint"].encode())
        assert proofs.verify_inclusion(leaf, log["index"], head.size, path, head.root)


@pytest.mark.parametrize(
    "path",
    ["0/000", "0/000.p/4", "0/000.p/0", "0/0", "0/000.p/03", "9/000", "-1/000", "x/000.p/1", "00/000.p/1", "1/000.p/1",
     "0/x001/000", "entries/000.p/4", "0/²", "0/000.p/²", "²/000.p/1", "0/x000/000.p/1"],
)  # fmt: skip
def test_a_tile_that_is_not_there_or_is_spelled_otherwise_is_not_found(published, world, path):
    assert world.get(f"/transparency/tile/{path}").status_code == 404


@pytest.mark.parametrize("path", ["checkpoint", "heads.json", "tile/0/000.p/3", ""])
def test_public_files_are_for_reading_only(published, world, path):
    assert world.get(f"/transparency/{path}").status_code == 200
    assert world.post(f"/transparency/{path}").status_code in {403, 405}


def test_a_tenants_host_gives_the_keys_of_its_own_log_and_no_others(published, stranger):
    told = json.loads(stranger("acme.localhost").get("/.well-known/complere-log-keys").content)["keys"]
    with schemas.inside(cast.tenant("acme")):
        assert [key["vkey"] for key in told] == keys.vkeys()
    assert stranger("acme.localhost").get("/transparency/").status_code == 404


@pytest.mark.parametrize("who", ["ann", "aud", "stan", "pat"])
@pytest.mark.req("AT-13")
def test_admins_and_auditors_see_where_their_log_stands_and_take_the_proof(published, sign_in, who):
    browser = sign_in(who)
    under = "/console" if who in cast.PLATFORM else ""
    page = browser.get(f"{under}/trail/checks/").content.decode()
    with schemas.inside(cast.tenant("localhost" if under else "acme")):
        head, name = sequencing.last_head(), keys.signing_key().name
    assert name in page
    assert head.root.hex() in page
    assert "The trail was not checked yet" in page
    proof = proofs.RecordProof.parse(browser.get(f"{under}/trail/checks/head.tlog-proof").content.decode())
    with schemas.on_platform():
        assert proof.check(head.note.encode(), "localhost:8000/transparency", keys.vkeys(keys.HEADS)).size == 3


def test_without_a_publication_there_is_no_proof_to_take(db, sign_in):
    browser = sign_in("ann")
    assert "Nothing is signed yet" in browser.get("/trail/checks/").content.decode()
    assert browser.get("/trail/checks/head.tlog-proof").status_code == 404


@pytest.mark.req("AT-11")
def test_a_check_that_somebody_asks_for_is_done_by_the_next_sweep_and_told(published, sign_in):
    browser = sign_in("ann")
    answer = browser.post("/trail/checks/ask/", follow=True)
    where = answer.redirect_chain[-1][0]
    assert "Waiting" in answer.content.decode()
    assert browser.post("/trail/checks/ask/")["Location"] == where, "one waits already"
    (chore,) = [chore for chore in chores.every() if chore.name == "checks of the trail"]
    with schemas.inside(cast.tenant("acme")):
        due = chore.next_due()
        assert due is not None
        assert chore.run(due) == 1
        assert chore.next_due() is None
        (done,) = trail_checks.checks()
    assert (done.is_sound, done.findings, done.failure) == (True, [], "")
    page = browser.get(where).content.decode()
    assert "Whole" in page
    assert "Every event is the one that was written" in page
    assert "Ann Admin" in browser.get("/trail/checks/").content.decode()


@pytest.mark.req("AT-11")
def test_what_a_check_found_is_named_on_its_page(published, sign_in):
    with schemas.inside(cast.tenant("acme")):
        check = trail_checks.TrailCheck.objects.create(
            requested_at=NOW, started_at=NOW, finished_at=NOW, seconds=1.5, size=30, asker="nightly check",
            findings=[["altered", "members_user:1 version 2", "its bytes differ"]],
        )  # fmt: skip
    page = sign_in("aud").get(
        reverse("trail-check", urlconf="complere.urls.tenant", kwargs={"trail_check_id": check.pk})
    )
    assert "Damage found" in page.content.decode()
    assert (
        "<strong>Altered event</strong>: <code>members_user:1 version 2</code>: its bytes differ"
        in page.content.decode()
    )


def test_another_tenants_check_is_not_found(published, sign_in):
    with schemas.inside(cast.tenant("acme")):
        check = actions.request_check(actor=cast.DIRECTOR, now=NOW)
    assert sign_in("dov").get(f"/trail/checks/{check.pk}/").status_code == 404


def test_who_may_not_read_histories_asks_for_no_check(published, sign_in):
    assert sign_in("cay").post("/trail/checks/ask/").status_code == 403
    with schemas.inside(cast.tenant("acme")):
        assert trail_checks.checks().count() == 0
        rows.write(1)
