"""The protocol as Entra ID and Okta speak it, and as nobody should."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from audit.ledger.models import Access
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.api_tokens import catalogue
from tenants.members.roles.models import RoleGrant
from tenants.members.scim.models import ProvisionedGroup
from tests import cast
from tests.tenants.members.api_tokens import tokens
from tests.tenants.members.scim.directory import Directory, sent, with_plan

pytestmark = pytest.mark.django_db
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
DOORS = [
    "ServiceProviderConfig",
    "ResourceTypes",
    "ResourceTypes/User",
    "Schemas",
    f"Schemas/{USER}",
    "Users",
    "Groups",
]
NORA = "nora.new@acme.example"


def users(tenant):
    with schemas.inside(tenant):
        return {user.email: user for user in User.objects.all()}


@pytest.mark.parametrize("key", ["ann", "ben", "sid", "cay", "aud"])
@pytest.mark.req("ASVS-8.4.1")
def test_no_session_opens_the_directory_whatever_the_role(acme, sign_in, key, monkeypatch):
    """The library's own predicate lists and creates people for anybody who is signed in."""
    monkeypatch.setattr(catalogue, "REFUSALS_PER_ADDRESS", 100)
    with_plan(acme)
    browser = sign_in(key)
    pk = users(acme)["ben@acme.example"].pk
    for path in (*DOORS, f"Users/{pk}", f"Groups/{uuid4()}"):
        for verb in ("get", "post", "put", "patch", "delete"):
            answer = getattr(browser, verb)(f"/scim/v2/{path}", {"userName": "x@acme.example"}, "application/scim+json")
            assert (answer.status_code, answer["Content-Type"]) == (401, "application/scim+json"), (verb, path)
            assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "x@acme.example" not in users(acme)


def test_without_a_token_the_refusal_is_told_in_scim(acme):
    answer = Client(headers={"host": "acme.localhost"}).get("/scim/v2/Users")
    assert answer.status_code == 401
    assert answer.json() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "401",
        "detail": "Send a token: Authorization: Bearer …",
    }


@pytest.mark.req("ASVS-8.4.1")
def test_the_token_of_one_tenant_opens_nothing_at_another(acme, globex, directory):
    with_plan(globex)
    directory.client = tokens.program(directory.text, "globex.localhost")
    assert {directory.ask("GET", path).status_code for path in DOORS} == {401}


@pytest.mark.req("ASVS-8.4.1")
def test_ids_of_another_tenant_are_nobodys(acme, globex, directory):
    there = Directory(globex)
    person = there.add("nora@globex.example")
    group = there.add_group("Theirs", person["id"])
    for path in (f"Users/{person['id']}", f"Groups/{group['id']}"):
        assert directory.ask("GET", path).status_code == 404
        assert directory.ask("PUT", path, {"userName": "x@acme.example", "displayName": "X"}).status_code == 404
        assert directory.patch(path, {"op": "replace", "path": "displayName", "value": "X"}).status_code == 404
        assert directory.ask("DELETE", path).status_code == 404
    mine = directory.add_group("Mine")
    added = directory.patch(
        f"Groups/{mine['id']}", {"op": "add", "path": "members", "value": [{"value": person["id"]}]}
    )
    assert (added.status_code, added.json()["scimType"]) == (400, "invalidValue")
    assert directory.ask("GET", "Users", filter='userName eq "nora@globex.example"').json()["totalResults"] == 0


def test_each_scope_opens_its_own_resource_only(acme):
    people = Directory(acme, scopes=["scim.users"])
    assert people.ask("GET", "Users").status_code == 200
    assert people.ask("GET", "Schemas").status_code == 200
    assert people.ask("GET", "Groups").status_code == 403
    groups = Directory(acme, scopes=["scim.groups"])
    assert [groups.ask("GET", path).status_code for path in ("Groups", "Users")] == [200, 403]
    _, text = tokens.make(acme)
    assert tokens.program(text).get("/scim/v2/Users").status_code == 403


