from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.api_tokens import catalogue, hashing
from tenants.members.api_tokens.catalogue import Standing

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "standing"),
    [
        (timedelta(days=15), Standing.ACTIVE),
        (timedelta(days=14, seconds=1), Standing.ACTIVE),
        (timedelta(days=14), Standing.EXPIRING),
        (timedelta(seconds=1), Standing.EXPIRING),
        (timedelta(0), Standing.EXPIRED),
        (-timedelta(days=9), Standing.EXPIRED),
    ],
)
def test_a_token_stands_where_its_end_is(left, standing):
    assert catalogue.standing(expires_at=NOW + left, revoked_at=None, now=NOW) == standing
    assert catalogue.standing(expires_at=NOW + left, revoked_at=NOW, now=NOW) == Standing.REVOKED


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "300.1.1.1", "10.0.0.0/33", "::/129", "localhost", "1"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        catalogue.network(text)


@given(st.ip_addresses())
def test_an_address_is_a_network_of_its_own(address):
    network = catalogue.network(str(address))
    assert catalogue.is_within(str(address), [network])
    assert not catalogue.is_within(str(type(address)(int(address) ^ 1)), [network])


@given(st.uuids())
@pytest.mark.req("ASVS-11.5.1")
def test_what_is_written_is_read_again(token_id):
    secret = hashing.new_secret()
    assert hashing.read(hashing.written(token_id, secret)) == (token_id, secret)


@given(st.text())
def test_any_other_text_is_no_token(text):
    assert hashing.read(text) is None
    assert hashing.read(f"ct_{uuid4().hex}_{text}") is None or len(text) == 43
