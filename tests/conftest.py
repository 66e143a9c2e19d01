"""Fixtures of the whole suite: a database of its own for each session, and the cast."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tenants import schemas
from tenants.tenancy.models import Tenant
from tests import cast, database
from tests.requirements import pytest_collection_modifyitems  # noqa: F401  a hook works by its name


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    with django_db_blocker.unblock(), database.clone("test", database.template()) as name, database.pointed_at(name):
        yield


@pytest.fixture(autouse=True)
def _start_on_platform(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test inherits the schema or the cache of the one before."""
    yield
    if {"db", "committed_db"} & set(request.fixturenames) or request.node.get_closest_marker("django_db"):
        cache.clear()
    # Also after a test that reached the database by a way of its own.
    connection.set_schema_to_public()


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this test's own, in which commits are real: for threads, locks and other processes."""
    source = database.template()
    with django_db_blocker.unblock(), database.clone("test_committed", source) as name, database.pointed_at(name):
        yield name
        connection.close()


@pytest.fixture
def acme(db: None) -> Tenant:
    return cast.tenant("acme")


@pytest.fixture
def globex(db: None) -> Tenant:
    return cast.tenant("globex")


@pytest.fixture
def platform(db: None) -> Tenant:
    return cast.tenant("localhost")


@pytest.fixture
def in_acme(acme: Tenant) -> Iterator[Tenant]:
    """The test runs in Acme's schema."""
    with schemas.inside(acme):
        yield acme


@pytest.fixture
def sign_in() -> Callable[[str], Client]:
    """`sign_in("ann")` gives a browser in which Ann is signed in on her own host; sessions are real rows."""

    def enter(key: str) -> Client:
        name = "acme" if key in cast.ACME else "globex" if key in cast.GLOBEX else "localhost"
        tenant = cast.tenant(name)
        with schemas.inside(tenant):
            return cast.browser(cast.person(key), tenant)

    return enter


@pytest.fixture
def stranger() -> Callable[[str], Client]:
    """`stranger("acme.localhost")` gives a browser that nobody signed in with."""
    return lambda host: Client(headers={"host": host})
