"""Truth lives in the database: what every model of ours must hold."""

import inspect

import pytest
from django.apps import apps
from django.db import models
from django.db.models import Q

from audit.encryption import PersonalText
from audit.history import History
from tests.architecture import sources

OURS = [
    model
    for model in apps.get_models()
    if model.__module__.split(".")[0] in sources.APPS and not hasattr(model, "history_object")
]
HISTORIES = [model for model in apps.get_models() if "historical" in model._meta.model_name]
# Pairs that one constraint of another shape holds, or that may part for a reason.
PAIR_EXEMPT: dict[str, str] = {}


def names_in(condition) -> set[str]:
    """The fields that a constraint's condition speaks of."""
    found: set[str] = set()
    for child in condition.children:
        found |= names_in(child) if isinstance(child, Q) else {child[0].split("__")[0]}
    return found


def pairs(model) -> list[tuple[str, str]]:
    """`closed_at` and `closed_by`, where either may be empty."""
    fields = {field.name: field for field in model._meta.fields}
    found = [(name, f"{name.removesuffix('_at')}_by") for name in fields if name.endswith("_at")]
    return [(at, by) for at, by in found if by in fields and (fields[at].null or fields[by].null)]


def test_our_models_were_found():
    assert len(OURS) >= 12
    assert {"tenants.Tenant", "members.User", "privacy.Deadline"} <= {model._meta.label for model in OURS}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
@pytest.mark.req("AT-01")
def test_a_model_is_regulated_or_says_why_not(model):
    regulated = any(isinstance(value, History) for value in vars(model).values()) or hasattr(model, "history")
    exempt = "Exempt from history:" in (inspect.getdoc(model) or "")
    assert regulated != exempt, f"{model._meta.label}: give it a history or the docstring “Exempt from history: …”"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_who_and_when_go_together(model):
    held = [names_in(c.condition) for c in model._meta.constraints if isinstance(c, models.CheckConstraint)]
    loose = [pair for pair in pairs(model) if not any(set(pair) <= names for names in held)]
    assert [pair for pair in loose if f"{model._meta.label}.{pair[0]}" not in PAIR_EXEMPT] == []


def test_exempt_pairs_exist_and_have_a_reason():
    known = {f"{model._meta.label}.{at}" for model in OURS for at, _ in pairs(model)}
    assert set(PAIR_EXEMPT) <= known
    assert all(len(reason) > 20 for reason in PAIR_EXEMPT.values())


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_personal_data_names_the_key_it_is_encrypted_under(model):
    for field in model._meta.fields:
        if isinstance(field, PersonalText):
            key = model._meta.get_field(field.key)
            assert (key.related_model._meta.label, key.remote_field.on_delete) == ("audit.SubjectKey", models.PROTECT)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_names_and_addresses_of_people_are_never_plain_text(model):
    personal = {"full_name", "email", "phone", "address", "date_of_birth", "to"}
    plain = [
        field.name
        for field in model._meta.fields
        if field.name in personal and not isinstance(field, PersonalText | models.ForeignKey)
    ]
    assert plain == []


# Until when somebody outside may act; and the one moment of a row that is nothing but that moment.
# Django names the end of a session.
MOMENTS = {"confirm_by", "answer_by", "at", "expire_date"}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_moments_are_called_at_and_days_on(model):
    for field in model._meta.fields:
        kind = type(field)
        if kind is models.DateTimeField:
            assert field.name.endswith(("_at", "_until")) or field.name in MOMENTS, f"{field.name} is a moment"
        if kind is models.DateField:
            assert field.name.endswith("_on") or field.name == "last_day", f"{field.name} is a day"


@pytest.mark.parametrize("model", HISTORIES, ids=lambda model: model._meta.label)
def test_a_history_has_one_index_and_no_foreign_key_in_the_database(model):
    indexed = [field.name for field in model._meta.fields if field.db_index and not field.primary_key]
    assert indexed == [model.instance_type._meta.pk.name]
    assert model._meta.indexes == []
    assert [f.name for f in model._meta.fields if isinstance(f, models.ForeignKey) and f.db_constraint] == []
    assert not [field.name for field in model._meta.fields if field.unique and not field.primary_key]


@pytest.mark.parametrize("model", HISTORIES, ids=lambda model: model._meta.label)
@pytest.mark.req("AT-16")
def test_a_history_asks_for_actor_role_and_reason(model):
    fields = {field.name: field for field in model._meta.fields}
    assert not any(fields[name].null for name in ("actor_name", "actor_role", "actor_kind", "history_change_reason"))


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_constraint_and_index_has_a_name_that_reads(model):
    named = [*model._meta.constraints, *model._meta.indexes]
    assert [item.name for item in named if len(item.name) < 8 or item.name != item.name.lower()] == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_model_says_what_it_is(model):
    assert not (inspect.getdoc(model) or "").startswith(f"{model.__name__}(")
