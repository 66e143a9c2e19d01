"""What a directory is told, and what it is not: names of people, and rows that went meanwhile."""

import pytest
from django.utils import timezone

from audit.context import service
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles import actions as roles
from tenants.members.scim import actions, queries
from tests import cast
from tests.tenants.members.api_tokens import tokens
from tests.tenants.members.scim.directory import Directory

pytestmark = pytest.mark.django_db


def displays(answer):
    return [[member.get("display") for member in one["members"]] for one in answer.json()["Resources"]]


@pytest.mark.req("ASVS-8.2.3")
def test_names_of_members_are_told_to_who_may_read_people_only(acme, directory):
    person = directory.add()
    group = directory.add_group("Team", person["id"])
    assert displays(directory.ask("GET", "Groups")) == [["Nora New"]]
    _, text = tokens.make(acme, purpose="scim", name="Groups only", scopes=["scim.groups"])
    directory.client = tokens.program(text)
    assert displays(directory.ask("GET", "Groups")) == [[None]]
    one = directory.ask("GET", f"Groups/{group['id']}")
    assert [member["value"] for member in one.json()["members"]] == [person["id"]]
    renamed = directory.patch(f"Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "People"})
    assert (renamed.status_code, "Nora" in renamed.content.decode()) == (200, False)


@pytest.mark.parametrize("shape", [{"excludedAttributes": "members"}, {"attributes": "displayName"}])
def test_names_that_nobody_asked_for_are_not_read(directory, monkeypatch, shape):
    group = directory.add_group("Team", directory.add()["id"])
    read = []
    monkeypatch.setattr(queries, "names_of", lambda members: read.append(members) or {})
    for path in ("Groups", f"Groups/{group['id']}"):
        assert directory.ask("GET", path, **shape).status_code == 200
    assert read == []
    directory.ask("GET", "Groups")
    assert len(read) == 1


@pytest.mark.parametrize("verb", ["PUT", "DELETE"])
def test_a_group_that_goes_while_it_is_changed_is_not_found(acme, directory, monkeypatch, verb):
    group = directory.add_group("Team")
    find = queries.group

    def find_and_lose(text):
        found = find(text)
        actions.delete_group(found, actor=service("token Another"), now=timezone.now())
        return found

    monkeypatch.setattr(queries, "group", find_and_lose)
    answer = directory.ask(verb, f"Groups/{group['id']}", {"displayName": "Other"} if verb == "PUT" else None)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/scim+json")
    assert answer.json()["detail"] == "It is not here any more."


@pytest.mark.req("P11-10d")
def test_a_directory_opens_what_it_shut_and_nothing_that_a_person_shut(acme, directory):
    person = directory.add()
    path = f"Users/{person['id']}"
    switch = [{"op": "replace", "path": "active", "value": value} for value in (False, True)]
    assert [directory.patch(path, one).json()["active"] for one in switch] == [False, True]
    with schemas.inside(acme):
        user = User.objects.get(pk=person["id"])
        roles.deactivate(user, actor=cast.person("ann").actor, now=timezone.now(), reason="Left the company")
    assert directory.patch(path, switch[1]).status_code == 404
    again = directory.ask("POST", "Users", {"userName": person["userName"], "active": True})
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert "Only an administrator of this workspace opens it again" in again.json()["detail"]
    with schemas.inside(acme):
        assert not User.objects.get(pk=person["id"]).is_active


def test_a_group_that_grows_too_large_is_refused_in_words(acme, monkeypatch):
    directory = Directory(acme)
    people = [directory.add(f"person{number}@acme.example")["id"] for number in range(3)]
    monkeypatch.setattr(actions, "MOST_MEMBERS", 2)
    path = f"Groups/{directory.add_group('Team', *people[:2])['id']}"
    answer = directory.patch(path, {"op": "add", "path": "members", "value": [{"value": people[2]}]})
    assert (answer.status_code, answer.json()["detail"]) == (400, "A group has at most 2 members.")
