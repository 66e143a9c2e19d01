import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tenants import schemas
from tenants.members.accounts.queries import by_email
from tenants.tenancy.models import Tenant
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db


def run(*words: str, name: str = "Initech", **changes: str) -> str:
    given = {"host": "initech.localhost", "region": "eu-central", "admin_email": "ina@initech.example", **changes}
    said = StringIO()
    options = [f"--{option.replace('_', '-')}={value}" for option, value in given.items()]
    call_command("provision_tenant", name, *options, *words, stdout=said)
    return said.getvalue()


def test_it_prints_schema_origin_and_time_and_invites_the_admin(platform):
    said = run(admin_name="Ina Initech")
    tenant = Tenant.objects.get(name="Initech")
    lines = said.splitlines()
    assert lines[:2] == [f"schema: {tenant.schema_name}", "origin: http://initech.localhost:8000"]
    assert re.fullmatch(r"provisioned in \d+\.\d\d s", lines[2])
    with schemas.inside(tenant):
        assert by_email("ina@initech.example").full_name == "Ina Initech"
        assert mails.newest("invitation").to == "ina@initech.example"
    last = tenant.history.get()
    assert (last.actor_name, last.history_change_reason) == ("provision_tenant", "Provisioned on the command line")


def test_without_a_name_the_admin_is_called_by_the_address(platform):
    run()
    with schemas.inside(Tenant.objects.get(name="Initech")):
        assert by_email("ina@initech.example").full_name == "ina"


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        ({"name": ""}, "NAME: "),
        ({"host": "acme.localhost"}, "--host: acme.localhost already leads"),
        ({"host": "not a host"}, "--host: Give a full host name"),
        ({"host": "www.initech.example"}, "--host: www.initech.example is reserved"),
        ({"region": "us-east"}, "--region: This deployment serves eu-central only"),
        ({"region": "moon"}, "--region: There is no such region"),
        ({"admin_email": "nobody"}, "--admin-email: Enter an e-mail address"),
        ({"plan": "free"}, "--plan: "),
        ({"reason": "n/a"}, "--reason: "),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(acme, platform, change, begins):
    before = Tenant.objects.count()
    with pytest.raises(CommandError) as refused:
        run(**change)
    assert str(refused.value).startswith(begins)
    assert "\n" not in str(refused.value)
    assert (refused.value.returncode, Tenant.objects.count()) == (2, before)
