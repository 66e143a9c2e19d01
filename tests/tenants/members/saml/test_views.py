"""The way to the provider and back, with real signatures."""

from tests.tenants.members.saml.conftest import link


def test_a_good_response_signs_in(desk):
    link(desk.tenant, desk.provider, "ann")
    answer = desk.arrives(desk.signed(desk.says(desk.request_id())))
    assert (answer.status_code, desk.codes, answer["Location"]) == (302, [], "/account/")
    assert desk.client.get("/account/").context["user"].email == "ann@acme.example"
