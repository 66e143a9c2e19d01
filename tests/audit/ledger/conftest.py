"""Accounts of the server for attacks: who serves, who owns, and who administers the database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import psycopg
import pytest

from complere import env
from tenants.members.accounts.models import User
from tests import database
from tests.audit.ledger.ways import stage

ACCOUNTS = {"runtime": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "administrator": "DATABASE_ADMIN_URL"}
Connect = Callable[[str], "psycopg.Connection[tuple]"]


@pytest.fixture(scope="module")
def attacked(django_db_setup: None) -> Iterator[str]:
    """A database for attacks that are rolled back."""
    with database.clone("test_attacked", database.template()) as name:
        yield name


def accounts(name: str, stack: ExitStack) -> Connect:
    def connect(account: str) -> "psycopg.Connection[tuple]":
        address = urlsplit(env.secret(ACCOUNTS[account]))._replace(path=f"/{name}").geturl()
        return stack.enter_context(psycopg.connect(address, autocommit=True))

    return connect


@pytest.fixture
def as_account(attacked: str) -> Iterator[Connect]:
    """`as_account("owner")` gives a connection to the database for attacks."""
    with ExitStack() as stack:
        yield accounts(attacked, stack)


@pytest.fixture
def scratch(django_db_setup: None) -> Iterator[str]:
    """A database of this test's own."""
    with database.clone("test_scratch", database.template()) as name:
        yield name


@pytest.fixture
def on_scratch(scratch: str) -> Iterator[Connect]:
    """As `as_account`, to a database of this test's own: what is done there stays done."""
    with ExitStack() as stack:
        yield accounts(scratch, stack)


@pytest.fixture
def places(attacked: str) -> dict[str, str]:
    """Names of schemas for statements: `{acme}`, `{globex}`."""
    with ExitStack() as stack:
        found = accounts(attacked, stack)("administrator").execute(
            "SELECT d.domain, t.schema_name FROM public.tenants_domain d"
            " JOIN public.tenants_tenant t ON t.id = d.tenant_id"
        )
        return {host.split(".")[0]: schema for host, schema in found.fetchall() if schema != "public"}


@pytest.fixture
def user(in_acme) -> User:
    """Cay, with two roles more than she was cast with."""
    return stage("cay")
