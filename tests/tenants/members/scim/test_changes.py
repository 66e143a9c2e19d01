"""Bodies and operations, read without a database."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.scim.adapters import bodies, changes, filters, values
from tenants.members.scim.catalogue import Condition, Group, Path, Person, ScimRefused

NORA = Person("nora@acme.example", "Nora New", "Analyst", "00u1")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["userName", "displayName", "name", "emails", "active", "title", "externalId", "members", "id", "schemas", "meta"]
)
CHOSEN = ['emails[type eq "work"].value', 'members[value eq "x"]']
OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "REMOVE", "test", ""])},
    optional={
        "path": NAMES | st.text() | st.sampled_from(['emails[type eq "work"].value', 'members[value eq "x"]']),
        "value": JSON,
    },
)


def refusal(act, *given):
    """What was refused, or nothing; any other failure fails the test."""
    try:
        act(*given)
    except ScimRefused as refused:
        return refused.status, refused.kind
    return None, ""


@given(st.dictionaries(NAMES | st.text(), JSON, max_size=6))
def test_any_resource_is_taken_or_refused_and_nothing_else(body):
    said = bodies.read(json.dumps(body).encode())
    for change in (changes.person, changes.group):
        assert refusal(lambda change=change: change(None, bodies.asserted(said)))[0] in (None, 400)


@given(st.lists(OPERATION, max_size=4))
def test_any_operations_are_done_or_refused_and_nothing_else(operations):
    body = json.dumps({"Operations": operations}).encode()
    said = bodies.read(body)
    for change, was in ((changes.person, NORA), (changes.group, Group("Team"))):
        assert refusal(lambda change=change, was=was: change(was, bodies.operations(said)))[0] in (None, 400)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(raw):
    assert refusal(bodies.read, raw)[1] in ("", "invalidSyntax")


@given(st.text(max_size=200))
def test_any_filter_is_read_or_refused_and_nothing_else(text):
    assert refusal(filters.read, text)[1] in ("", "invalidFilter")
    assert refusal(filters.path, text)[1] in ("", "invalidPath")


@given(st.text(alphabet=st.characters(exclude_characters='"\x00'), max_size=100))
def test_a_quoted_value_is_a_value_whatever_it_says(text):
    assert filters.read(f'userName eq "{text}"') == Condition("username", text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("members", Path("members")),
        ("name.givenName", Path("name", "givenname")),
        ('members[value eq "x"]', Path("members", "", Condition("value", "x"))),
        ('emails[type eq "work"].value', Path("emails", "value", Condition("type", "work"))),
        ("urn:ietf:params:scim:schemas:core:2.0:User:title", Path("title")),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", Path(filters.NOT_OURS)),
        ('urn:other:1.0:X:members[value eq "x"]', Path(filters.NOT_OURS)),
    ],
)
def test_a_path_says_where_it_points(text, path):
    assert filters.path(text) == path


@pytest.mark.parametrize(
    ("emails", "address"),
    [
        ([{"value": "a@x.example"}, {"value": "b@x.example", "type": "work"}], "b@x.example"),
        ([{"value": "a@x.example", "type": "work"}, {"value": "b@x.example", "primary": True}], "b@x.example"),
        ([{"value": "a@x.example", "type": "home"}], "a@x.example"),
        ([{"Value": "a@x.example", "Primary": "True"}], "a@x.example"),
        ({"value": "a@x.example"}, "a@x.example"),
        ([], None),
        (None, None),
        ([{"value": None}], None),
        ("a@x.example", None),
    ],
)
def test_of_several_addresses_the_primary_one_counts_then_that_for_work(emails, address):
    assert values.chosen_address(emails) == address


def after(*operations):
    return changes.person(NORA, bodies.operations({"operations": [*operations]}))


def test_an_address_set_through_emails_is_the_one_to_sign_in_with():
    moved = after({"op": "Replace", "path": 'emails[type eq "work"].value', "value": "n@acme.example"})
    assert moved.user_name == "n@acme.example"
    home = after({"op": "Replace", "path": 'emails[type eq "home"].value', "value": "n@home.example"})
    assert home == NORA


def test_two_addresses_that_differ_are_refused_with_what_to_do():
    with pytest.raises(ScimRefused, match="map the mail attribute to userName"):
        changes.person(None, bodies.asserted({"username": "u@acme.example", "emails": [{"value": "m@acme.example"}]}))


def test_a_person_without_a_name_is_called_after_the_address():
    assert changes.person(None, bodies.asserted({"username": "nora.new@acme.example"})).full_name == "nora.new"


@pytest.mark.parametrize(
    ("sent", "active"), [(True, True), (False, False), ("True", True), ("false", False), (None, True)]
)
def test_truth_comes_as_json_or_as_text(sent, active):
    assert after({"op": "Replace", "path": "active", "value": sent}).active is active
    assert after({"op": "Replace", "value": {"active": sent}}).active is active