def test_a_plan_without_a_directory_is_told_so(acme):
    _, text = tokens.make(acme, purpose="scim")
    answer = tokens.program(text).get("/scim/v2/Users")
    assert (answer.status_code, answer.json()["status"]) == (403, "403")
    assert "plan" in answer.json()["detail"]


def test_the_service_tells_what_it_can(directory):
    config = directory.ask("GET", "ServiceProviderConfig").json()
    assert [config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag")] == [
        True, False, True, False, False,
    ]  # fmt: skip
    types = directory.ask("GET", "ResourceTypes").json()
    assert [one["endpoint"] for one in types["Resources"]] == ["/Users", "/Groups"]
    assert directory.ask("GET", "ResourceTypes/Group").json()["name"] == "Group"
    found = directory.ask("GET", f"Schemas/{USER}").json()
    assert "userName" in [one["name"] for one in found["attributes"]]
    assert directory.ask("GET", "Schemas/urn:nobody").status_code == 404
    assert config["meta"]["location"] == "http://acme.localhost:8000/scim/v2/ServiceProviderConfig"


def test_links_are_built_from_the_stored_origin_never_from_the_host_header(directory):
    directory.client = tokens.program(directory.text, "acme.localhost:666")
    answer = directory.ask("POST", "Users", {"userName": NORA})
    assert answer["Location"].startswith("http://acme.localhost:8000/scim/v2/Users/")
    assert answer.json()["meta"]["location"] == answer["Location"]


def test_entra_id_provisions_renames_disables_and_enables_a_person(acme, directory):
    probe = directory.ask("GET", "Users", filter=f'userName eq "{uuid4()}"').json()
    assert (probe["totalResults"], probe["Resources"]) == (0, [])
    made = directory.ask("POST", "Users", sent("entra_create_user"))
    assert made.status_code == 201
    person = made.json()
    path = f"Users/{person['id']}"
    assert person["userName"] == "Nora.New@acme.example"
    assert person["name"] == {"formatted": "Nora New", "givenName": "Nora", "familyName": "New"}
    assert (person["title"], person["externalId"]) == ("Data analyst", "58342554-38d6-4ec8-948c-50044d0a33fd")
    assert "phoneNumbers" not in person
    found = directory.ask("GET", "Users", filter='userName eq "nora.new@ACME.example"').json()
    assert [one["id"] for one in found["Resources"]] == [person["id"]]
    renamed = directory.ask("PATCH", path, sent("entra_update_user"))
    assert (renamed.status_code, renamed.json()["userName"]) == (200, "nora.newman@acme.example")
    assert (renamed.json()["displayName"], renamed.json()["title"]) == ("Nora Newman", "Head of data")
    assert directory.ask("PATCH", path, sent("entra_disable_user")).json()["active"] is False
    assert directory.ask("PATCH", path, sent("entra_disable_user")).json()["active"] is False
    assert directory.ask("GET", path).json()["active"] is False
    assert directory.ask("PATCH", path, sent("entra_enable_user")).json()["active"] is True
    with schemas.inside(acme):
        kept = User.objects.get(pk=person["id"])
        by = [(row.history_change_reason, row.managed_by) for row in kept.history.all()]
    assert (kept.managed_by, kept.has_usable_password(), kept.role_keys) == ("scim", False, [])
    assert {reason for reason, _ in by} >= {"Kept by the directory (SCIM)", "Deactivated in the directory (SCIM)"}


