from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.transitions import MoveRefused, move
from privacy.subject_requests import actions
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import AFTER_VALIDATION, CLOSED, OPEN, TRANSITIONS, State
from tests.privacy.subject_requests.filings import NOW, WHY, delivered, filed, in_state, refused, validated

MOVES = {
    State.IDENTITY_PENDING: lambda r, now: actions.ask_identity(r, doubt="Doubt", asked_for="Proof", now=now, **WHY),
    State.VALIDATED: validated,
    State.IN_PROGRESS: lambda r, now: actions.begin(r, now=now, **WHY),
    State.DELIVERED: delivered,
    State.REFUSED: refused,
    State.WITHDRAWN: lambda r, now: actions.withdraw(r, now=now, **WHY),
}
REACHABLE = [state for state in State if state != State.FORWARDED]
LATER = NOW + timedelta(days=1)


def test_every_state_is_open_or_closed_and_none_leads_to_itself():
    assert set(State) == OPEN | CLOSED
    assert set() == OPEN & CLOSED
    assert [state for state, to in TRANSITIONS.items() if state in to] == []


def test_every_state_can_be_reached_from_received():
    reached, edge = set(), {State.RECEIVED}
    while edge:
        reached |= edge
        edge = {to for state in edge for to in TRANSITIONS[state]} - reached
    assert reached == set(State)


def test_only_validation_leads_to_the_states_after_it():
    into = {state for state, moves in TRANSITIONS.items() if moves & AFTER_VALIDATION and state not in AFTER_VALIDATION}
    assert into == {State.RECEIVED, State.IDENTITY_PENDING}
    assert all(TRANSITIONS[state] & AFTER_VALIDATION <= {State.VALIDATED} for state in into)


@pytest.mark.parametrize("to", MOVES)
@pytest.mark.parametrize("state", REACHABLE)
def test_an_action_moves_exactly_where_the_table_allows(in_acme, state, to):
    record = in_state(state)
    if to in TRANSITIONS[state]:
        assert MOVES[to](record, LATER).state == to
        assert SubjectRequest.objects.get(pk=record.pk).state == to
    else:
        with pytest.raises(MoveRefused):
            MOVES[to](record, LATER)
        assert SubjectRequest.objects.get(pk=record.pk).state == state


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.lists(st.sampled_from([*MOVES]), max_size=7))
def test_no_sequence_of_actions_leaves_the_table_or_reopens_a_case(in_acme, path):
    record = filed()
    was = State(record.state)
    for to in path:
        allowed = to in TRANSITIONS[was]
        try:
            record = MOVES[to](record, LATER)
            assert allowed
            was = to
        except MoveRefused:
            assert not allowed
        fresh = SubjectRequest.objects.get(pk=record.pk)
        assert (fresh.state, fresh.closed_at is not None) == (was, was in CLOSED)


def test_a_state_cannot_be_entered_beside_the_table(in_acme):
    record = filed()
    with pytest.raises(MoveRefused):
        move(record, State.DELIVERED, actor=WHY["actor"], now=NOW, reason="Skip the check")
