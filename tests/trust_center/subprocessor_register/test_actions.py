from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import context
from audit.transitions import MoveRefused
from trust_center.subprocessor_register import actions, hashing, queries, states
from trust_center.subprocessor_register.models import Edition, Listing
from trust_center.subprocessor_register.states import MATERIAL, Change, State
from trust_center.updates.models import Update

pytestmark = pytest.mark.usefixtures("content")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TESS = context.Actor(id=None, name="Tess Editor", role="Trust editor")
WHY = "A new contract"
# 23 November and 30 clear days: 24 December is the first day on which it may take effect.
EARLIEST = date(2026, 12, 24)


def edit(code: str = "SP-02", **changes: Any) -> Listing:
    latest = queries.newest(code)
    assert latest is not None
    seen = queries.wording_digest(latest)
    wording = {"effective_on": EARLIEST, **changes}
    return actions.edit(code, wording=wording, seen=seen, actor=TESS, now=NOW, reason=WHY)


def publish(draft: Listing, now: datetime = NOW) -> Listing:
    return actions.publish(draft, seen=queries.wording_digest(draft), actor=TESS, now=now, reason=WHY)


def test_a_draft_that_changed_after_it_was_read_is_not_published() -> None:
    read = queries.wording_digest(edit(vendor="Another Mail GmbH"))
    changed = edit(vendor="A third GmbH")
    with pytest.raises(actions.RegisterRefused, match="changed after you opened"):
        actions.publish(changed, seen=read, actor=TESS, now=NOW, reason=WHY)
    assert live() == {"current": "Example Mail Delivery GmbH"}


def live(code: str = "SP-02") -> dict[str, str]:
    rows = Listing.objects.filter(code=code, state__in=states.PUBLIC)
    return {str(row.state): row.vendor for row in rows}


@pytest.mark.req("SUB-05")
def test_the_earliest_day_leaves_thirty_clear_days() -> None:
    assert queries.earliest_effect(NOW) == EARLIEST
    # In Berlin it is the 24th already.
    assert queries.earliest_effect(datetime(2026, 11, 23, 23, 30, tzinfo=UTC)) == EARLIEST + timedelta(days=1)


@pytest.mark.req("SUB-02")
@pytest.mark.parametrize("field", [*MATERIAL])
def test_every_material_change_is_announced_and_the_old_entry_stays_in_use(field: str) -> None:
    listing = publish(edit(**{field: "Something else"}))
    assert listing.state == State.ANNOUNCED
    assert live() == {
        "announced": "Something else" if field == "vendor" else "Example Mail Delivery GmbH",
        "current": "Example Mail Delivery GmbH",
    }


@pytest.mark.req("SUB-05")
def test_a_change_with_too_little_notice_is_refused_and_changes_nothing() -> None:
    draft = edit(vendor="Another Mail GmbH", effective_on=EARLIEST - timedelta(days=1))
    with pytest.raises(actions.RegisterRefused, match="at the earliest") as refused:
        publish(draft)
    assert refused.value.field == "effective_on"
    assert (live(), Edition.objects.count()) == ({"current": "Example Mail Delivery GmbH"}, 1)


def test_a_correction_needs_no_notice() -> None:
    listing = publish(edit(vendor_contact="dpo@mail.example", effective_on=date(2026, 11, 23)))
    assert (listing.state, Edition.objects.count()) == (State.CURRENT, 2)
    assert listing.engaged_on == date(2024, 1, 1)
    assert Update.objects.get(published_at=NOW).title == "Correction of an entry: Email delivery provider"


def test_a_new_sub_processor_is_announced_with_its_day() -> None:
    first = queries.newest("SP-02")
    assert first is not None
    wording = {name: getattr(first, name) for name in queries.WORDING} | {
        "category": "Backup storage",
        "effective_on": EARLIEST,
    }
    draft = actions.add(wording=wording, actor=TESS, now=NOW, reason=WHY)
    assert draft.code == "SP-05"
    publish(draft)
    told = Update.objects.get(published_at=NOW)
    assert (told.title, told.effective_on) == ("New sub-processor: Backup storage", EARLIEST)


