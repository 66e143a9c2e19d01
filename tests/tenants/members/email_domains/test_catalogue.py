import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.members.email_domains.catalogue import DomainRefused, checked, normalised


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("acme.example", "acme.example"),
        (" ACME.Example. ", "acme.example"),
        ("ann@acme.example", "acme.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.EXAMPLE", "xn--bcher-kva.example"),
        ("Straße.example", "xn--strae-oqa.example"),
        ("a-b.co.uk", "a-b.co.uk"),
    ],
)
def test_one_domain_has_one_spelling(typed, name):
    assert normalised(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "", ".", "acme", "acme..example", "-acme.example", "acme-.example", "ac me.example", "acme.example/x",
        "1.2.3.4", "[::1]",
        "acme.local", "acme.localhost", "a.onion", "*.acme.example", "_dmarc.acme.example", "acme.example\nx",
        f"{'a' * 64}.example", ".".join(["abcdefgh"] * 40), "\u202eelpmaxe.emca", "http://acme.example",
    ],
)  # fmt: skip
def test_what_is_no_domain_of_the_public_dns_is_refused(typed):
    with pytest.raises(DomainRefused):
        normalised(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "gmail.com",
        "GMAIL.com.",
        "someone@outlook.com",
        "trust.complere.example",
        "complere.example",
        "a.trust.complere.example",
    ],
)
def test_nobody_calls_a_mail_service_or_this_platform_their_own(typed):
    with pytest.raises(DomainRefused):
        checked(typed, own_host="trust.complere.example")


def test_complere_calls_its_own_domain_its_own():
    assert checked("complere.example", own_host="") == "complere.example"


@given(st.text(max_size=80))
def test_whatever_is_typed_is_refused_or_has_a_spelling_that_stays(typed):
    try:
        name = normalised(typed)
    except DomainRefused:
        return
    assert (normalised(name), name.isascii(), name == name.lower()) == (name, True, True)
