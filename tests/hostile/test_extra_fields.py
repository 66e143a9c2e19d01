"""Mass assignment: what a form does not ask for is not taken, whatever column of whatever record it names."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection, models, transaction
from django.urls import resolve

from tenants import schemas
from tests import cast
from tests.architecture import routes
from tests.hostile.forms import Form, Pairs, side
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
RIGHTS = {
    "members.User": ["count(*) FILTER (WHERE is_active)"],
    "members.RoleGrant": ["string_agg(role, ',' ORDER BY role)"],
}
KEY = {"localhost": "localhost", "acme.localhost": "acme", "globex.localhost": "globex"}


def planted(field: models.Field) -> str:
    return next((value for kind, value in PLANTED if isinstance(field, kind)), WORD)


def columns(form: Form) -> Pairs:
    """A value for every column of the app that the form belongs to, and of people; the form's own fields left out."""
    view = resolve(form.action, urlconf=routes.HOSTS[side(form.visitor.host)]).func
    app = view.__module__.split(".")[0]
    with schemas.inside(cast.tenant(KEY[form.visitor.host])):
        near = [model for model in ours() if model.__module__.startswith((f"{app}.", "tenants.members.accounts"))]
    own = {one.name for one in form.fields}
    found = {field.attname: planted(field) for model in near for field in model._meta.concrete_fields}
    found |= {"role": WORD, "roles": WORD, "permissions": WORD, "grants": WORD, "state": WORD, "id": "98765432"}
    return [(name, value) for name, value in found.items() if name not in own]


def one_of_each(forms: list[Form]) -> list[Form]:
    """A form of each address and kind of visitor host: the same code reads the others."""
    return [*{(form.visitor.host, form.route, tuple(one.name for one in form.fields)): form for form in forms}.values()]


def standing(host: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """In how many rows of each table a planted value stands; and who is active, and has which roles."""
    with schemas.inside(cast.tenant(KEY[host])), connection.cursor() as cursor:
        for model in ours():
            asked = [f"count(*) FILTER (WHERE t::text LIKE '%{value}%')" for value in FOUND]
            asked += RIGHTS.get(model._meta.label, [])
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
    found = []
    for form in one_of_each(site.posts):
        more = columns(form)
        # More would be refused as a whole, and prove nothing.
        assert 20 < len(more) < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS - 50, form
        plain, loaded = after(form, form.filled()), after(form, [*form.filled(), *more])
        changed = [label for label in plain if plain[label] != loaded[label]]
        found += [f"{form}: {label} {plain[label]} became {loaded[label]}" for label in changed]
    assert not found, "\n".join(found)


def test_a_column_that_was_taken_would_be_noticed(site):
    form = next(form for form in site.posts if form.route == "role-add")
    loaded = after(form, [(name, WORD if name == "purpose" else value) for name, value in form.filled()])
    assert loaded != after(form, form.filled())
