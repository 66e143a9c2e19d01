import pytest

from tests.tenants.members.scim.directory import Directory


@pytest.fixture
def directory(acme):
    return Directory(acme)
