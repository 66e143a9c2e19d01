"""Two requests with the same assertion at the same moment: one of them signs in (ASVS 6.8.3)."""

import threading

import pytest
from django.db import connection
from django.test import Client
from structlog.testing import capture_logs

from tests import cast
from tests.tenants.members.saml import forge
from tests.tenants.members.saml.conftest import Desk, link, make_provider


@pytest.mark.req("ASVS-6.8.3")
def test_the_same_assertion_twice_at_once_signs_in_once(committed_db):
    acme = cast.tenant("acme")
    provider = make_provider(acme, allows_unsolicited=True)
    link(acme, provider, "cay")
    desk = Desk(acme, provider, Client(headers={"host": acme.host}))
    encoded = forge.encode(desk.signed(desk.says(None)))
    desk.client.get("/sign-in/")
    together, answers = threading.Barrier(4), []

    def post():
        client = Client(headers={"host": acme.host})
        together.wait(timeout=20)
        answers.append(client.post(f"{desk.base}/acs/", {"SAMLResponse": encoded}).status_code)
        connection.close()

    with capture_logs() as logs:
        threads = [threading.Thread(target=post) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert sorted(answers) == [302, 400, 400, 400]
    refused = [one["code"] for one in logs if one["event"] == "identity provider refused"]
    assert refused == ["replay"] * 3
