from collections.abc import Iterator
from typing import Any

import pytest

from tests.tenants.members.email_domains.name_server import NameServer, running


@pytest.fixture
def dns(settings: Any) -> Iterator[NameServer]:
    """The name server that domains are proved by in this test."""
    with running() as server:
        settings.DNS_SERVERS = [server.place]
        yield server
