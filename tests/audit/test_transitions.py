"""The one way a record changes state, and that of many who try one succeeds."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from audit import context
from audit.transitions import MoveRefused, label, move
from tenants import schemas
from tenants.tenancy.models import Tenant
from tenants.tenancy.states import TRANSITIONS, State
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACTOR = context.service("tests")


def go(tenant, to, **changes):
    return move(tenant, to, actor=ACTOR, now=NOW, reason="A test of moves", **changes)


KNOWN = [(before, after) for before, following in TRANSITIONS.items() for after in following]
UNKNOWN = [(before, after) for before in State for after in State if after not in TRANSITIONS[before]]


def stand(tenant: Tenant, state: State) -> Tenant:
    """Bring the tenant where the test begins, on a way that the table knows."""
    return tenant if state == State.ACTIVE else go(tenant, state)


@pytest.mark.parametrize(("before", "after"), KNOWN)
def test_a_move_of_the_table_is_made_and_stamped(platform, acme, before, after):
    moved = go(stand(acme, before), after)
    fresh = Tenant.objects.get(pk=acme.pk)
    assert (moved.state, fresh.state, fresh.state_changed_at) == (after, after, NOW)


@pytest.mark.parametrize(("before", "after"), UNKNOWN)
@pytest.mark.req("P11-10f")
def test_a_move_that_the_table_does_not_know_is_refused_and_leaves_everything(platform, acme, before, after):
    record = stand(acme, before)
    versions = acme.history.count()
    with pytest.raises(MoveRefused) as refused:
        go(record, after, name="Changed on the way")
    fresh = Tenant.objects.get(pk=acme.pk)
    assert (fresh.state, fresh.name, acme.history.count()) == (before, "Acme Pharma", versions)
    assert str(refused.value) == f"This tenant is {before} and cannot become {after}."


def test_the_history_has_actor_and_reason_of_the_move_and_changes_go_with_it(platform, acme):
    move(acme, State.SUSPENDED, actor=ACTOR, now=NOW, reason="Invoice unpaid", name="Acme Pharma AG")
    row = acme.history.first()
    assert (row.state, row.name, row.history_change_reason, row.who) == (
        "suspended",
        "Acme Pharma AG",
        "Invoice unpaid",
        "tests",
    )


def test_a_move_goes_from_what_the_database_says_not_from_what_somebody_read_before(platform, acme):
    stale = Tenant.objects.get(pk=acme.pk)
    go(acme, State.CLOSED)
    assert stale.state == State.ACTIVE
    with pytest.raises(MoveRefused, match="is closed"):
        go(stale, State.SUSPENDED)


def test_a_move_without_a_reason_is_refused(platform, acme):
    with pytest.raises(context.ReasonRefused):
        move(acme, State.SUSPENDED, actor=ACTOR, now=NOW, reason="n/a")
    assert Tenant.objects.get(pk=acme.pk).state == State.ACTIVE


@pytest.mark.req("ASVS-2.3.3")
def test_of_five_who_close_one_record_at_once_one_succeeds(committed_db):
    acme = cast.tenant("acme")
    together, outcomes = threading.Barrier(5), []

    def close(number: int) -> None:
        together.wait()
        try:
            with schemas.on_platform():
                move(acme, State.CLOSED, actor=context.service(f"closer {number}"), now=NOW, reason="Contract ended")
            outcomes.append(f"closer {number}")
        except MoveRefused:
            outcomes.append("refused")
        connection.close()

    threads = [threading.Thread(target=close, args=[number]) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with schemas.on_platform():
        closings = list(acme.history.filter(state=State.CLOSED).values_list("actor_name", flat=True))
    assert outcomes.count("refused") == 4
    assert closings == [name for name in outcomes if name != "refused"]


def test_a_move_that_is_undone_with_its_surroundings_never_happened(platform, acme):
    versions = acme.history.count()
    with pytest.raises(RuntimeError, match="undo"), transaction.atomic():  # noqa: PT012
        go(acme, State.CLOSED)
        raise RuntimeError("undo")
    assert (Tenant.objects.get(pk=acme.pk).state, acme.history.count()) == (State.ACTIVE, versions)


def test_states_are_said_in_words():
    assert label("in_progress") == "in progress"
