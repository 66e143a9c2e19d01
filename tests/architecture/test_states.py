"""A record's life is a table: whole, connected, and drawn in the documentation."""

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from complere.management.commands import draw_states
from tests.architecture import sources

TABLES = {module.__name__.removesuffix(".states"): module for module in draw_states.tables()}
STATEFUL = [model for model in apps.get_models() if hasattr(model, "STATES")]


def reachable(transitions, first):
    seen, ahead = set(), [first]
    while ahead:
        state = ahead.pop()
        if state not in seen:
            seen.add(state)
            ahead += transitions[state]
    return seen


def beginnings(table):
    """The states in which models that live by this table begin."""
    return {model._meta.get_field("state").default for model in STATEFUL if model.STATES is table}


def test_tables_were_found():
    assert {"tenants.tenancy", "privacy.deadlines", "tenants.members.outbox"} <= set(TABLES)


@pytest.mark.parametrize("feature", TABLES)
def test_every_state_is_a_key_and_every_move_leads_to_a_state(feature):
    states, transitions = TABLES[feature].State, TABLES[feature].TRANSITIONS
    assert set(transitions) == set(states)
    assert set().union(*transitions.values()) <= set(states)
    assert [state for state, following in transitions.items() if state in following] == []


@pytest.mark.parametrize("feature", TABLES)
def test_every_state_can_be_reached_from_one_that_a_new_record_is_in(feature):
    transitions = TABLES[feature].TRANSITIONS
    first = {next(iter(transitions))} | beginnings(TABLES[feature])
    assert set().union(*(reachable(transitions, state) for state in first)) == set(TABLES[feature].State)


def test_a_state_that_nothing_leads_to_is_noticed():
    assert reachable({"a": {"b"}, "b": set(), "c": {"a"}}, "a") == {"a", "b"}


@pytest.mark.parametrize("model", STATEFUL, ids=lambda model: model._meta.label)
def test_the_database_knows_the_states_of_a_model(model):
    """Two models may live by one table, each in the part that begins with its own first state."""
    lived = reachable(model.STATES.TRANSITIONS, model._meta.get_field("state").default)
    texts = [str(constraint.condition) for constraint in model._meta.constraints if hasattr(constraint, "condition")]
    assert any("state__in" in text and all(f"'{state}'" in text for state in lived) for text in texts), texts


@pytest.mark.parametrize(
    "feature", [name for name in TABLES if (sources.ROOT / name.replace(".", "/") / "models.py").exists()]
)
def test_a_table_belongs_to_a_model(feature):
    assert TABLES[feature] in [model.STATES for model in STATEFUL]


def test_the_drawings_in_the_documentation_are_those_of_the_tables():
    call_command("draw_states", "--check")


def test_an_outdated_drawing_is_refused(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="out of date"):
        call_command("draw_states", "--check")
    call_command("draw_states")
    call_command("draw_states", "--check")
    (tmp_path / "docs" / "states.md").write_text("# Something else\n")
    with pytest.raises(CommandError, match="out of date"):
        call_command("draw_states", "--check")


def test_a_drawing_shows_beginning_moves_and_ends():
    lines = list(draw_states._moves({"new": {"open", "shut"}, "open": {"shut"}, "shut": set()}))
    assert lines == ["[*] --> new", "new --> open", "new --> shut", "open --> shut", "shut --> [*]"]
