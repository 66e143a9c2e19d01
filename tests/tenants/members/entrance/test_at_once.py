"""What must hold when commits are real, and requests come at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.signing_desk import code_of
from tests.tenants.members.entrance.steps import SECOND, begin, with_codes


@pytest.mark.req("ASVS-6.5.1")
@pytest.mark.parametrize("kind", ["app", "recovery code"])
def test_a_code_sent_by_several_browsers_at_once_lets_one_of_them_in(committed_db, kind):
    acme = cast.tenant("acme")
    code = code_of("ann", timezone.now()) if kind == "app" else with_codes("ann")[0]
    browsers = [Client(headers={"host": acme.host}) for _ in range(4)]
    for one in browsers:
        begin(one, "ann")

    def send(one: Client) -> int:
        try:
            return one.post(SECOND, {"code": code}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(send, browsers)) == [302, 422, 422, 422]
    assert sorted(one.get("/account/").status_code for one in browsers) == [200, 302, 302, 302]
