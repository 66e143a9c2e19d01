"""The trail page: everything that was written, newest first, searched and told in words."""

import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import context
from audit.ledger.models import Event, Leaf
from audit.sequencer import actions as sequencer
from audit.subject_keys import actions as subject_keys
from tenants import schemas
from tenants.members.accounts import actions as accounts
from tenants.members.contacts.models import Contact
from tests import cast
from tests.privacy.subject_requests.filings import in_state

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def words(content):
    text = re.sub(r"<svg.*?</svg>", "", content, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def results(client, query="", status=200):
    page = client.get(f"/trail/{query}")
    assert page.status_code == status
    return words(page.content.decode().split('id="results"')[1])


def sequence(tenant):
    with schemas.inside(tenant):
        return sequencer.sequence(now=timezone.now())


def contact(actor, **changes):
    with context.regulated_write(actor=actor, reason="The office moved to 100% remote"):
        return Contact.objects.create(
            kind="security",
            subject_key=subject_keys.create(now=NOW),
            full_name="Nora Night",
            email="nora@acme.example",
            changed_at=NOW,
            **changes,
        )


@pytest.fixture
def told(acme):
    """Acme with a contact that Ann entered, changed and deleted, all in the log."""
    with schemas.inside(acme):
        ann = cast.person("ann").actor
        row = contact(ann)
        with context.regulated_write(actor=ann, reason="New address"):
            row.email = "night@acme.example"
            row.save()
        with context.regulated_write(actor=ann, reason="Left the company"):
            row.delete()
    sequence(acme)
    return acme


@pytest.mark.req("AT-03")
def test_the_newest_entries_are_told_in_the_words_of_the_history(sign_in, told):
    text = results(sign_in("ann"))
    deleted = text.index("Ann Admin (Tenant admin) deleted the contact Reason: Left the company")
    changed = text.index(
        "Ann Admin (Tenant admin) changed the e-mail address of the contact "
        "from nora@acme.example to night@acme.example Reason: New address"
    )
    created = text.index("Ann Admin (Tenant admin) created the contact Reason: The office moved to 100% remote")
    assert deleted < changed < created
    assert "Kind Security contact Name Nora Night" in text


@pytest.mark.req("AT-03")
def test_what_the_page_tells_is_what_the_histories_tell(sign_in, acme):
    """Both captures, read through the same words, agree on every field of every version."""
    from zoneinfo import ZoneInfo

    from audit.trail import presenters, queries
    from audit.trail.adapters import ledger

    with schemas.inside(acme):
        record = in_state_delivered()
        story, zone = queries.story_of("privacy.subjectrequest"), ZoneInfo("Europe/Berlin")
        found = [queries.sources(story, record, lambda permission: True)[0]]
        by_history = presenters.entries(queries.versions(found, queries.marks(found)), zone)
        events = Event.objects.filter(obj=story.model._meta.db_table, pk_text=str(record.pk)).order_by("-ver")
        retold = [each.version for each in ledger.retold(events)]
        by_ledger = presenters.entries(retold, zone)
    assert len(by_history) > 3
    assert [(e.actor, e.did, e.reason, e.changes) for e in by_ledger] == [
        (e.actor, e.did, e.reason, e.changes) for e in by_history
    ]


def in_state_delivered():
    from privacy.subject_requests.states import State

    return in_state(State.DELIVERED, NOW, subject_name="Jonas Weber", subject_email="jonas@example.org")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?action=I&kind=members_contact", ["created the contact"]),
        ("?action=U&kind=members_contact", ["changed the e-mail address"]),
        ("?action=D", ["deleted the contact"]),
        ("?reason=left+THE", ["deleted the contact"]),
        ("?reason=100%25", ["created the contact"]),
        ("?reason=New.*address&kind=members_contact", []),
        ("?actor={ann}&action=D", ["deleted the contact"]),
        ("?actor={ann}&action=U", ["changed the e-mail address"]),
        ("?record={contact}", ["deleted the contact", "changed the e-mail address", "created the contact"]),
        ("?record={contact}&kind=members_contact&action=D", ["deleted the contact"]),
        ("?record={contact}&kind=members_user", []),
        ("?kind=members_contact&since=2000-01-01&until=2000-01-31", []),
        ("?kind=members_contact&since={today}&until={today}&action=D", ["deleted the contact"]),
    ],
)
@pytest.mark.req("AT-15")
def test_the_trail_is_searched_by_actor_record_action_time_and_reason(sign_in, told, query, found):
    with schemas.inside(told):
        leaf = Leaf.objects.filter(obj="members_contact").first()
        ann = cast.person("ann").pk
    from zoneinfo import ZoneInfo

    today = timezone.now().astimezone(ZoneInfo(told.time_zone)).date()
    text = results(sign_in("ann"), query.format(contact=leaf.pk_text, ann=ann, today=today))
    shown = re.findall(r"(created the contact|changed the e-mail address|deleted the contact)", text)
    assert shown == found
    assert ("No entry matches" in text) == (not found)


