from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audit import context
from audit.signatures import queries as signatures
from audit.signatures.actions import SignatureRefused
from audit.transitions import MoveRefused
from tests import cast
from tests.trust_center import publishing
from trust_center.claims import actions, queries
from trust_center.claims.catalogue import Page
from trust_center.claims.models import SecurityContact, Statement
from trust_center.claims.states import State
from trust_center.updates.models import Update
from trust_center.updates.states import Topic

pytestmark = pytest.mark.usefixtures("content")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WHY = "Legal asked for it"


def tess() -> context.Actor:
    return cast.person("tess").actor


def public(code: str) -> Statement:
    found = queries.in_state(code, State.PUBLISHED)
    assert found is not None
    return found


def draft(code: str, text: str = "A new text.") -> Statement:
    current = queries.newest(code)
    assert current is not None
    seen = queries.wording_digest([current])
    return actions.edit(code, wording={"text": text}, seen=seen, actor=tess(), now=NOW, reason=WHY)


def publish(*drafts: Statement, who: str = "leo") -> int:
    return publishing.publish(drafts, now=NOW, who=who, reason=WHY)


def test_an_edit_leaves_the_published_version_public() -> None:
    before = public("C04").text
    made = draft("C04")
    assert (made.version, made.state, made.text) == (2, State.DRAFT, "A new text.")
    assert public("C04").text == before


def test_a_second_edit_writes_into_the_same_draft() -> None:
    first, second = draft("C04", "One."), draft("C04", "Two.")
    assert (first.pk, second.text) == (second.pk, "Two.")
    assert Statement.objects.filter(code="C04").count() == 2


def test_publishing_retires_the_version_before_and_tells_the_public() -> None:
    old = public("C04")
    assert publish(draft("C04")) == 1
    old.refresh_from_db()
    assert (old.state, public("C04").version, public("C04").published_at) == (State.RETIRED, 2, NOW)
    told = Update.objects.latest("published_at", "pk")
    told = Update.objects.get(published_at=NOW)
    assert (told.topic, told.title, told.path) == (Topic.CLAIMS, "C04 In transit & at rest: changed", "/#security")


def test_drafts_of_both_pages_are_told_page_by_page() -> None:
    assert publish(draft("C04"), draft("C09"), draft("P11-10a")) == 3
    told = Update.objects.filter(published_at=NOW).order_by("topic")
    assert [(row.topic, row.title) for row in told] == [
        ("claims", "2 entries changed"),
        ("compliance", "Validation; detect invalid or altered records: changed"),
    ]


def test_every_version_keeps_who_when_and_why() -> None:
    publish(draft("C04"))
    entries = public("C04").history.order_by("history_id")
    assert [(row.history_user_id, row.history_change_reason, row.state) for row in entries] == [
        (cast.person("tess").pk, WHY, "draft"),
        (cast.person("leo").pk, WHY, "published"),
    ]


def test_an_edit_of_a_stale_text_is_refused() -> None:
    seen = queries.wording_digest([public("C04")])
    draft("C04")
    with pytest.raises(actions.EditRefused, match="Somebody else changed"):
        actions.edit("C04", wording={"text": "Mine."}, seen=seen, actor=tess(), now=NOW, reason=WHY)


def test_an_edit_that_changes_nothing_is_refused() -> None:
    with pytest.raises(actions.EditRefused, match="Nothing was changed"):
        draft("C04", public("C04").text)


@pytest.mark.req("P11-70")
def test_what_was_changed_after_it_was_read_is_not_published() -> None:
    read = draft("C04", "As read.")
    seen = {f"trust_center.statement:{read.pk}": 1}
    draft("C04", "As sneaked in.")
    signing = replace(cast.signing(NOW), seen=seen)
    with pytest.raises(MoveRefused, match="changed while you had it open"):
        actions.publish([read], signing=signing, actor=cast.person("leo").actor, now=NOW, reason=WHY)
    assert public("C04").version == 1


@pytest.mark.req("P11-10g")
def test_who_wrote_a_draft_does_not_approve_it() -> None:
    made = draft("C04")
    with pytest.raises(SignatureRefused, match="another person signs"):
        publish(made, who="tess")
    assert public("C04").version == 1


@pytest.mark.req("P11-50a", "P11-70")
def test_one_act_signs_every_draft_that_it_publishes() -> None:
    publish(draft("C04"), draft("C09"))
    found = [signatures.of_record(public(code)).get() for code in ("C04", "C09")]
    assert {(row.signer_name, row.signer_role, row.meaning, row.signed_at) for row in found} == {
        ("Leo Legal", "Legal", "approval", NOW)
    }
    assert len({row.act_id for row in found}) == 1
    assert [(standing.holds, standing.current) for standing in map(signatures.standing, found)] == [(True, True)] * 2


def test_a_draft_is_published_once() -> None:
    made = draft("C04")
    publish(made)
    with pytest.raises((MoveRefused, actions.EditRefused)):
        publish(made)


def test_a_reason_that_says_nothing_is_refused() -> None:
    made = draft("C04")
    with pytest.raises(context.ReasonRefused):
        publishing.publish([made], now=NOW, reason="n/a")
    assert public("C04").version == 1


def test_a_discarded_draft_is_not_the_newest_version() -> None:
    actions.discard(draft("C04"), actor=tess(), now=NOW, reason=WHY)
    newest = queries.newest("C04")
    assert newest is not None
    assert (newest.version, draft("C04").version) == (1, 3)


def test_a_retired_statement_leaves_the_page() -> None:
    actions.retire(public("C13"), actor=tess(), now=NOW, reason=WHY)
    assert "C13" not in [row.code for row in queries.published(Page.TRUST_CENTER)]
    assert Update.objects.get(published_at=NOW).title == "C13 Change discipline: withdrawn"


def test_the_preview_reads_as_if_every_draft_were_published() -> None:
    draft("C04", "As it will be.")
    texts = {row.code: row.text for row in queries.working(Page.TRUST_CENTER)}
    assert texts["C04"] == "As it will be."
    assert len(texts) == len(queries.published(Page.TRUST_CENTER))


@pytest.mark.req("FMT-ST05")
def test_reviewing_the_security_contact_moves_its_expiry() -> None:
    row = actions.set_security_contact(
        contacts=["mailto:new@complere.example"], languages="en", actor=tess(), now=NOW, reason=WHY
    )
    assert queries.expires_at(row) == NOW + timedelta(days=363)
    assert SecurityContact.objects.count() == 1
