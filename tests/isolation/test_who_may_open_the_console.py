"""The authorization matrix of Complere's own host; a file of its own, so that two processes share the walk."""

import pytest

from tests.isolation.matrix import wrong
from tests.isolation.test_no_tenant_sees_another import PLATFORM_ROUTES
from tests.isolation.test_who_may_open_what import listed


@pytest.mark.parametrize("route", PLATFORM_ROUTES, ids=lambda route: route.id)
@pytest.mark.req("ASVS-8.2.1", "ASVS-8.2.2", "ASVS-8.2.3", "ASVS-8.4.1", "P11-10d", "P11-10g")
def test_everybody_comes_in_where_their_role_says_and_nowhere_else(walk, route):
    listed(route)
    assert wrong(walk, route, "platform") == []
