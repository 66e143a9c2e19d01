from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.factors import hashing

# RFC 6238, appendix B: the last six of the eight digits, for SHA-1.
SEED = b"12345678901234567890"
VECTORS = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
NOW = datetime(2026, 3, 2, 10, 0, 10, tzinfo=UTC)
HERE = hashing.step_at(NOW)
secrets = st.binary(min_size=20, max_size=20)


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(seconds, code):
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    assert hashing.code_at(SEED, hashing.step_at(moment)) == code


@given(secret=secrets, drift=st.integers(-20, 20))
def test_a_code_holds_within_one_step_to_either_side_and_no_further(secret, drift):
    found = hashing.matching_step(secret, hashing.code_at(secret, HERE + drift), NOW, after=None)
    code = hashing.code_at(secret, HERE + drift)
    # By accident the code of another step may be the same one.
    near = [HERE + step for step in (-1, 0, 1) if hashing.code_at(secret, HERE + step) == code]
    assert found == (near[-1] if near else None)


@given(secret=secrets, drift=st.sampled_from([-1, 0, 1]))
def test_a_code_is_good_once(secret, drift):
    code = hashing.code_at(secret, HERE + drift)
    step = hashing.matching_step(secret, code, NOW, after=None)
    again = hashing.matching_step(secret, code, NOW, after=step)
    assert again is None or again > step


@given(secret=secrets, code=st.text(max_size=40))
def test_anything_else_typed_is_no_code(secret, code):
    valid = {hashing.code_at(secret, HERE + drift) for drift in (-1, 0, 1)}
    found = hashing.matching_step(secret, code, NOW, after=None)
    assert (found is not None) == (hashing.SEPARATORS.sub("", code) in valid)


def test_a_code_may_be_typed_in_two_groups():
    code = hashing.code_at(SEED, HERE)
    assert hashing.matching_step(SEED, f"{code[:3]} {code[3:]}", NOW, after=None) == HERE


def test_a_secret_has_160_bits_and_never_comes_twice():
    made = {hashing.new_secret() for _ in range(50)}
    assert (len(made), {len(secret) for secret in made}) == (50, {20})


def test_an_app_reads_the_secret_and_whose_it_is_from_the_address():
    address = urlsplit(hashing.address(SEED, issuer="Acme & Söhne: GmbH", account="ann@acme.example"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == "/Acme & Söhne: GmbH:ann@acme.example"
    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert said == {
        "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "issuer": "Acme & Söhne: GmbH",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }


def test_the_secret_is_shown_in_groups_of_four():
    assert hashing.in_groups(hashing.in_base32(SEED)) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"


@pytest.mark.parametrize(("second", "left"), [(0, 30), (10, 20), (29, 1), (30, 30)])
def test_it_is_known_when_the_next_code_comes(second, left):
    moment = datetime(2026, 3, 2, 10, 0, second, tzinfo=UTC)
    assert hashing.next_code_at(moment) - moment == timedelta(seconds=left)