def test_okta_provisions_updates_and_deactivates_a_person(acme, directory):
    asked = directory.ask("GET", "Users", filter=f'userName eq "{NORA}"', startIndex=1, count=100).json()
    assert asked["totalResults"] == 0
    person = directory.ask("POST", "Users", sent("okta_create_user")).json()
    path = f"Users/{person['id']}"
    assert (person["userName"], person["externalId"]) == (NORA, "00ujl29u0le5T6Aj10h7")
    updated = directory.ask("PUT", path, sent("okta_update_user", one=person["id"]))
    assert (updated.status_code, updated.json()["displayName"]) == (200, "Nora Newman")
    assert updated.json()["externalId"] == "00ujl29u0le5T6Aj10h7", "what is not said stays"
    assert directory.ask("PATCH", path, sent("okta_deactivate_user")).json()["active"] is False
    with schemas.inside(acme):
        kept = User.objects.get(pk=person["id"])
    assert not kept.has_usable_password(), "a password that a directory sends is never set"


@pytest.mark.parametrize("remove", ["entra_remove_member", "entra_remove_member_by_path"])
def test_entra_id_keeps_a_group(acme, directory, remove):
    one, two = directory.add("one@acme.example"), directory.add("two@acme.example")
    group = directory.ask("POST", "Groups", sent("entra_create_group")).json()
    path = f"Groups/{group['id']}"
    added = directory.ask("PATCH", path, sent("entra_add_members", one=one["id"], two=two["id"]))
    assert [entry["value"] for entry in added.json()["members"]] == [one["id"], two["id"]]
    found = directory.ask("GET", "Groups", filter='displayName eq "privacy TEAM"', excludedAttributes="members").json()
    assert [entry["id"] for entry in found["Resources"]] == [group["id"]]
    assert "members" not in found["Resources"][0]
    inside = f'id eq "{group["id"]}" and members eq "{one["id"]}"'
    assert directory.ask("GET", "Groups", filter=inside).json()["totalResults"] == 1
    left = directory.ask("PATCH", path, sent(remove, one=one["id"]))
    assert [entry["value"] for entry in left.json()["members"]] == [two["id"]]
    assert directory.ask("GET", "Groups", filter=inside).json()["totalResults"] == 0
    renamed = directory.ask("PATCH", path, sent("entra_rename_group")).json()
    assert (renamed["displayName"], renamed["externalId"]) == ("Privacy office", "9bb1a0c0")
    person = directory.ask("GET", f"Users/{two['id']}").json()
    assert [entry["display"] for entry in person["groups"]] == ["Privacy office"]
    assert directory.ask("DELETE", path).status_code == 204
    assert directory.ask("GET", path).status_code == 404


def test_okta_pushes_a_group(acme, directory):
    one, two = directory.add("one@acme.example"), directory.add("two@acme.example")
    group = directory.ask("POST", "Groups", sent("okta_create_group")).json()
    path = f"Groups/{group['id']}"
    replaced = directory.ask("PATCH", path, sent("okta_replace_members", one=one["id"])).json()
    assert [entry["value"] for entry in replaced["members"]] == [one["id"]]
    ids = {"one": one["id"], "two": two["id"], "group": group["id"]}
    changed = directory.ask("PATCH", path, sent("okta_change_group", **ids)).json()
    assert (changed["displayName"], [entry["value"] for entry in changed["members"]]) == ("Privacy office", [two["id"]])
    put = directory.ask("PUT", path, {"displayName": "Privacy", "members": [{"value": one["id"]}]}).json()
    assert [entry["value"] for entry in put["members"]] == [one["id"]]
    assert directory.ask("PUT", path, {"displayName": "Privacy"}).json()["members"], "what is not said stays"


@pytest.mark.req("ASVS-7.4.2")
def test_who_is_deactivated_is_out_with_the_next_request(acme, directory, sign_in):
    browser = sign_in("ben")
    assert browser.get("/account/").status_code == 200
    pk = users(acme)["ben@acme.example"].pk
    assert directory.ask("PATCH", f"Users/{pk}", sent("entra_disable_user")).status_code == 200
    answer = browser.get("/account/")
    assert answer.status_code == 302
    assert "/sign-in/" in answer["Location"]
    directory.ask("PATCH", f"Users/{pk}", sent("entra_enable_user"))
    assert browser.get("/account/").status_code == 302, "the old session stays dead"