def test_it_takes_effect_at_the_first_moment_of_its_day_and_only_once() -> None:
    publish(edit(vendor="Another Mail GmbH"))
    midnight = datetime(2026, 12, 23, 23, 0, tzinfo=UTC)
    assert queries.next_effective_at() == midnight
    assert actions.take_effect(midnight - timedelta(seconds=1)) == 0
    assert actions.take_effect(midnight) == 1
    assert actions.take_effect(midnight) == 0
    assert live() == {"current": "Another Mail GmbH"}
    current = queries.in_state("SP-02", State.CURRENT)
    assert current is not None
    assert current.engaged_on == EARLIEST, "a replacement is engaged anew"


def test_an_announced_change_can_be_called_off() -> None:
    announced = publish(edit(vendor="Another Mail GmbH"))
    actions.withdraw(announced, actor=TESS, now=NOW, reason=WHY)
    assert live() == {"current": "Example Mail Delivery GmbH"}
    assert actions.take_effect(NOW + timedelta(days=60)) == 0


def test_a_second_change_waits_for_the_first() -> None:
    publish(edit(vendor="Another Mail GmbH"))
    with pytest.raises(actions.RegisterRefused, match="announced already"):
        publish(edit(vendor="A third GmbH"))


def test_a_sub_processor_that_is_not_used_any_more_leaves_at_once() -> None:
    current = queries.in_state("SP-03", State.CURRENT)
    assert current is not None
    actions.retire(current, actor=TESS, now=NOW, reason=WHY)
    assert [row.code for row in queries.current()] == ["SP-01", "SP-02", "SP-04"]
    with pytest.raises(MoveRefused):
        actions.retire(current, actor=TESS, now=NOW, reason=WHY)


def test_an_edit_of_a_stale_entry_is_refused() -> None:
    latest = queries.newest("SP-02")
    assert latest is not None
    seen = queries.wording_digest(latest)
    edit(vendor="Another Mail GmbH")
    with pytest.raises(actions.RegisterRefused, match="Somebody else changed"):
        actions.edit("SP-02", wording={"vendor": "Mine"}, seen=seen, actor=TESS, now=NOW, reason=WHY)


@pytest.mark.req("SUB-09")
def test_each_public_change_leaves_an_edition_that_its_digest_fits() -> None:
    publish(edit(vendor="Another Mail GmbH"))
    actions.take_effect(NOW + timedelta(days=60))
    editions = list(Edition.objects.order_by("number"))
    assert [row.number for row in editions] == [1, 2, 3]
    import json

    assert [hashing.digest(json.loads(row.content)) for row in editions] == [row.digest for row in editions]
    assert len({row.digest for row in editions}) == 3
    assert queries.is_true_to_edition()


@pytest.mark.req("SUB-09")
def test_a_register_changed_past_the_console_is_noticed() -> None:
    with context.regulated_write(actor=TESS, reason="Past the console"):
        Listing.objects.filter(code="SP-02").update(region="Elsewhere")
    assert not queries.is_true_to_edition()


def test_the_history_names_who_announced_it_and_why() -> None:
    listing = publish(edit(vendor="Another Mail GmbH"))
    entries = listing.history.order_by("history_id")
    assert [(row.actor_name, row.history_change_reason) for row in entries] == [("Tess Editor", WHY)] * 2


identities = st.fixed_dictionaries({field: st.sampled_from(["a", "b"]) for field in MATERIAL})


@pytest.mark.req("SUB-02")
@given(before=identities, after=identities)
def test_only_what_is_equal_in_every_material_field_is_a_correction(
    before: dict[str, str], after: dict[str, str]
) -> None:
    kind, differing = states.change(before, after)
    assert (kind == Change.CORRECTED) == (before == after) == (differing == [])
    assert (kind == Change.REPLACED) == (before["vendor"] != after["vendor"])
    assert states.change(None, after) == (Change.ADDED, [])
