"""One stage for all hostile tests, and every form that its pages offer."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from tenants.members.staff_entries import catalogue
from tests import database
from tests.hostile import forms, stage
from trust_center.documents.adapters import printing


@pytest.fixture(scope="session")
def built(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[tuple[str, forms.Site]]:
    with django_db_blocker.unblock(), database.clone("test_hostile", database.template()) as name:  # type: ignore[attr-defined]
        with database.pointed_at(name), pytest.MonkeyPatch.context() as patch:
            # Printing has tests of its own, and takes half a minute.
            patch.setattr(printing, "pdf_of", stage.press)
            # The walk may come by later than a person would.
            patch.setattr(catalogue, "TICKET_LIFE", timedelta(hours=1))
            site = forms.explore(stage.set_stage())
            connection.close()
        yield name, site


@pytest.fixture
def site(built: tuple[str, forms.Site], django_db_blocker: pytest.FixtureRequest) -> Iterator[forms.Site]:
    """Every form of every host, in a transaction that is rolled back."""
    name, found = built
    with django_db_blocker.unblock(), database.pointed_at(name):  # type: ignore[attr-defined]
        with transaction.atomic():
            yield found
            transaction.set_rollback(True)
        connection.set_schema_to_public()
        connection.close()
        cache.clear()