@pytest.mark.req("ASVS-7.4.2")
def test_who_is_deleted_in_the_directory_is_out_and_their_account_stays(acme, directory, sign_in):
    browser = sign_in("ben")
    pk = users(acme)["ben@acme.example"].pk
    assert directory.ask("DELETE", f"Users/{pk}").status_code == 204
    assert browser.get("/account/").status_code == 302
    assert directory.ask("GET", f"Users/{pk}").status_code == 404
    assert directory.ask("DELETE", f"Users/{pk}").status_code == 404
    assert directory.ask("GET", "Users", filter='userName eq "ben@acme.example"').json()["totalResults"] == 0
    with schemas.inside(acme):
        kept = User.objects.get(pk=pk)
    assert (kept.is_active, kept.full_name) == (False, "Ben Privacy")
    again = directory.ask("POST", "Users", {"userName": "ben@acme.example"})
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness"), "nobody inherits an account"


def test_the_last_administrator_cannot_be_deactivated(acme, directory):
    pk = users(acme)["ann@acme.example"].pk
    for answer in (
        directory.ask("PATCH", f"Users/{pk}", sent("entra_disable_user")),
        directory.ask("PUT", f"Users/{pk}", {"userName": "ann@acme.example", "active": False}),
        directory.ask("DELETE", f"Users/{pk}"),
    ):
        assert answer.status_code == 409
        assert "last tenant admin" in answer.json()["detail"]
    kept = users(acme)["ann@acme.example"]
    assert (kept.is_active, kept.managed_by) == (True, "")


@pytest.mark.parametrize("name", ["ben@acme.example", "BEN@acme.example", " ben@acme.example "])
def test_a_person_who_is_here_already_is_a_conflict_that_tells_nothing_of_the_database(directory, name):
    answer = directory.ask("POST", "Users", {"userName": name})
    assert answer.status_code == 409
    assert answer.json() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409",
        "detail": "An account with this userName is here already.",
        "scimType": "uniqueness",
    }


