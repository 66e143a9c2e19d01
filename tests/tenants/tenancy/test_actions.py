import re
from datetime import UTC, datetime

import pytest
from django.db import connection

from audit import context
from tenants import schemas
from tenants.members.accounts.models import User
from tenants.tenancy import actions
from tenants.tenancy.models import Domain, Tenant
from tests import cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ACTOR = context.service("tests")


def provision(**changes: str) -> Tenant:
    given = {"name": "Initech", "origin": "http://initech.localhost:8000", "region": "eu-central", **changes}
    return actions.provision(**given, actor=ACTOR, now=NOW, reason="A new customer")


def test_a_tenant_gets_a_generated_schema_that_takes_records_at_once(platform):
    tenant = provision()
    assert re.fullmatch(r"t_[a-z0-9]{12}", tenant.schema_name)
    with schemas.inside(tenant):
        assert User.objects.count() == 0


def test_a_tenant_takes_at_most_two_hundred_relations(platform):
    tenant = provision()
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s",
            [tenant.schema_name],
        )
        relations = cursor.fetchone()[0]
    assert relations <= 200, relations


@pytest.mark.parametrize(
    "host", ["acme.localhost", "localhost", "www.initech.example", "initech", "a b.example", "ex ample", ""]
)
def test_a_host_that_is_taken_reserved_or_malformed_is_refused_and_leaves_nothing(platform, host):
    before = Tenant.objects.count(), Domain.objects.count()
    with pytest.raises(actions.ProvisioningRefused) as refused:
        provision(origin=f"http://{host}:8000")
    assert refused.value.field == "host"
    assert (Tenant.objects.count(), Domain.objects.count()) == before


@pytest.mark.parametrize("region", ["us-east", "moon"])
@pytest.mark.req("FMT-RG04")
def test_a_deployment_refuses_a_tenant_of_another_region(platform, region):
    with pytest.raises(actions.ProvisioningRefused) as refused:
        provision(region=region)
    assert refused.value.field == "region"


def test_a_failure_half_way_leaves_no_tenant_no_schema_and_no_role(platform, monkeypatch):
    seen = []

    def fail(*, now):
        seen.append(schemas.current_schema())
        raise RuntimeError("disk full")

    monkeypatch.setattr(actions.subject_keys, "create_tenant_keys", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        provision()
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", seen)
        schemas_left = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", seen)
        roles_left = cursor.fetchone()[0]
    assert (schemas_left, roles_left, Tenant.objects.filter(name="Initech").count()) == (0, 0, 0)


def test_people_of_one_tenant_are_not_in_another(acme, globex):
    with schemas.inside(acme):
        names = sorted(user.full_name for user in User.objects.all())
    assert names == sorted(part.name for part in cast.ACME.values())
    with schemas.inside(globex):
        assert sorted(user.full_name for user in User.objects.all()) == sorted(p.name for p in cast.GLOBEX.values())


def test_a_renamed_origin_is_written_into_the_history_with_reason(platform, acme):
    actions.change_origin(acme, origin="http://acme.localhost:9000", actor=ACTOR, now=NOW, reason="Port moved")
    last = Tenant.objects.get(pk=acme.pk).history.first()
    assert (last.origin, last.history_change_reason, last.who, last.actor_role) == (
        "http://acme.localhost:9000",
        "Port moved",
        "tests",
        "service",
    )
