"""Every response of the corpus against the strict reading, without a database."""

import base64
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import xmlsec
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.catalogue import Saml
from tenants.members.saml.adapters import responses
from tenants.members.saml.adapters.party import Party
from tenants.members.saml.catalogue import Addresses
from tests.tenants.members.saml import corpus, forge

BASE = "http://acme.localhost:8000/sso/saml/1"
ISSUER = "https://idp.example/metadata"
REQUEST = "_request"
# libxmlsec alone takes minutes for some, or never ends; a slow machine gets room.
MOST_CPU_SECONDS = 0.5


def party(**changes):
    kept = {
        "sso_url": "https://idp.example/sso",
        "slo_url": "https://idp.example/slo",
        "certificates": (forge.pair("idp")[1],),
        "own_certificates": (forge.pair("us")[1],),
    }
    saml = Saml(**(kept | changes))
    return Party(
        issuer=ISSUER,
        kept=saml,
        addresses=Addresses(entity_id=f"{BASE}/metadata/", acs=f"{BASE}/acs/", slo=f"{BASE}/slo/"),
        keys=(forge.pair("us")[0],),
        trusted=tuple(certificates.known(saml.certificates)),
    )


def says(**changes):
    return forge.Says(**({"acs": f"{BASE}/acs/", "audience": f"{BASE}/metadata/", "request_id": REQUEST} | changes))


def verified(encoded, sides=None, request_id=REQUEST):
    answer = responses.read(encoded)
    return responses.verify(sides or party(), answer, request_id=request_id, now=datetime.now(UTC))


def code_of(encoded, sides=None):
    try:
        verified(encoded, sides)
    except ProviderRefused as refused:
        return refused.code if refused.words else "no words"
    return "accepted"


@pytest.mark.parametrize("name", corpus.GOOD)
def test_what_a_provider_says_rightly_is_taken(name):
    found = verified(corpus.GOOD[name](says()))
    assert found.assertion.findtext("saml:Subject/saml:NameID", namespaces=forge.NAMES) == "person-1"
    assert found.signed_with == forge.pair("idp")[1]


@pytest.mark.req("ASVS-6.8.2")
@pytest.mark.req("ASVS-1.5.1")
@pytest.mark.parametrize("case", corpus.HOSTILE, ids=lambda case: case.name)
def test_what_does_not_hold_is_refused_for_its_own_reason_and_at_once(case):
    encoded = case.make(says())
    begun = time.process_time()
    assert code_of(encoded) == case.code
    assert time.process_time() - begun < MOST_CPU_SECONDS


def test_the_corpus_is_as_large_as_promised():
    assert len({case.name for case in corpus.HOSTILE}) == len(corpus.HOSTILE)
    assert len(corpus.HOSTILE) >= 45
    assert {case.name for case in corpus.HOSTILE if case.slow} >= {
        "XSLT bomb, n=27",
        "second reference to an endless file",
    }


def test_lxml_and_xmlsec_bundle_the_same_libxml2():
    assert etree.LIBXML_VERSION[:2] == xmlsec.get_libxml_version()[:2]


@pytest.mark.req("ASVS-6.8.4")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn-context"),
        ("https://refeds.org/profile/mfa", "accepted"),
    ],
)
def test_how_a_person_must_authenticate_is_required(said, code):
    sides = party(authn_contexts=("https://refeds.org/profile/mfa",))
    assert code_of(forge.encode(corpus.signed(says(context=said))), sides) == code


def test_either_certificate_of_a_roll_over_is_taken_and_named():
    sides = party(certificates=(forge.pair("next")[1], forge.pair("idp")[1]))
    for name in ("idp", "next"):
        tree = forge.build(says())
        forge.sign(forge.assertion(tree), *forge.pair(name))
        assert verified(forge.encode(tree), sides).signed_with == forge.pair(name)[1]


def test_what_was_encrypted_to_the_older_key_opens_during_a_roll_over():
    sides = party(own_certificates=(forge.pair("newer")[1], forge.pair("us")[1]))
    sides = replace(sides, keys=(forge.pair("newer")[0], forge.pair("us")[0]))
    assert code_of(forge.encode(corpus.encrypted(says())), sides) == "accepted"


def test_words_name_what_came_and_what_is_right():
    with pytest.raises(ProviderRefused) as refused:
        verified(forge.encode(corpus.signed(says(audience="https://somebody.example/"))))
    assert refused.value.words == (
        "The assertion is meant (Audience) for https://somebody.example/; right is "
        f"{BASE}/metadata/. Enter this as our entity id."
    )


def test_words_name_the_certificate_that_is_not_known():
    unknown, known = (certificates.read(forge.pair(name)[1]).fingerprint for name in ("forger", "idp"))
    tree = forge.build(says())
    forge.sign(forge.assertion(tree), *forge.pair("forger"))
    with pytest.raises(ProviderRefused) as refused:
        verified(forge.encode(tree))
    assert unknown in refused.value.words
    assert known in refused.value.words


RIGHT = forge.encode(corpus.signed_both(says()))
ENCRYPTED = forge.encode(corpus.encrypted(says()))
PIECES = [
    "",
    "<",
    ">",
    "&",
    "<a>",
    "&#0;",
    "&amp;",
    "xmlns=''",
    '"',
    "\x00",
    "]]>",
    "é",
    "ID='_assertion'",
    "\ud7ff",
    "%s" * 9,
]


@settings(max_examples=300, deadline=None)
@given(
    text=st.sampled_from([RIGHT, ENCRYPTED]), at=st.floats(0, 1), cut=st.integers(0, 40),
    piece=st.one_of(st.sampled_from(PIECES), st.text(max_size=8)),
)  # fmt: skip
def test_whatever_is_changed_is_refused_and_nothing_breaks(text, at, cut, piece):
    """Anything but a refusal or a right answer would be an error page, or worse."""
    raw = base64.b64decode(text)
    place = int(at * len(raw))
    changed = raw[:place] + piece.encode("utf-8", "replace") + raw[place + cut :]
    try:
        found = verified(base64.b64encode(changed).decode())
    except ProviderRefused as refused:
        assert refused.code  # noqa: PT017
    else:
        assert found.assertion.findtext("saml:Subject/saml:NameID", namespaces=forge.NAMES) == "person-1"


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: base64.b64encode(raw).decode())))
def test_whatever_is_posted_is_refused(encoded):
    with pytest.raises(ProviderRefused):
        verified(encoded)
