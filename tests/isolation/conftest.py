"""One stage for all walks: three schemas full of canaries, and everybody signed in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.roles import actions as roles
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
    permissions: frozenset[str] = frozenset()
    # Whether what was planted for one person is this person's.
    owns_rows: bool = False

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
    # By key of the tenant: a browser after the first of two steps; one of staff without the second factor they need.
    half: dict[str, Visitor] = field(default_factory=dict)
    bare: dict[str, Visitor] = field(default_factory=dict)

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
            made.visitors[key][everybody.index(author)].owns_rows = True
            made.half[key] = half_way(tenant, next(user for user in everybody if user.has_perm("members.sign")))
            if tenant.is_platform:
                bare = next(user for user in everybody if not user.has_perm("members.sign"))
                made.bare[key] = signed_in(bare, tenant, second_at=None, second="")
    return made


def people(tenant: Tenant) -> list[User]:
    """One person for every role of the schema; those whom the cast lacks are hired."""
    have = {key for user in User.objects.all() for key in user.role_keys}
    missing = [role for role in catalogue.of_schema(platform=tenant.is_platform) if role.key not in have]
    names = {role.key: role.name for role in missing} | ({} if tenant.is_platform else {made_here(): "Registrar"})
    extras = {
        key: cast.Part(f"Extra {name} {tenant.name}", f"{key}@{tenant.schema_name}.example", key)
        for key, name in names.items()
    }
    cast._hire(extras)
    return list(User.objects.order_by("created_at"))


def made_here() -> str:
    """The key of a role that this tenant made for itself."""
    said = {"actor": cast.DIRECTOR, "now": cast.BEGINNING, "reason": "Set the stage"}
    permissions = ["members.view_people", "members.review_access", "privacy.view_requests"]
    return roles.make(name="Registrar", purpose="Keeps the registers", permissions=permissions, **said).key


def half_way(tenant: Tenant, user: User) -> Visitor:
    """A browser in which the password of somebody who has a second factor was right."""
    client = Client(headers={"host": tenant.host})
    path = "/console/sign-in/" if tenant.is_platform else "/sign-in/"
    answer = client.post(path, {"email": user.email, "password": cast.PASSWORD})
    assert answer.status_code == 302, answer.content
    return Visitor(user.role_keys[0], tenant.schema_name, cookies_of(client))


def signed_in(user: User, tenant: Tenant, **door: object) -> Visitor:
    # Proved far ahead: the walk takes longer than a proof holds.
    client = cast.browser(user, tenant, proved_at=timezone.now() + timedelta(hours=3), **door)
    return Visitor(user.role_keys[0], tenant.schema_name, cookies_of(client), frozenset(user.permissions()))


def cookies_of(client: Client) -> dict[str, str]:
    return {name: morsel.value for name, morsel in client.cookies.items()}


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
