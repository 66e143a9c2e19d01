"""One stage for all walks: three schemas full of canaries, and everybody signed in."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles import catalogue
from tenants.tenancy.models import Tenant
from tests import cast, database
from tests.isolation import scene


@dataclass
class Visitor:
    """Somebody with a session of one schema; the anonymous one has none."""

    name: str
    schema: str
    cookies: dict[str, str] = field(default_factory=dict)

    def at(self, host: str) -> Client:
        client = Client(headers={"host": host}, raise_request_exception=False)
        for name, value in self.cookies.items():
            client.cookies[name] = value
        return client


@dataclass
class Stage:
    tenants: dict[str, Tenant]
    scenes: dict[str, scene.Scene]
    visitors: dict[str, list[Visitor]]
    names: dict[str, set[str]]

    def host(self, key: str) -> str:
        return "localhost" if key == "platform" else f"{key}.localhost"


@pytest.fixture(scope="session")
def stage(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Stage]:
    with django_db_blocker.unblock(), database.clone("test_isolation", database.template()) as name:  # type: ignore[attr-defined]
        with database.pointed_at(name):
            made = set_stage()
            connection.close()
        yield made, name


def set_stage() -> Stage:
    tenants = {key: cast.tenant("localhost" if key == "platform" else key) for key in ("platform", "acme", "globex")}
    made = Stage(tenants, {}, {}, {})
    customer = tenants["acme"].pk
    for key, tenant in tenants.items():
        with schemas.inside(tenant):
            everybody = people(tenant)
            author = next(user for user in everybody if user.has_perm("privacy.log_incidents"))
            made.names[key] = {text for user in everybody for text in (user.full_name, user.email)}
            made.scenes[key] = scene.Scene(tenant.schema_name, customer=customer, member=author.pk).plant()
            made.visitors[key] = [signed_in(user, tenant) for user in everybody]
    return made


def people(tenant: Tenant) -> list[User]:
    """One person for every role of the schema; those whom the cast lacks are hired."""
    have = {key for user in User.objects.all() for key in user.role_keys}
    missing = [role for role in catalogue.of_schema(platform=tenant.is_platform) if role.key not in have]
    extras = {
        role.key: cast.Part(f"Extra {role.name} {tenant.name}", f"{role.key}@{tenant.schema_name}.example", role.key)
        for role in missing
    }
    cast._hire(extras)
    return list(User.objects.order_by("created_at"))


def signed_in(user: User, tenant: Tenant) -> Visitor:
    client = cast.browser(user, tenant)
    return Visitor(
        user.role_keys[0], tenant.schema_name, {name: morsel.value for name, morsel in client.cookies.items()}
    )


@pytest.fixture
def walk(stage: tuple[Stage, str], django_db_blocker: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage, in a transaction that is rolled back: no visitor finds what another one changed."""
    made, name = stage
    with django_db_blocker.unblock(), database.pointed_at(name):  # type: ignore[attr-defined]
        with transaction.atomic():
            yield made
            transaction.set_rollback(True)
        connection.set_schema_to_public()
        connection.close()
        cache.clear()
