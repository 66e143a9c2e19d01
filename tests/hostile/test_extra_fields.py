"""Mass assignment: what a form does not ask for is not taken, whatever column of whatever record it names."""

from collections.abc import Iterator

import pytest
from django.db import connection, models, transaction

from tenants import schemas
from tests import cast
from tests.hostile.forms import Form, Pairs
from tests.isolation.scene import ours

# A value for a column by its type, found again wherever it lands.
PLANTED: list[tuple[type[models.Field], str]] = [
    (models.BooleanField, "on"),
    (models.IntegerField, "98765432"),
    (models.DateTimeField, "1999-12-31T23:00:00Z"),
    (models.DateField, "1999-12-31"),
    (models.UUIDField, "0dead000-0000-4000-8000-00000000beef"),
    (models.ForeignKey, "0dead000-0000-4000-8000-00000000beef"),
]
WORD = "zq7mass"
FOUND = (WORD, "98765432", "1999-12-31", "0dead000-0000-4000")
KEY = {"localhost": "localhost", "acme.localhost": "acme", "globex.localhost": "globex"}


def planted(field: models.Field) -> str:
    return next((value for kind, value in PLANTED if isinstance(field, kind)), WORD)


def columns(host: str) -> dict[str, str]:
    """A value for every column of every model of this host, by name."""
    with schemas.inside(cast.tenant(KEY[host])):
        fields = [field for model in ours() for field in model._meta.concrete_fields]
    return {name: planted(field) for field in fields for name in (field.name, field.attname)}


def one_of_each(forms: list[Form]) -> list[Form]:
    """A form of each address and kind of visitor host: the same code reads the others."""
    return [*{(form.visitor.host, form.route, tuple(one.name for one in form.fields)): form for form in forms}.values()]


def standing(host: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What every table holds: rows, each yes, each state, and rows in which a planted value stands."""
    with schemas.inside(cast.tenant(KEY[host])), connection.cursor() as cursor:
        for model in ours():
            asked = ["count(*)"]
            for field in model._meta.concrete_fields:
                if isinstance(field, models.BooleanField):
                    asked.append(f'count(*) FILTER (WHERE "{field.column}")')
                elif field.name in ("state", "role", "kind"):
                    asked.append(f'string_agg("{field.column}"::text, \',\' ORDER BY "{field.column}")')
            asked += [f"count(*) FILTER (WHERE t::text LIKE '%{value}%')" for value in FOUND]
            cursor.execute(f'SELECT {", ".join(asked)} FROM "{model._meta.db_table}" t')
            yield model._meta.label, cursor.fetchone()


def after(form: Form, pairs: Pairs) -> dict[str, tuple[object, ...]]:
    """What stands in the schema of the form once it was sent; then it is undone."""
    with transaction.atomic():
        form.sent(pairs)
        stands = dict(standing(form.visitor.host))
        transaction.set_rollback(True)
    return stands


@pytest.mark.req("ASVS-15.3.3")
def test_columns_that_a_form_does_not_ask_for_are_not_taken(site):
    extras = {host: columns(host) for host in {form.visitor.host for form in site.posts}}
    assert min(len(names) for names in extras.values()) > 100
    found = []
    for form in one_of_each(site.posts):
        own = {one.name for one in form.fields}
        more = [(name, value) for name, value in extras[form.visitor.host].items() if name not in own]
        plain, loaded = after(form, form.filled()), after(form, [*form.filled(), *more])
        changed = [label for label in plain if plain[label] != loaded[label]]
        found += [f"{form}: {label} {plain[label]} became {loaded[label]}" for label in changed]
    assert found == []


def test_a_column_that_was_taken_would_be_noticed(site):
    form = next(form for form in site.posts if form.route == "role-add")
    loaded = after(form, [(name, WORD if name == "purpose" else value) for name, value in form.filled()])
    assert loaded != after(form, form.filled())
