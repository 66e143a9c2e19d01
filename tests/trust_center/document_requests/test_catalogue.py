import pytest

from trust_center.document_requests.catalogue import COUNTRIES, is_disposable


@pytest.mark.req("FMT-RG01")
def test_the_countries_are_the_official_249():
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isupper() and name for code, name in COUNTRIES.items())
    assert (COUNTRIES["GB"], COUNTRIES["GR"]) == ("United Kingdom", "Greece")
    assert {"UK", "EL", "EU", "XK"} & set(COUNTRIES) == set()


@pytest.mark.parametrize(
    ("address", "disposable"),
    [
        ("x@mailinator.com", True),
        ("x@MAILINATOR.com", True),
        ("x@eu.mailinator.com", True),
        ("x@mailinator.com.example", False),
        ("mailinator.com@buyer.example", False),
        ("x@buyer.example", False),
    ],
)
def test_throw_away_addresses_are_known_by_their_domain(address, disposable):
    assert is_disposable(address) is disposable
