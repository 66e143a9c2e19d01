"""The content of the repository, loaded and signed once for each session: tests roll back what they do to it."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.utils import timezone

from tenants import schemas
from tests import database
from tests.trust_center import publishing


@pytest.fixture(scope="session")
def content_database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    with django_db_blocker.unblock(), database.clone("test_content", database.template()) as name:
        # Whichever test came before may have left the connection in a tenant.
        with database.pointed_at(name), schemas.on_platform():
            call_command("load_content", verbosity=0)
            publishing.publish_all(timezone.now())
        yield name


@pytest.fixture(scope="module")
def _pointed_at_content(content_database: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    # For the whole module, since it must come before the transaction of the first test.
    with django_db_blocker.unblock(), database.pointed_at(content_database):
        yield


@pytest.fixture
def content(_pointed_at_content: None, db: None) -> None:
    """Every test of a module that uses this uses it."""