def test_a_record_is_found_by_its_reference(sign_in, acme):
    with schemas.inside(acme):
        record = in_state_delivered()
    sequence(acme)
    text = results(sign_in("ann"), f"?record={record.reference.lower()}&action=I&kind=privacy_subjectrequest")
    assert record.reference in text
    assert text.count("created the") == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?since=2026-02-02&until=2026-02-01", "The last day lies before the first."),
        ("?reason=ab", "Enter at least 3 characters"),
        ("?actor=nobody", "Select a valid choice"),
        ("?kind=pg_authid", "Select a valid choice"),
        ("?since=tomorrow", "Enter a valid date"),
    ],
)
def test_a_wrong_filter_is_answered_beside_its_field_and_nothing_typed_is_lost(sign_in, told, query, message):
    page = sign_in("ann").get(f"/trail/{query}")
    assert page.status_code == 422
    assert message in unescape(page.content.decode())
    assert "There is a problem" in page.content.decode()


def test_nul_and_nonsense_never_break_the_page(sign_in, told):
    client = sign_in("ann")
    for query in ("?before=abc&after=-1", "?before=99999999999999999999999", "?record=%5C%25_", "?reason=%00%00%00"):
        assert client.get(f"/trail/{query}").status_code in (200, 400, 422)


@pytest.mark.req("AT-15")
def test_pages_go_on_by_index_in_both_directions(sign_in, told):
    with schemas.inside(told):
        ann = cast.person("ann").actor
        for number in range(70):
            with context.regulated_write(actor=ann, reason=f"Round {number:03d} of the test"):
                Contact.objects.create(
                    kind="security",
                    subject_key=subject_keys.create(now=NOW),
                    full_name=f"Name {number}",
                    email="a@acme.example",
                    changed_at=NOW,
                ).delete()
    sequence(told)
    client, seen, query = sign_in("ann"), [], "?reason=Round"
    while query:
        content = client.get(f"/trail/{query}").content.decode()
        seen.append([int(number) for number in re.findall(r"entry (\d+) ·", content)])
        following = re.search(r'rel="next" href="([^"]+)"', content)
        query = following and unescape(following[1])
    assert [len(page) for page in seen] == [50, 50, 40]
    flat = [number for page in seen for number in page]
    assert flat == sorted(set(flat), reverse=True)
    back = unescape(re.search(r'rel="prev" href="([^"]+)"', content)[1])
    content = client.get(f"/trail/{back}").content.decode()
    assert [int(number) for number in re.findall(r"entry (\d+) ·", content)] == seen[1]


def test_the_page_says_how_many_events_wait_for_their_place(sign_in, told):
    client = sign_in("ann")
    assert "No event waits for its place." in results(client)
    with schemas.inside(told):
        contact(cast.person("ann").actor)
    text = results(client)
    assert "1 event waits for a place in the log" in text
    sequence(told)
    assert "No event waits" in results(client)


def test_an_empty_log_says_so(sign_in, acme, monkeypatch):
    with schemas.inside(acme):
        assert Leaf.objects.count() == 0
    assert "The log is empty" in results(sign_in("ann"))


def test_whoever_may_not_read_a_kind_is_told_that_it_changed_and_no_content(sign_in, told):
    text = results(sign_in("aud"), "?kind=members_contact")
    assert "Ann Admin (Tenant admin) deleted the contact Reason: Left the company" in text
    assert "Your role does not read records of this kind" in text
    assert "Nora" not in text
    assert "nora@" not in text


def test_the_trail_asks_for_the_right_to_read_it(sign_in, stranger, told):
    assert sign_in("cay").get("/trail/").status_code == 403
    away = stranger("acme.localhost").get("/trail/")
    assert (away.status_code, "next=/trail/" in away.url) == (302, True)
    assert sign_in("ann").post("/trail/").status_code == 405
    assert sign_in("stan").get("/console/trail/").status_code == 200


