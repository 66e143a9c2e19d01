"""Two requests of a directory at the same moment: real commits, real locks."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.utils import timezone

from audit.context import service
from tenants import schemas
from tenants.members.scim import actions
from tenants.members.scim.catalogue import Group, Person, ScimRefused
from tenants.members.scim.models import ProvisionedGroup
from tests import cast

TOKEN = service("token Entra ID")
NOW = timezone.now()


def test_changes_of_one_group_at_once_lose_none_of_each_other(committed_db):
    acme = cast.tenant("acme")
    with schemas.inside(acme):
        row = actions.create_group(said=Group("Team"), actor=TOKEN, now=NOW)
        people = [cast.person(key).pk for key in ("ben", "sid", "cay", "aud")]

    def join(pk):
        try:
            with schemas.inside(acme):
                actions.change_group(row, change=lambda was: was.joined_by([pk]), actor=TOKEN, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(join, people))
    with schemas.inside(acme):
        assert {*ProvisionedGroup.objects.get(pk=row.pk).members} == {*people}


def test_one_person_created_by_two_requests_at_once_is_one_account(committed_db):
    acme = cast.tenant("acme")

    def create(_):
        try:
            with schemas.inside(acme):
                return actions.create_person(said=Person("nora@acme.example", "Nora New"), actor=TOKEN, now=NOW).email
        except ScimRefused as refused:
            return refused.status
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=3) as pool:
        answers = sorted(map(str, pool.map(create, range(3))))
    assert answers == ["409", "409", "nora@acme.example"]