def test_a_name_that_another_has_is_a_conflict_when_it_is_taken_over_too(directory):
    person = directory.add()
    answer = directory.ask("PUT", f"Users/{person['id']}", {"userName": "ben@acme.example"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    directory.add_group("One")
    two = directory.add_group("Two")
    taken = directory.patch(f"Groups/{two['id']}", {"op": "replace", "path": "displayName", "value": "ONE"})
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert directory.ask("POST", "Groups", {"displayName": "two"}).status_code == 409


def test_the_address_of_a_person_with_a_password_is_not_the_directorys_to_change(acme, directory):
    """Else whoever holds the token could have a new password mailed to themselves."""
    pk = users(acme)["ann@acme.example"].pk
    answer = directory.patch(f"Users/{pk}", {"op": "replace", "path": "userName", "value": "thief@acme.example"})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
    assert "thief@acme.example" not in users(acme)


@pytest.mark.req("ASVS-15.3.3")
def test_attributes_that_are_no_business_of_a_directory_are_ignored(acme, directory):
    more = {
        "id": str(uuid4()),
        "roles": [{"value": "tenant_admin"}],
        "role": "tenant_admin",
        "groups": [{"value": "Administrators"}],
        "is_superuser": True,
        "isActive": False,
        "is_active": False,
        "managed_by": "",
        "password": "correct horse battery staple",
        "session_epoch": 99,
        "email_index": "0" * 64,
        "subject_key": str(uuid4()),
        "created_at": "2001-01-01",
        "grants": ["tenant_admin"],
        "__class__": "x",
        "meta": {"created": "2001-01-01"},
        "entitlements": ["all"],
    }
    person = directory.add(NORA, **more)
    directory.ask("PUT", f"Users/{person['id']}", {"userName": NORA} | more)
    directory.patch(f"Users/{person['id']}", {"op": "replace", "value": more})
    for name in ("roles", "password", "is_superuser", "managed_by", "session_epoch", "email_index"):
        directory.patch(f"Users/{person['id']}", {"op": "add", "path": name, "value": more[name]})
    with schemas.inside(acme):
        kept = User.objects.get(pk=person["id"])
        assert not RoleGrant.objects.filter(user=kept).exists()
    assert str(kept.pk) != more["id"]
    assert (kept.is_active, kept.managed_by, kept.session_epoch) == (True, "scim", 0)
    assert not kept.has_usable_password()
    assert kept.email_index != more["email_index"]
    assert kept.created_at.year >= 2026
    group = directory.ask(
        "POST", "Groups", {"displayName": "Admins", "role": "tenant_admin", "given_to": [person["id"]]}
    ).json()
    directory.patch(f"Groups/{group['id']}", {"op": "replace", "value": {"role": "tenant_admin"}})
    with schemas.inside(acme):
        row = ProvisionedGroup.objects.get()
        assert (row.role, row.given_to) == ("", [])


@pytest.mark.parametrize(
    ("asked", "status", "found"),
    [
        ('userName eq "ben@acme.example"', 200, 1),
        ('username EQ "BEN@ACME.EXAMPLE"', 200, 1),
        (f'{USER}:userName eq "ben@acme.example"', 200, 1),
        ('emails.value eq "ben@acme.example"', 200, 1),
        ('emails[type eq "work"].value eq "ben@acme.example"', 200, 1),
        ('emails[value eq "ben@acme.example"]', 200, 1),
        ("active eq true", 200, 5),
        ('active eq "False"', 200, 0),
        ("not (active eq true)", 200, 0),
        ('externalId eq "nothing"', 200, 0),
        ('userName eq "ben@acme.example" or userName eq "cay@acme.example"', 200, 2),
        ('active eq true and (userName eq "ben@acme.example" or userName eq "cay@acme.example")', 200, 2),
        ('userName eq "ben@acme.example" and active eq true or active eq false', 400, None),
        ('id eq "no-id"', 200, 0),
        ('userName eq "%"', 200, 0),
        ('userName eq "ben@acme.example\' OR 1=1 --"', 200, 0),
        ('userName eq "\' UNION SELECT * FROM members_user; --"', 200, 0),
        ('userName eq "*"', 200, 0),
        ('userName co "%"', 400, None),
        ('userName sw ""', 400, None),
        ("userName pr", 400, None),
        ('userName ne "x"', 400, None),
        ('displayName eq "Ben Privacy"', 400, None),
        ('password eq "x"', 400, None),
        ('email_index eq "x"', 400, None),
        ('grants__role eq "tenant_admin"', 400, None),
        ('urn:other:2.0:Thing:userName eq "ben@acme.example"', 400, None),
        ("1=1", 400, None),
        ('"', 400, None),
        ("(" * 400 + "active eq true" + ")" * 400, 400, None),
        ("active eq true" + " and active eq true" * 60, 400, None),
        ('userName eq "' + "x" * 5000 + '"', 400, None),
        ('userName eq "a\x00b"', 400, None),
        ('externalId eq "a\x00b"', 400, None),
        ('emails[type eq "work" or 1].value eq "x"', 400, None),
        ('a[b[c eq "1"] eq "2"] eq "3"', 400, None),
        ("[]", 400, None),
        ("userName eq null", 200, 0),
    ],
)
def test_a_filter_finds_what_equals_it_and_nothing_by_tricks(directory, asked, status, found):
    answer = directory.ask("GET", "Users", filter=asked)
    assert answer.status_code == status, answer.content
    if status == 200:
        assert answer.json()["totalResults"] == found
    else:
        assert answer.json()["scimType"] == "invalidFilter"
    assert directory.ask("GET", "Groups", filter=asked).status_code in (200, 400)


def test_a_list_comes_in_pages_that_overlap_nowhere(directory):
    for number in range(5):
        directory.add(f"person{number}@acme.example")
    everybody = [one["id"] for one in directory.ask("GET", "Users").json()["Resources"]]
    assert len(everybody) == 10
    seen = []
    for start in (1, 4, 7, 10):
        page = directory.ask("GET", "Users", startIndex=start, count=3).json()
        assert (page["totalResults"], page["startIndex"]) == (10, start)
        assert page["itemsPerPage"] == len(page["Resources"])
        seen += [one["id"] for one in page["Resources"]]
    assert seen == everybody
    assert directory.ask("GET", "Users", startIndex=11).json()["Resources"] == []
    nothing = directory.ask("GET", "Users", count=0).json()
    assert (nothing["totalResults"], nothing["Resources"]) == (10, [])
    assert directory.ask("GET", "Users", startIndex=-5, count=-1).json()["startIndex"] == 1
    assert directory.ask("GET", "Users", count=999999999).status_code == 200
    for wrong in ("x", "1.5", "１", "9" * 40, "--1", "\x00"):
        assert directory.ask("GET", "Users", startIndex=wrong).status_code == 400


def test_only_the_attributes_asked_for_are_told(directory):
    person = directory.add()
    told = directory.ask("GET", f"Users/{person['id']}", attributes="userName,name.givenName").json()
    assert set(told) == {"schemas", "id", "userName", "name"}
    told = directory.ask("GET", f"Users/{person['id']}", excludedAttributes="emails,id").json()
    assert "emails" not in told
    assert told["id"] == person["id"]


DEEP = b'{"userName":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
HOSTILE = [
    b"", b"{", b"[]", b"null", b"1", b'"text"', b"{}", b"\xff\xfe\x00", b"{\"userName\": \"\xc3\"}", DEEP,
    b'{"userName": "x@acme.example", "active": NaN}', b'{"userName": ' + b"9" * 5000 + b"}",
    b"x" * (1024 * 1024 + 1), b'{"userName": "\\ud800@acme.example"}', b'{"userName": "a\\u0000@acme.example"}',
    b'{"displayName": {"a": 1}}', b'{"displayName": "\\u0000"}', b'{"displayName": "\\udfff"}',
    b'{"displayName": "x", "members": "all"}', b'{"displayName": "x", "members": [{"value": {"a": 1}}]}',
    b'{"displayName": "x", "members": [[[]]]}', b'{"displayName": "x", "members": [1, null, true]}',
]  # fmt: skip
WRONG = [
    {"userName": 1}, {"userName": None}, {"userName": ["a@acme.example"]}, {"userName": {}}, {"userName": "nobody"},
    {"userName": "a@acme.example" * 50}, {"userName": "x@acme.example", "active": "perhaps"},
    {"userName": "x@acme.example", "active": 1}, {"userName": "x@acme.example", "active": []},
    {"userName": "x@acme.example", "name": "Nora"}, {"userName": "x@acme.example", "name": {"givenName": 5}},
    {"userName": "x@acme.example", "displayName": "x" * 121}, {"userName": "x@acme.example", "displayName": "a\nb"},
    {"userName": "x@acme.example", "title": {"a": 1}}, {"userName": "x@acme.example", "externalId": "x" * 256},
    {"userName": "x@acme.example", "externalId": "\x00"}, {"userName": "x@acme.example", "externalId": 7},
    {"userName": "x@acme.example", "emails": [{"value": 5}]},
    {"userName": "x@acme.example", "emails": [{"value": "y@acme.example"}]},
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_body_that_is_anything_is_refused_as_scim_refuses(acme, directory, body):
    person, group = directory.add(), directory.add_group()
    before = len(users(acme))
    places = [
        ("POST", "Users"),
        ("POST", "Groups"),
        ("PUT", f"Groups/{group['id']}"),
        ("PATCH", f"Users/{person['id']}"),
    ]
    for verb, path in (*places, ("PATCH", f"Groups/{group['id']}")):
        answer = directory.ask(verb, path, body)
        assert answer.status_code in (400, 413), (verb, path, answer.content)
        assert answer.json()["status"] == str(answer.status_code)
        assert answer["Content-Type"] == "application/scim+json"
    assert len(users(acme)) == before


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
def test_a_value_of_the_wrong_type_is_named(acme, directory, body):
    answer = directory.ask("POST", "Users", body)
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert len(users(acme)) == 5


@pytest.mark.parametrize(
    "operations",
    [
        None, [], {}, "replace", [None], ["replace"], [[]], [{}], [{"op": 1}], [{"op": "move", "path": "title"}],
        [{"op": "replace"}], [{"op": "replace", "value": "x"}], [{"op": "replace", "value": [1]}],
        [{"op": "remove"}], [{"op": "remove", "path": ""}], [{"op": "remove", "path": "userName"}],
        [{"op": "replace", "path": 5, "value": "x"}], [{"op": "replace", "path": "((", "value": "x"}],
        [{"op": "replace", "path": 'title eq "1" or title', "value": "x"}],
        [{"op": "replace", "path": "a.b.c", "value": "x"}], [{"op": "replace", "path": "[", "value": "x"}],
        [{"op": "replace", "path": "x" * 5000, "value": "x"}], [{"op": "replace", "path": "id", "value": "x"}],
        [{"op": "replace", "path": "groups", "value": []}], [{"op": "replace", "path": "active", "value": "maybe"}],
        [{"op": "replace", "path": "name", "value": "x"}], [{"op": "replace", "path": "userName", "value": None}],
        [{"op": "replace", "path": 'emails[type pr].value', "value": "x"}],
        [{"op": "replace", "path": 'not (title eq "x")', "value": "x"}],
        [{"op": "add", "path": "title", "value": "x"}] * 1001,
    ],
    ids=lambda operations: json.dumps(operations)[:60],
)  # fmt: skip
def test_an_operation_that_makes_no_sense_changes_nothing(acme, directory, operations):
    person = directory.add()
    answer = directory.ask("PATCH", f"Users/{person['id']}", {"schemas": [], "Operations": operations})
    assert answer.status_code in (400, 413), answer.content
    assert answer.json()["status"] == str(answer.status_code)
    assert directory.ask("GET", f"Users/{person['id']}").json() == person


@pytest.mark.parametrize("pk", ["x", "1", "00000000-0000-4000-8000-000000000000", "%00", "..", "a" * 300, "' OR 1=1"])
def test_an_id_of_nobody_is_not_found(directory, pk):
    for kind in ("Users", "Groups"):
        assert directory.ask("GET", f"{kind}/{pk}").status_code == 404
        assert directory.ask("DELETE", f"{kind}/{pk}").status_code == 404


def test_verbs_that_a_resource_lacks_are_refused(directory):
    assert directory.ask("DELETE", "Users").status_code == 405
    assert directory.ask("POST", "Schemas", {}).status_code == 405


def test_a_change_that_changes_nothing_writes_nothing(acme, directory):
    person = directory.add()
    with schemas.inside(acme):
        before = User.objects.get(pk=person["id"]).history.count()
    assert directory.ask("PUT", f"Users/{person['id']}", person).json() == person
    assert (
        directory.patch(f"Users/{person['id']}", {"op": "Replace", "path": "active", "value": "True"}).json() == person
    )
    with schemas.inside(acme):
        assert User.objects.get(pk=person["id"]).history.count() == before


def test_parts_of_a_name_change_by_themselves(directory):
    person = directory.add(displayName="Anna Maria Weber")
    path = f"Users/{person['id']}"
    assert person["name"] == {"formatted": "Anna Maria Weber", "givenName": "Anna Maria", "familyName": "Weber"}
    married = directory.patch(path, {"op": "Replace", "path": "name.familyName", "value": "Schulz"}).json()
    assert married["displayName"] == "Anna Maria Schulz"
    short = directory.patch(path, {"op": "Replace", "path": "name.givenName", "value": "Anna"}).json()
    assert short["displayName"] == "Anna Schulz"
    gone = directory.patch(path, {"op": "Remove", "path": "title"}, {"op": "remove", "path": "externalId"}).json()
    assert "externalId" not in gone


@pytest.mark.req("ASVS-16.3.2")
def test_conflicts_are_in_the_access_log_under_the_tokens_name(acme, directory):
    directory.ask("POST", "Users", {"userName": "ben@acme.example"})
    with schemas.inside(acme):
        entry = Access.objects.order_by("-id").first()
    assert (entry.kind, entry.what, entry.actor["name"]) == ("refused", "POST scim-users", "token Entra ID")
    assert "ben@" not in entry.detail


def test_the_token_is_the_actor_of_what_it_writes(acme, directory):
    person = directory.add()
    with schemas.inside(acme):
        row = User.objects.get(pk=person["id"]).history.first()
    assert (row.actor_name, row.actor_kind) == ("token Entra ID", "service")


def test_the_directory_page_shows_what_came_and_names_nobody(acme, directory, sign_in):
    browser = sign_in("ann")
    assert "Nothing has been asked yet" in browser.get("/access/directory/").content.decode()
    directory.add("nora@acme.example")
    directory.add_group("Privacy team")
    directory.ask("POST", "Users", {"userName": "ben@acme.example"})
    page = browser.get("/access/directory/").content.decode()
    assert "http://acme.localhost:8000/scim/v2" in page
    assert "POST Users" in page
    assert "An account with this userName is here already" in page
    assert "Privacy team" in page
    assert "nora@acme.example" not in page
    assert "ben@acme.example" not in page
    assert {sign_in(key).get("/access/directory/").status_code for key in ("ben", "sid", "cay", "aud")} == {403}


def test_people_of_the_directory_are_told_apart_on_the_page_of_people_and_can_be_invited(directory, sign_in):
    person, browser = directory.add(), sign_in("ann")
    assert "Kept by the directory" in browser.get(f"/people/{person['id']}/").content.decode()
    invited = browser.post(f"/people/{person['id']}/invite-again/", {"reason": "Until we have single sign-on"})
    assert invited.status_code == 302
    assert "Invited" in browser.get(f"/people/{person['id']}/").content.decode()


def test_without_the_plan_the_page_says_so(acme, sign_in):
    page = sign_in("ann").get("/access/directory/").content.decode()
    assert "Not in your plan" in page


def test_a_role_is_chosen_for_a_group_and_its_members_have_it(acme, directory, sign_in):
    person = directory.add()
    group = directory.add_group("Privacy team", person["id"])
    browser, path = sign_in("ann"), f"/access/directory/groups/{group['id']}/role/"
    assert browser.get(path).status_code == 200
    assert browser.post(path, {"role": "privacy_officer", "reason": ""}).status_code == 422
    assert browser.post(path, {"role": "platform_admin", "reason": "They run it"}).status_code == 422
    assert browser.post(path, {"role": "privacy_officer", "reason": "They run it"}).status_code == 302
    with schemas.inside(acme):
        assert User.objects.get(pk=person["id"]).role_keys == ["privacy_officer"]
    assert "Privacy officer" in browser.get("/access/directory/").content.decode()
    assert {sign_in(key).post(path, {"role": "", "reason": "Not mine"}).status_code for key in ("ben", "cay")} == {403}


def test_a_group_of_another_tenant_is_not_found(acme, globex, sign_in):
    group = Directory(globex).add_group()
    assert sign_in("ann").get(f"/access/directory/groups/{group['id']}/role/").status_code == 404
    assert cast.tenant("acme").plan == "standard"


def test_a_list_costs_the_same_whatever_its_length(directory, django_assert_max_num_queries):
    directory.add_group("Team", *(directory.add(f"person{number}@acme.example")["id"] for number in range(12)))
    with django_assert_max_num_queries(12):
        assert len(directory.ask("GET", "Users").json()["Resources"]) == 17
    with django_assert_max_num_queries(12):
        assert len(directory.ask("GET", "Groups").json()["Resources"][0]["members"]) == 12
