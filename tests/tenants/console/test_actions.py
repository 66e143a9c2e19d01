from datetime import UTC, datetime

import pytest
from django.db import connection

from tenants import schemas
from tenants.console import actions
from tenants.members.accounts.queries import by_email
from tenants.tenancy.actions import ProvisioningRefused
from tenants.tenancy.models import Tenant
from tests import cast
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def provision(**changes: str) -> Tenant:
    given = {
        "name": "Initech",
        "host": "initech.localhost",
        "region": "eu-central",
        "admin_name": "Ina Initech",
        "admin_email": "ina@initech.example",
        **changes,
    }
    return actions.provision_with_admin(**given, actor=cast.DIRECTOR, now=NOW, reason="Contract signed")


def test_the_first_admin_is_invited_on_the_tenants_own_host(platform):
    tenant = provision()
    with schemas.inside(tenant):
        ina = by_email("ina@initech.example")
        email = mails.newest("invitation")
        assert (ina.role_keys, ina.has_usable_password(), email.to) == (["tenant_admin"], False, ina.email)
        assert mails.link_in(email).startswith("http://initech.localhost:8000/invitation/")
    assert tenant.origin == "http://initech.localhost:8000"
    assert tenant.history.get().history_change_reason == "Contract signed"


def test_when_the_invitation_fails_no_tenant_is_left(platform, monkeypatch):
    seen = []

    def fail(**given: object) -> None:
        seen.append(schemas.current_schema())
        raise RuntimeError("mail is down")

    monkeypatch.setattr(actions.roles, "invite", fail)
    with pytest.raises(RuntimeError, match="mail is down"):
        provision()
    with schemas.on_platform(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", seen)
        left = cursor.fetchone()[0]
    assert (left, Tenant.objects.filter(name="Initech").count()) == (0, 0)


def test_the_same_host_twice_is_refused_and_the_first_tenant_stays(platform):
    first = provision()
    with pytest.raises(ProvisioningRefused, match="already leads to another tenant") as refused:
        provision(name="Initech Two")
    assert refused.value.field == "host"
    assert Tenant.objects.filter(domains__domain="initech.localhost").get().pk == first.pk
