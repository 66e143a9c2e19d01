from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.access_policies.catalogue import BOUNDS, STAFF, TENANT, bounds, in_words, is_within, network

ADDRESSES = st.ip_addresses()
NETWORKS = st.builds(
    lambda address, bits: ip_network(f"{address}/{min(bits, address.max_prefixlen)}", strict=False),
    ADDRESSES,
    st.integers(0, 128),
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        (" 203.0.113.7 ", "203.0.113.7/32"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("203.0.113.0/255.255.255.0", "203.0.113.0/24"),
    ],
)
def test_a_network_is_kept_in_one_form(text, kept):
    assert network(text) == kept


@pytest.mark.parametrize(
    "text",
    ["", "everywhere", "203.0.113.7/24", "203.0.113.0/33", "203.0.113", "10.0.0.0/8;", "2001:db8::/129", "²"],
)
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        network(text)


def test_no_network_named_is_anywhere():
    assert is_within([], "nonsense")


@pytest.mark.parametrize("address", ["", "unix:", "203.0.113.999", "localhost", "203.0.113.7, 10.0.0.1"])
def test_an_address_that_cannot_be_read_is_in_no_network(address):
    assert not is_within(["0.0.0.0/0", "::/0"], address)


@given(address=ADDRESSES, found=st.lists(NETWORKS, min_size=1, max_size=6))
def test_an_address_is_inside_when_one_of_the_networks_holds_it(address, found):
    """Against Python's own arithmetic, for addresses that are what they look like."""
    if address.version == 6 and (address.ipv4_mapped or any(net.version == 6 and net.prefixlen < 96 for net in found)):
        return
    wanted = any(address in net for net in found if net.version == address.version)
    assert is_within([network(str(net)) for net in found], str(address)) == wanted


@given(address=st.ip_addresses(v=4), found=st.lists(NETWORKS, min_size=1, max_size=6))
def test_ipv4_counts_the_same_in_the_clothes_of_ipv6(address, found):
    kept = [network(str(net)) for net in found]
    assert is_within(kept, f"::ffff:{address}") == is_within(kept, str(address))
    assert is_within([network(str(address))], f"::ffff:{ip_address(str(address))}")


def test_what_everybody_starts_with_can_be_chosen():
    for rules, platform in ((TENANT, False), (STAFF, True)):
        for name, (least, most) in bounds(platform=platform).items():
            value = getattr(rules, name)
            number = value.total_seconds() / 60 if isinstance(value, timedelta) else value
            assert least <= number <= most


def test_staff_can_choose_nothing_looser_than_what_is_set_for_them():
    narrowed = bounds(platform=True)
    assert {name: most for name, (_, most) in narrowed.items()} == {
        "idle": 15,
        "admin_idle": 15,
        "absolute": 8 * 60,
        "sessions_at_once": 3,
        "password_length": BOUNDS["password_length"][1],
    }
    assert narrowed["password_length"][0] == 15


@pytest.mark.parametrize(
    ("minutes", "words"), [(60, "1 hour"), (480, "8 hours"), (90, "90 minutes"), (1440, "24 hours"), (1, "1 minute")]
)
def test_times_are_told_in_words(minutes, words):
    assert in_words(timedelta(minutes=minutes)) == words