@pytest.mark.req("AT-18")
def test_no_trail_shows_an_entry_of_another_tenant(sign_in, told, globex):
    sequence(globex)
    with schemas.inside(told):
        number = Leaf.objects.filter(obj="members_contact").first().pk_text
    assert "No entry matches" in results(sign_in("dov"), f"?record={number}")


@pytest.mark.parametrize("query", ["", "?kind=privacy_subjectrequest", "?reason=the&action=U"])
def test_a_page_costs_at_most_twelve_queries(sign_in, told, query):
    with schemas.inside(told):
        for _ in range(3):
            in_state_delivered()
    sequence(told)
    client = sign_in("ann")
    client.get("/trail/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/trail/{query}").status_code == 200
    assert len(queries) <= 12, "\n".join(query["sql"][:150] for query in queries)


@pytest.mark.req("AT-01")
def test_a_rename_changes_nothing_that_was_told_before(sign_in, told):
    with schemas.inside(told):
        accounts.change_profile(cast.person("ann"), full_name="Ann Other", job_title="", now=NOW)
        contact(cast.person("ann").actor)
    sequence(told)
    text = results(sign_in("ann"), "?kind=members_contact")
    assert "Ann Other (Tenant admin) created the contact" in text
    assert "Ann Admin (Tenant admin) deleted the contact" in text


@pytest.mark.req("AT-19")
def test_an_erased_account_holder_reads_erased_in_trail_history_and_filter(sign_in, told):
    with schemas.inside(told):
        row = contact(cast.person("ben").actor)
        sequencer.sequence(now=timezone.now())
        subject_keys.destroy(
            cast.person("ben").subject_key, actor=context.service("test"), now=NOW, reason="Art. 17 request"
        )
    client = sign_in("ann")
    page = client.get("/trail/?kind=members_contact").content.decode()
    assert "erased (Privacy officer) created the contact" in words(page)
    assert "Ben Privacy" not in page
    story = words(client.get(f"/history/members.contact/{row.pk}/").content.decode())
    assert "erased (Privacy officer) created the contact" in story
    assert "Ben Privacy" not in story


@pytest.mark.req("AT-01")
def test_the_history_opens_the_sealed_name_of_the_actor(sign_in, told):
    with schemas.inside(told):
        row = contact(cast.person("ben").actor)
        assert row.history.get().actor_name.startswith("enc1:")
    text = words(sign_in("ann").get(f"/history/members.contact/{row.pk}/").content.decode())
    assert "Ben Privacy (Privacy officer) created the contact" in text
    assert "enc1:" not in text


def test_a_change_of_structure_is_told_with_its_statement():
    from zoneinfo import ZoneInfo

    from audit.trail import presenters
    from audit.trail.queries import Told

    said = {
        "actor": {"kind": "migration", "name": "complere_owner", "role": "database owner"},
        "reason": "ALTER TABLE",
        "statement": "ALTER TABLE members_contact ADD COLUMN fax text",
    }
    event = Event(seq=1, at=NOW, obj="members_contact", pk_text="", ver=1, op="S", payload=json.dumps(said))
    leaf = Leaf(idx=0, event=event, at=NOW, obj="members_contact", pk_text="", op="S", reason="ALTER TABLE")
    reader = presenters.Reader(may=lambda permission: False, zone=ZoneInfo("UTC"), actors={})
    (line,) = presenters.lines([leaf], [Told(event, None)], reader)
    assert (line.actor, line.did) == (
        "complere_owner (database owner)",
        "changed the structure of members_contact",
    )
    assert ("Statement", said["statement"]) in line.details


@pytest.mark.req("AT-20")
def test_the_history_of_a_signed_step_shows_the_signature_with_name_moment_and_meaning(sign_in, acme):
    with schemas.inside(acme):
        record = in_state_delivered()
    sequence(acme)
    text = words(sign_in("ann").get(f"/history/privacy.subjectrequest/{record.pk}/").content.decode())
    assert re.search(r"Signed by [A-Z]\w+ \w+ \([^)]+\), \w{3} \d+ \w{3} \d{4} \d\d:\d\d:\d\d CET? ?\(", text)
    assert "Prove this entry" in text
